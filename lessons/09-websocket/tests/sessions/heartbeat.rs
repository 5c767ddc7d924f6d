//! The heartbeat: whoever is quiet is asked, and whoever does not answer has gone.

use std::time::Duration;

use lesson03::Protocol;
use lesson09::SocketRules;

use crate::talker::{Talker, frame};

fn talker() -> Talker {
    Talker::new(SocketRules {
        ping: Duration::from_secs(20),
        patience: Duration::from_secs(10),
        ..SocketRules::default()
    })
}

#[test]
fn a_quiet_client_is_asked_once_and_an_answer_is_enough() {
    let mut talker = talker();
    assert_eq!(talker.poll(), Some(talker.now + Duration::from_secs(20)));
    talker.pass(Duration::from_millis(19_999));
    assert!(talker.sent().is_empty());
    let due = talker.pass(Duration::from_millis(1));
    assert_eq!(talker.sent(), [(0x89, Vec::new())]);
    assert_eq!(due, Some(talker.now + Duration::from_secs(10)));
    talker.pass(Duration::from_secs(9));
    assert!(talker.sent().is_empty(), "it is asked once");
    talker.hear(&frame(0x8A, b""));
    assert_eq!(talker.poll(), Some(talker.now + Duration::from_secs(20)));
    assert_eq!(talker.told(), ["opened", "ponged "]);
}

#[test]
fn whoever_talks_is_there_and_is_not_asked() {
    let mut talker = talker();
    for _ in 0..10 {
        talker.pass(Duration::from_secs(19));
        talker.hear(&frame(0x81, b"me"));
    }
    assert!(talker.sent().iter().all(|(first, _)| *first == 0x81));
}

#[test]
fn whoever_does_not_answer_has_gone() {
    let mut talker = talker();
    talker.pass(Duration::from_secs(20));
    talker.sent();
    assert_eq!(talker.pass(Duration::from_secs(10)), None);
    assert!(talker.session.is_over());
    assert_eq!(talker.sent()[0].1[..2], 1011u16.to_be_bytes());
    assert_eq!(
        talker.told().last().unwrap(),
        "closed 1011 no answer to a ping"
    );
}

#[test]
fn a_heartbeat_can_be_turned_off() {
    let mut talker = Talker::new(SocketRules {
        ping: Duration::ZERO,
        ..SocketRules::default()
    });
    assert_eq!(talker.pass(Duration::from_secs(3600)), None);
    assert!(talker.sent().is_empty());
}
