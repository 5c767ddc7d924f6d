//! Clients that keep coming while the supervisor stops.

#[test]
fn whoever_is_connected_when_the_supervisor_stops_is_answered() {
    check::storm::nobody_is_betrayed(env!("CARGO_BIN_EXE_lesson14"));
}
