//! Workers in Python: lesson 13 on our socket.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use check::workshop;
use kit::patience::until;
use kit::process::below;
use rustix::process::Signal;

use crate::supervised::{get, signal, some_more, under_load};

/// A supervisor of Python's workers. `None`, and a line that says so, where there is no Python.
struct Pythons {
    child: Child,
    address: SocketAddr,
}

impl Pythons {
    fn start() -> Option<Pythons> {
        if !kit::needed::python() {
            return None;
        }
        // Beside each other, as cargo puts them.
        workshop::binary("lesson13").unwrap();
        let lesson = workshop::binary("lesson14").unwrap();
        let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../13-python/apps");
        let mut child = Command::new(lesson)
            .args(["--addr", "127.0.0.1:0", "--workers", "2", "--quiet"])
            .args(["--app", "demo:app"])
            .current_dir(apps)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .split_once("http://")
            .unwrap()
            .1
            .parse()
            .unwrap();
        Some(Pythons { child, address })
    }

    fn workers(&self) -> Vec<u32> {
        below(self.child.id())
    }
}

impl Drop for Pythons {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn workers_in_python_are_reloaded_under_load_and_nothing_is_lost() {
    let Some(mut pythons) = Pythons::start() else {
        return;
    };
    let before = pythons.workers();
    assert_eq!(before.len(), 2);
    let seen = under_load(pythons.address, 8, |answered| {
        some_more(answered, 300);
        signal(pythons.child.id(), Signal::HUP);
        until("all workers are new", || {
            let now = pythons.workers();
            now.len() == 2 && now.iter().all(|worker| !before.contains(worker))
        });
        some_more(answered, 300);
    });
    assert_eq!(seen.lost, Vec::<String>::new());
    let environ = get(pythons.address, "/environ", "").unwrap().1;
    assert!(environ.contains("lesson13"), "{environ}");
    signal(pythons.child.id(), Signal::TERM);
    assert_eq!(pythons.child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_lesson_13_the_error_names_the_command_that_builds_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alone");
    std::fs::create_dir_all(&folder).unwrap();
    let alone = folder.join("lesson14");
    let _ = std::fs::remove_file(&alone);
    std::fs::hard_link(env!("CARGO_BIN_EXE_lesson14"), &alone).unwrap();
    let output = Command::new(alone)
        .args(["--addr", "127.0.0.1:0", "--app", "demo:app"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cargo build -p lesson13"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
