//! What lesson 1 prints about its connections: the socket pair, and descriptors used again.

use check::server::Launch;
use check::workshop;
use check::world::World;

#[test]
fn each_connection_has_a_socket_pair_of_its_own_and_reuses_the_descriptor() {
    let binary = workshop::binary("lesson01").unwrap();
    let server = Launch::lesson(binary, "").start(None).unwrap();
    let address = server.address();
    let world = World::with(server);
    let mut expected = Vec::new();
    for number in 1..=2 {
        let mut client = world.connect().unwrap();
        let own = client.local_address().unwrap();
        client.send(world.hello().as_bytes()).unwrap();
        client.answer().unwrap();
        // The descriptor is free again only when the server has closed.
        client.wait_for_end().unwrap();
        expected.push(format!(
            "connection {number}: descriptor 4, {address} <- {own}"
        ));
    }
    assert_ne!(expected[0], expected[1]);
    // Its words are written before its answer, and read by a thread: they arrive.
    let said = wait_for(&world, &expected[1]);
    for line in &expected {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
}

fn wait_for(world: &World, line: &str) -> String {
    let start = std::time::Instant::now();
    loop {
        let said = world.server(|server| server.said()).unwrap();
        if said.contains(line) || start.elapsed() > check::client::GUARD {
            return said;
        }
        std::thread::yield_now();
    }
}
