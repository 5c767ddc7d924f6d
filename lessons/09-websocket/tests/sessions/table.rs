//! What a client may not do, and what it hears of it.

use lesson03::Protocol;
use lesson09::SocketRules;

use crate::talker::{Talker, close, frame};

/// The code of the close frame that comes back; 1005 if it is empty.
#[track_caller]
fn code_for(bytes: &[u8]) -> u16 {
    let rules = SocketRules {
        max_message: 1000,
        ..SocketRules::default()
    };
    let mut talker = Talker::new(rules);
    talker.hear(bytes);
    assert!(talker.session.is_over(), "{bytes:x?}");
    let sent = talker.sent();
    let (first, payload) = sent.last().unwrap();
    assert_eq!(*first, 0x88);
    let told = talker.told();
    assert!(told.last().unwrap().starts_with("closed "), "{told:?}");
    payload
        .first_chunk()
        .map_or(1005, |code| u16::from_be_bytes(*code))
}

#[test]
fn every_rule_has_its_number() {
    let joined = |frames: &[Vec<u8>]| frames.concat();
    for (bytes, code) in [
        (vec![0x81, 0x00], 1002),             // no mask, and empty
        (vec![0x81, 0x02, b'h', b'i'], 1002), // no mask
        (vec![0x89, 0x00], 1002),             // a ping without one
        (frame(0xC1, b"hi"), 1002),           // RSV1
        (frame(0x83, b"hi"), 1002),           // opcode 3
        (frame(0x8B, b""), 1002),             // opcode 0xB
        (frame(0x89, &[0; 126]), 1002),       // a long ping
        (frame(0x09, b"hi"), 1002),           // a ping in pieces
        (frame(0x80, b"hi"), 1002),           // a piece of nothing
        (joined(&[frame(0x01, b"a"), frame(0x81, b"b")]), 1002), // text in a text
        (vec![0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002), // 2^63 bytes
        (vec![0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0], 1009), // a tebibyte
        (frame(0x82, &[0; 1001]), 1009),      // one byte too many
        (
            joined(&[frame(0x02, &[0; 600]), frame(0x80, &[0; 401])]),
            1009,
        ), // in two pieces
        (frame(0x81, b"\xff"), 1007),
        (frame(0x81, b"h\xc3"), 1007), // half a character
        (joined(&[frame(0x01, b"\xc3"), frame(0x80, b"(")]), 1007), // another half behind it
        (frame(0x81, b"\xed\xa0\x80"), 1007), // a surrogate
        (frame(0x88, b""), 1005),
        (frame(0x88, b"\x03"), 1002),
        (frame(0x88, &close(1000, "bye")), 1000),
        (frame(0x88, &close(1005, "")), 1002),
        (frame(0x88, &close(999, "")), 1002),
        (frame(0x88, &close(1016, "")), 1002),
        (frame(0x88, &close(3000, "")), 3000),
        (frame(0x88, &close(5000, "")), 1002),
        (frame(0x88, b"\x03\xe8\xff"), 1007),
    ] {
        assert_eq!(code_for(&bytes), code, "{bytes:x?}");
    }
}

#[test]
fn the_longest_message_is_taken_whole_and_in_pieces() {
    let rules = SocketRules {
        max_message: 1000,
        ..SocketRules::default()
    };
    let mut talker = Talker::new(rules);
    talker.hear(&frame(0x82, &[1; 1000]));
    talker.hear(&frame(0x02, &[1; 999]));
    talker.hear(&frame(0x00, &[1]));
    talker.hear(&frame(0x80, b""));
    assert_eq!(talker.sent(), vec![(0x82, vec![1; 1000]); 2]);
}

#[test]
fn nothing_is_looked_at_behind_a_close_and_nothing_is_answered() {
    let mut talker = Talker::new(SocketRules::default());
    let mut bytes = frame(0x88, &close(1000, ""));
    bytes.extend(frame(0x81, b"one more thing"));
    bytes.extend(frame(0x89, b"there?"));
    talker.hear(&bytes);
    assert_eq!(talker.sent(), [(0x88, close(1000, ""))]);
    assert_eq!(talker.told(), ["opened", "closed 1000 "]);
}

#[test]
fn a_flood_of_pings_is_a_reason_to_go_and_many_in_good_time_are_none() {
    let mut talker = Talker::new(SocketRules::default());
    for _ in 0..3 {
        (0..500).for_each(|_| talker.hear(&frame(0x89, b"")));
        talker.pass(std::time::Duration::from_secs(1));
    }
    assert_eq!(talker.sent().len(), 1500);
    (0..1001).for_each(|_| talker.hear(&frame(0x89, b"")));
    let sent = talker.sent();
    assert_eq!(sent.last().unwrap().1[..2], 1008u16.to_be_bytes());
    assert!(talker.session.is_over());
}
