//! What `--run` has started ends with the checker, however the checker ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use check::client::GUARD;
use check::workshop;
use rustix::process::{Pid, Signal, kill_process_group};

/// A checker in the middle of a long probe. Its server and the server's own child have `mark` on
/// their command lines.
struct Checker {
    child: Child,
    mark: String,
    folder: PathBuf,
}

impl Checker {
    fn start(name: &str) -> Checker {
        let mark = format!("mark-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(&mark);
        fs::create_dir_all(&folder).unwrap();
        let server = folder.join("server");
        let binary = workshop::binary("lesson01").unwrap();
        symlink(binary, &server).unwrap();
        let server = server.display();
        // A server that has a child, as many have: here a shell that waits.
        let run = format!(
            "sh -c 'read -r forever </dev/zero; : {mark}' & {server} --addr 127.0.0.1:{{port}}"
        );
        let mut child = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
            .args([
                "--run",
                &run,
                "--hold",
                "100",
                "--only",
                "hello",
                "silent-client",
            ])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // After its first report the checker is in the probe in which nothing happens for long.
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert!(line.contains("hello"), "{line}");
        Checker {
            child,
            mark,
            folder,
        }
    }

    /// What Ctrl-C at a terminal does: a signal to the whole group of the command.
    fn interrupt(&mut self, signal: Signal) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process_group(group, signal).unwrap();
        self.child.wait().unwrap();
    }

    /// The command lines of all processes that carry the mark, except the checker's own.
    fn running(&self) -> Vec<String> {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter(|entry| entry.file_name().to_str() != Some(&self.child.id().to_string()))
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&self.mark))
            .collect()
    }

    fn assert_nothing_is_left(&self) {
        let start = Instant::now();
        while !self.running().is_empty() {
            assert!(
                start.elapsed() < GUARD,
                "left behind: {:#?}",
                self.running()
            );
            std::thread::yield_now();
        }
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let mut checker = Checker::start("interrupt");
    assert!(checker.running().len() >= 3, "{:#?}", checker.running());
    checker.interrupt(Signal::INT);
    checker.assert_nothing_is_left();
}

#[test]
fn even_sigkill_leaves_nothing_behind() {
    let mut checker = Checker::start("kill");
    assert!(checker.running().len() >= 3, "{:#?}", checker.running());
    checker.interrupt(Signal::KILL);
    checker.assert_nothing_is_left();
}

/// `break` starts a lesson's own binary. Here the checker alone is killed, not its group.
#[test]
fn a_lesson_ends_with_the_checker_that_started_it() {
    let mut checker = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .args(["break", "lesson01", "silent-client"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(checker.stdout.take().unwrap());
    let mut lines = output.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("* says nothing")));
    let started = children(checker.id());
    checker.kill().unwrap();
    checker.wait().unwrap();
    assert!(started.len() >= 2, "the lesson and its keeper: {started:?}");
    let start = Instant::now();
    while let Some(left) = started.iter().find(|child| child.is_there()) {
        assert!(start.elapsed() < GUARD, "left behind: {left:?}");
        std::thread::yield_now();
    }
}

/// A process, told from a later one with the same number by its command line.
#[derive(Debug)]
struct Process {
    id: u32,
    command: Vec<u8>,
}

impl Process {
    fn is_there(&self) -> bool {
        command_line(self.id).is_some_and(|command| command == self.command)
    }
}

fn children(parent: u32) -> Vec<Process> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let lists = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")));
    let ids: Vec<u32> = lists
        .flat_map(|list| {
            let list = list.unwrap();
            let ids = list.split_whitespace().map(|id| id.parse().unwrap());
            ids.collect::<Vec<_>>()
        })
        .collect();
    let found = ids.into_iter().map(|id| Process {
        id,
        command: command_line(id).unwrap_or_default(),
    });
    found.collect()
}

/// `None` for a process that is gone; a zombie has no command line.
fn command_line(id: u32) -> Option<Vec<u8>> {
    let line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    (!line.is_empty()).then_some(line)
}
