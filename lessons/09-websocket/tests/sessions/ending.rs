//! Ends: whoever begins them, the handler hears of it once.

use std::time::Duration;

use lesson03::Protocol;
use lesson09::SocketRules;

use crate::talker::{Talker, close, frame};

#[test]
fn an_end_that_we_ask_for_waits_for_the_client_to_agree() {
    let mut talker = Talker::new(SocketRules::default());
    talker.hear(&frame(0x81, b"close"));
    assert_eq!(talker.sent(), [(0x88, close(3000, "as it was told to"))]);
    assert!(!talker.session.is_over());
    // What was on its way meanwhile is not answered any more.
    talker.hear(&frame(0x81, b"hello?"));
    talker.hear(&frame(0x89, b"hello?"));
    talker.hear(&frame(0x88, &close(3000, "agreed")));
    assert!(talker.session.is_over() && talker.sent().is_empty());
    assert_eq!(talker.told().last().unwrap(), "closed 3000 agreed");
}

#[test]
fn a_client_that_does_not_agree_in_time_is_left() {
    let mut talker = Talker::new(SocketRules::default());
    talker.hear(&frame(0x81, b"close"));
    let due = talker.poll().unwrap();
    talker.pass(due - talker.now - Duration::from_millis(1));
    assert!(!talker.session.is_over());
    talker.pass(Duration::from_millis(1));
    assert!(talker.session.is_over());
    assert_eq!(talker.told().last().unwrap(), "closed 1006 ");
}

#[test]
fn an_empty_close_gets_an_empty_one_and_is_called_1005() {
    let mut talker = Talker::new(SocketRules::default());
    talker.hear(&frame(0x88, b""));
    assert_eq!(talker.sent(), [(0x88, Vec::new())]);
    assert_eq!(talker.told(), ["opened", "closed 1005 "]);
}

#[test]
fn a_lost_connection_is_called_1006_and_one_that_is_let_go_without_a_word_too() {
    let mut talker = Talker::new(SocketRules::default());
    talker.session.lost();
    talker.session.lost();
    assert_eq!(talker.told(), ["opened", "closed 1006 "]);
    let Talker { session, told, .. } = Talker::new(SocketRules::default());
    drop(session);
    assert_eq!(*told.lock().unwrap(), ["opened", "closed 1006 "]);
}

#[test]
fn a_panic_in_a_handler_is_1011_and_it_hears_of_the_end_all_the_same() {
    let mut talker = Talker::new(SocketRules::default());
    talker.hear(&frame(0x81, b"panic"));
    assert_eq!(talker.sent()[0].1[..2], 1011u16.to_be_bytes());
    assert!(talker.session.is_over() && talker.manager.is_empty());
    assert_eq!(talker.told(), ["opened", "closed 1011 we made a mistake"]);
}

#[test]
fn others_can_end_it_and_what_they_have_sent_before_arrives_before() {
    let mut talker = Talker::new(SocketRules::default());
    talker.manager.broadcast("one more thing");
    talker.manager.close_all(1001, "Server is shutting down");
    assert_eq!(talker.manager.broadcast("too late"), 0);
    talker.poll();
    assert_eq!(
        talker.sent(),
        [
            (0x81, b"one more thing".to_vec()),
            (0x88, close(1001, "Server is shutting down"))
        ]
    );
}

#[test]
fn what_a_handler_posts_to_itself_and_what_it_sends_keep_their_order() {
    let mut talker = Talker::new(SocketRules::default());
    talker.hear(&frame(0x81, b"post to yourself"));
    let said: Vec<_> = talker.sent().into_iter().map(|(_, text)| text).collect();
    assert_eq!(said, [&b"first"[..], b"second"]);
}

#[test]
fn a_socket_that_is_too_slow_for_its_mailbox_is_told_1013_and_not_waited_for() {
    let rules = SocketRules {
        mailbox: 1000,
        ..SocketRules::default()
    };
    let mut talker = Talker::new(rules);
    for _ in 0..100 {
        talker.manager.broadcast("x".repeat(100).as_str());
    }
    talker.poll();
    assert!(talker.session.is_over());
    let sent = talker.sent();
    assert_eq!(sent.last().unwrap().1[..2], 1013u16.to_be_bytes());
    assert_eq!(talker.manager.len(), 0);
}

#[test]
fn a_message_longer_than_a_mailbox_does_not_empty_the_room() {
    let rules = SocketRules {
        mailbox: 1000,
        ..SocketRules::default()
    };
    let mut talker = Talker::new(rules);
    assert_eq!(talker.manager.broadcast("x".repeat(5000).as_str()), 1);
    talker.poll();
    assert_eq!(talker.sent()[0].1.len(), 5000);
    assert_eq!(talker.manager.len(), 1);
}

#[test]
fn nothing_is_taken_from_a_mailbox_while_the_client_takes_nothing() {
    let mut talker = Talker::new(SocketRules::default());
    talker.out = vec![0; 64 * 1024];
    talker.manager.broadcast("hello");
    talker.poll();
    assert_eq!(talker.out.len(), 64 * 1024);
    talker.out.clear();
    talker.poll();
    assert_eq!(talker.sent(), [(0x81, b"hello".to_vec())]);
}

#[test]
fn a_sender_is_not_heard_faster_than_its_pace_and_nothing_of_it_is_lost() {
    let rules = SocketRules {
        pace: Some(10),
        ..SocketRules::default()
    };
    let mut talker = Talker::new(rules);
    let flood: Vec<u8> = (0..25).flat_map(|_| frame(0x81, b"now!")).collect();
    talker.hear(&flood);
    let mut seconds = vec![talker.sent().len()];
    for _ in 0..2 {
        assert_eq!(talker.poll(), Some(talker.now + Duration::from_secs(1)));
        talker.pass(Duration::from_secs(1));
        talker.hear(b"");
        seconds.push(talker.sent().len());
    }
    assert_eq!(seconds, [10, 10, 5]);
}

#[test]
fn a_manager_has_no_more_places_than_it_was_told() {
    use lesson09::{EchoWebSocket, Session, WebSocketManager};
    let manager = WebSocketManager::new(2);
    let rules = SocketRules::default().into();
    let sessions: Vec<_> = (0..3)
        .map(|_| Session::new(EchoWebSocket, &manager, &rules))
        .collect();
    assert!(sessions[1].is_some() && sessions[2].is_none());
    drop(sessions);
    assert!(Session::new(EchoWebSocket, &manager, &rules).is_some());
}
