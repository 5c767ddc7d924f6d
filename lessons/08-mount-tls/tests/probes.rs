//! The probes for TLS, against the real binary.

use std::time::Duration;

use check::server::Launch;
use check::tls::{GROUP, still_answers};
use check::world::World;

#[test]
fn every_probe_for_tls_is_ok() {
    let flags = "--self-signed --head-timeout 1";
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson08"), flags);
    for probe in GROUP.probes {
        let mut world = World::with(launch.start(None).unwrap());
        world.asks = Some(still_answers);
        world.hold = Duration::from_secs(10);
        let verdict = probe.run(&world);
        assert_eq!(
            verdict,
            Ok(()),
            "{}\n{}",
            probe.name,
            world.transcript.lines(None).join("\n")
        );
    }
}
