//! `SIGHUP`: new workers in place of the old ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kit::patience::until;
use rustix::process::Signal;

use crate::supervised::{
    get, reload, signal, some_more, start, start_program, under_load, workers,
};

#[test]
fn two_reloads_under_load_lose_nothing_of_many_thousands() {
    let server = start("--workers 2");
    let seen = under_load(server.address(), 32, |answered| {
        some_more(answered, 2000);
        for _ in 0..2 {
            reload(&server);
            some_more(answered, 2000);
        }
    });
    assert_eq!(seen.lost, Vec::<String>::new());
    assert!(seen.answered >= 6000, "{seen:?}");
}

#[test]
fn a_worker_that_is_killed_costs_at_most_those_that_it_holds_and_is_replaced() {
    const CLIENTS: usize = 8;
    let server = start("--workers 2 --rest 0");
    let before = workers(&server);
    let seen = under_load(server.address(), CLIENTS, |answered| {
        some_more(answered, 500);
        signal(before[0], Signal::KILL);
        until("another worker", || {
            let now = workers(&server);
            now.len() == 2 && !now.contains(&before[0])
        });
        some_more(answered, 500);
    });
    // A client has one request under way at a time.
    assert!(seen.lost.len() <= CLIENTS, "{seen:?}");
    assert!(
        server.said().contains("was ended by SIGKILL"),
        "{}",
        server.said()
    );
}

#[test]
fn one_more_and_one_less_and_the_last_worker_stays() {
    let server = start("--workers 1");
    signal(server.id(), Signal::TTIN);
    until("two", || workers(&server).len() == 2);
    until("they say so", || {
        server.said().contains("2 workers are ready")
    });
    let two = workers(&server);
    signal(server.id(), Signal::TTOU);
    until("one", || workers(&server).len() == 1);
    assert!(two.contains(&workers(&server)[0]));
    signal(server.id(), Signal::TTOU);
    signal(server.id(), Signal::USR1);
    until("the numbers", || {
        server.said().contains("workers wanted: 1\n")
    });
    until("its own", || server.said().contains("on kept connections"));
    assert_eq!(workers(&server).len(), 1);
}

/// A program in a folder of its own, which can be replaced as an update replaces it.
struct Installed {
    folder: PathBuf,
}

impl Installed {
    fn new(name: &str) -> Installed {
        let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = own.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let installed = Installed { folder };
        // Not a copy: whoever forks while one is written holds it open, and it cannot be run.
        fs::hard_link(env!("CARGO_BIN_EXE_lesson14"), installed.program()).unwrap();
        installed
    }

    fn program(&self) -> PathBuf {
        self.folder.join("lesson14")
    }

    /// Puts a script in its place, by a rename: who runs the old one keeps it.
    fn replace(&self, script: &str) {
        let newer = self.folder.join("newer");
        fs::write(&newer, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&newer, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(&newer, self.program()).unwrap();
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_reload_runs_the_program_that_is_there_now() {
    let installed = Installed::new("newer");
    let server = start_program(installed.program(), "--workers 2");
    let newer = format!(
        "exec {} \"$@\" --env VERSION=2",
        env!("CARGO_BIN_EXE_lesson14")
    );
    installed.replace(&newer);
    let environ = || get(server.address(), "/environ", "").unwrap().1;
    assert!(!environ().contains("VERSION"));
    reload(&server);
    assert!(environ().contains("VERSION = '2'"), "{}", environ());
}

#[test]
fn a_program_that_does_not_start_does_not_replace_one_that_runs() {
    let installed = Installed::new("broken");
    let server = start_program(installed.program(), "--workers 2 --rest 0");
    installed.replace("exit 3");
    let before = workers(&server);
    signal(server.id(), Signal::HUP);
    until("it says so", || {
        server
            .said()
            .contains("ended with the code 3; the others stay as they are")
    });
    assert_eq!(workers(&server), before);
    assert_eq!(get(server.address(), "/", "").unwrap().0, 200);
}

#[test]
fn when_nobody_serves_and_nobody_can_be_started_the_supervisor_ends_and_says_why() {
    let installed = Installed::new("gone");
    let server = start_program(installed.program(), "--workers 2 --rest 0");
    installed.replace("exit 3");
    for worker in workers(&server) {
        signal(worker, Signal::KILL);
    }
    until("it ends", || server.has_exited());
    assert_eq!(server.exit_code(), Some(1));
    let said = server.end();
    let reason = "no worker gets ready, and none is left: it ended with the code 3";
    assert!(said.contains(reason), "{said}");
}
