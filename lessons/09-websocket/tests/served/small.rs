//! The small server of the chapter: as short as it says, and with the verdict that it says.

use check::outcome::Finding;
use check::server::Launch;
use check::websocket::GROUP;
use check::workshop;
use check::world::World;

const FILE: &str = include_str!("../../examples/small09.rs");

#[test]
fn it_is_at_most_150_lines_of_code() {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = FILE.lines().filter(is_code).count();
    assert!(lines <= 150, "{lines} lines");
}

#[test]
fn every_rule_of_the_standard_holds_and_one_opinion_of_ours_does_not() {
    let binary = workshop::example("lesson09", "small09").unwrap();
    let command = format!("exec '{}' {{port}}", binary.display());
    let server = Launch::Command(command).start(None).unwrap();
    let mut ours = Vec::new();
    for probe in GROUP.probes {
        let mut world = World::at(server.address());
        world.socket = "/".to_owned();
        match probe.run(&world) {
            Ok(()) => {}
            Err(Finding::Allowed(_)) => ours.push(probe.name),
            Err(finding) => {
                let said = world.transcript.lines(None).join("\n");
                panic!("{}: {finding}\n{said}", probe.name)
            }
        }
    }
    assert_eq!(ours, ["ws-length-in-long-form"]);
    assert_eq!(GROUP.probes.len(), 56, "the chapter counts them");
}
