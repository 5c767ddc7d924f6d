//! The planted failure of the bus.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use check::workshop;
use kit::patience::until;
use lesson14::Reply;

use crate::redis::OwnRedis;

#[test]
fn what_is_published_while_a_listener_is_away_is_never_heard() {
    let Some(redis) = OwnRedis::start(false) else {
        return;
    };
    let mut child = Command::new(workshop::example("lesson14", "lossy_pubsub").unwrap())
        .args(["--redis", &redis.address().to_string()])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..5 {
        until("somebody listens, and is sent away", || {
            let killed = redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
            matches!(killed, Some(Reply::Number(1..)))
        });
    }
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(child.wait().unwrap().success());
    let lost: u64 = said.trim().rsplit_once("lost ").unwrap().1.parse().unwrap();
    assert!(lost > 0, "{said}");
}
