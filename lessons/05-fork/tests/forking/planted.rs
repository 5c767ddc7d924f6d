//! The planted failures fail, each in its own way.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use crate::children::burst;
use kit::patience::until;

use crate::running::{Running, send};

#[test]
fn a_server_that_keeps_descriptors_has_one_more_after_each_client() {
    let server = Running::example("leaked_descriptors");
    let before = server.descriptors();
    let clients: Vec<_> = (0..10).map(|_| server.ask("/")).collect();
    until("ten descriptors more", || {
        server.descriptors() == before + 10
    });
    drop(clients);
    // The clients have left, the children have ended, and nothing changes: the connections are
    // open on this side.
    until("the end of all children", || {
        let children = server.children();
        children.iter().all(|(_, state)| *state == 'Z')
    });
    assert_eq!(server.descriptors(), before + 10);
}

#[test]
fn a_client_of_a_server_that_keeps_descriptors_never_sees_the_end() {
    let server = Running::example("leaked_descriptors");
    let mut client = server.ask("/stream?n=3&ms=1");
    let mut answer = String::new();
    client
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    until("the end of its child", || server.zombies() == 1);
    let silence = client.read_to_string(&mut answer).unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    assert!(
        answer.ends_with("line 3 of 3\n"),
        "everything is there but the end: {answer:?}"
    );
    drop(server); // Now the last copy is closed.
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_server_that_never_waits_keeps_a_zombie_for_each_client() {
    let server = Running::example("zombies");
    for _ in 0..10 {
        assert!(server.get("/").ends_with("Hello, World!"));
    }
    until("ten zombies", || server.zombies() == 10);
}

#[test]
fn one_wait_for_each_signal_leaves_zombies_after_a_burst() {
    let server = Running::example("one_wait");
    burst(&server, 32); // They have to come within the head deadline.
    // The answer to one more client proves that the pending signal was handled before.
    let mut more = server.connect();
    send(&mut more, "/");
    assert!(crate::running::answer(more).ends_with("Hello, World!"));
    until("that child's end", || {
        let children = server.children();
        children.iter().all(|(_, state)| *state == 'Z')
    });
    let zombies = server.zombies();
    assert!((24..=31).contains(&zombies), "{zombies} of 32 are left");
}

#[test]
fn a_server_that_takes_an_interruption_for_its_end_is_ended_by_its_first_child() {
    let server = Running::example("interrupted_accept");
    let mut client = server.connect();
    until("its child", || server.children().len() == 1);
    // The child ends when its client has left, while the server is in `accept` again.
    until("the server in accept", || server.state() == 'S');
    send(&mut client, "/");
    let answer = crate::running::answer(client);
    assert!(answer.ends_with("Hello, World!"), "{answer:?}");
    let (code, said) = server.end();
    assert_eq!(code, Some(1));
    assert!(
        said.ends_with("interrupted_accept: Interrupted system call (os error 4)\n"),
        "{said}"
    );
}
