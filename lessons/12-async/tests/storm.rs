//! Clients that keep coming while the server stops.

#[test]
fn whoever_is_connected_when_the_server_stops_is_answered() {
    check::storm::nobody_is_betrayed(env!("CARGO_BIN_EXE_lesson12"));
}
