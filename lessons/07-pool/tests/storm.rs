//! Clients that keep coming while the server stops.

use std::sync::atomic::Ordering;

use check::storm::storm;

#[test]
fn whoever_is_connected_when_the_server_stops_is_answered() {
    let storm = storm(env!("CARGO_BIN_EXE_lesson07"), "--quiet", rounds());
    let count = |clients: &std::sync::atomic::AtomicUsize| clients.load(Ordering::SeqCst);
    assert_eq!(count(&storm.betrayed), 0, "{storm:?}");
    assert_eq!(count(&storm.not_let_in), 8 * rounds(), "{storm:?}");
    assert!(count(&storm.answered) >= 40 * rounds(), "{storm:?}");
}

/// `ROUNDS=1000` for the long run.
fn rounds() -> usize {
    std::env::var("ROUNDS").map_or(100, |rounds| rounds.parse().unwrap())
}
