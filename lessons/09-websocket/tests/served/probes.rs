//! The probes for WebSocket, against the real binary, and over a worker each: the same sockets.

use std::time::Duration;

use check::outcome::Verdict;
use check::server::Launch;
use check::websocket::GROUP;
use check::world::World;

#[test]
fn every_probe_for_websocket_is_ok() {
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson09"), "--quiet --threads 4");
    let server = launch.start(None).unwrap();
    for probe in GROUP.probes {
        let mut world = World::at(server.address());
        world.patience = Duration::from_secs(20);
        let verdict: Verdict = probe.run(&world);
        let said = world.transcript.lines(None).join("\n");
        assert_eq!(verdict, Ok(()), "{}\n{said}", probe.name);
    }
}
