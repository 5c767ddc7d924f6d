//! What the demonstration has started ends with it, however it ends.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use check::workshop;
use kit::patience::until;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A demonstration in the middle of the turn of a server that forks. All its processes carry a
/// mark in their environment.
struct Demonstration {
    child: Child,
    mark: String,
}

impl Demonstration {
    fn start(name: &str) -> Demonstration {
        // So that the demonstration has nothing to build.
        workshop::binary("lesson05").unwrap();
        let mark = format!("mark-{name}-{}", std::process::id());
        let child = Command::new(env!("CARGO_BIN_EXE_sleep-demo"))
            .args(["--lessons", "05", "--requests", "2", "--sleep", "50"])
            .env("SLEEP_DEMO_MARK", &mark)
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let demonstration = Demonstration { child, mark };
        until("the server has two children", || {
            let names = demonstration.running();
            names.iter().filter(|name| *name == "lesson05").count() == 3
        });
        demonstration
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    /// The names of all processes that carry the mark, except the demonstration's own.
    fn running(&self) -> Vec<String> {
        let own = self.child.id().to_string();
        let folders = fs::read_dir("/proc").unwrap().flatten();
        folders
            .filter(|entry| entry.file_name().to_str() != Some(&own))
            .filter(|entry| {
                let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
                String::from_utf8_lossy(&environment).contains(&self.mark)
            })
            .filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok())
            .map(|name| name.trim().to_owned())
            .collect()
    }

    fn assert_nothing_is_left(mut self) {
        let status = self.child.wait().unwrap();
        assert!(!status.success());
        until("nothing is left", || self.running().is_empty());
    }
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    // At a terminal the whole group gets the signal.
    let demonstration = Demonstration::start("interrupt");
    kill_process_group(demonstration.pid(), Signal::INT).unwrap();
    demonstration.assert_nothing_is_left();
}

#[test]
fn even_sigkill_leaves_nothing_behind() {
    let demonstration = Demonstration::start("kill");
    kill_process(demonstration.pid(), Signal::KILL).unwrap();
    demonstration.assert_nothing_is_left();
}
