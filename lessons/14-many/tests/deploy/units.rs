//! The units.

use std::process::Command;

use crate::{Folder, accepts, program, text};

#[test]
fn systemd_accepts_the_units() {
    let Some(analyze) = program("systemd-analyze", "systemd") else {
        return;
    };
    let folder = Folder::new("units");
    // It wants to see the program, which nobody has installed here.
    let service =
        text("lesson14.service").replace("/usr/local/bin/lesson14", env!("CARGO_BIN_EXE_lesson14"));
    let (service_file, socket_file) = (
        folder.0.join("lesson14.service"),
        folder.0.join("lesson14.socket"),
    );
    std::fs::write(&service_file, service).unwrap();
    std::fs::write(&socket_file, text("lesson14.socket")).unwrap();
    let said = accepts(
        Command::new(&analyze)
            .arg("verify")
            .args([&service_file, &socket_file]),
    );
    assert!(!said.contains("lesson14"), "{said}");
    // What is not hardened gets 9.6 of 10.
    let said = accepts(
        Command::new(&analyze)
            .args(["security", "--offline=yes", "--threshold=20"])
            .arg(&service_file),
    );
    assert!(said.contains("Overall exposure level"), "{said}");
}

#[test]
fn the_command_line_of_the_unit_is_one_that_the_lesson_understands() {
    let service = text("lesson14.service");
    let line = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    let mut words = line.split_whitespace().skip(1).collect::<Vec<_>>();
    // `--help` is looked at where it stands: everything before it must be understood.
    words.push("--help");
    let mut lesson = Command::new(env!("CARGO_BIN_EXE_lesson14"));
    let help = accepts(lesson.args(&words));
    assert!(help.starts_with("Lesson 14"), "{help}");
}

#[test]
fn systemd_waits_for_longer_than_the_lesson_needs_to_stop() {
    let service = text("lesson14.service");
    let number = |text: &str| {
        text.split_whitespace()
            .next()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let after = |key: &str| {
        service
            .split_once(key)
            .map(|(_, rest)| number(rest))
            .unwrap()
    };
    let help = accepts(Command::new(env!("CARGO_BIN_EXE_lesson14")).arg("--help"));
    let row = help
        .lines()
        .find(|line| line.contains("--stop-timeout"))
        .unwrap();
    let stop = row.split_once("(default ").unwrap().1.trim_end_matches(')');
    assert!(after("TimeoutStopSec=") > after("--drain ") + stop.parse::<f64>().unwrap() + 5.0);
}
