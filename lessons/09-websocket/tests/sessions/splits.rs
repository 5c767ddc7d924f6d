//! The same conversation, whatever the pieces in which it comes.

use lesson03::Protocol;
use lesson09::SocketRules;
use proptest::prelude::*;

use crate::talker::{Talker, close, frame};

/// A conversation with everything in it: text in pieces cut within a character, pings between
/// them, an empty message, bytes of all three kinds of length, and a close.
fn conversation() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(frame(0x81, "héllo".as_bytes()));
    bytes.extend(frame(0x01, b"h\xc3"));
    bytes.extend(frame(0x89, b"there?"));
    bytes.extend(frame(0x00, b"\xa9llo"));
    bytes.extend(frame(0x8A, b"unasked"));
    bytes.extend(frame(0x80, b""));
    bytes.extend(frame(0x82, &[7; 126]));
    bytes.extend(frame(0x81, b""));
    bytes.extend(frame(0x89, b""));
    bytes.extend(frame(0x88, &close(1000, "bye")));
    bytes
}

/// What is said and noted if `bytes` come in these pieces.
fn played<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> (Vec<(u8, Vec<u8>)>, Vec<String>) {
    let mut talker = Talker::new(SocketRules::default());
    pieces.into_iter().for_each(|piece| talker.hear(piece));
    (talker.sent(), talker.told())
}

#[test]
fn a_conversation_is_the_same_wherever_it_is_cut_once_or_after_every_byte() {
    let bytes = conversation();
    let whole = played([&bytes[..]]);
    assert_eq!(whole.0.len(), 7, "four echoes, two pongs, a close");
    assert_eq!(whole.1.len(), 7, "opened, four messages, a pong, closed");
    assert_eq!(whole.1[6], "closed 1000 bye");
    for cut in 0..=bytes.len() {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(played([left, right]), whole, "cut at {cut}");
    }
    assert_eq!(played(bytes.chunks(1)), whole);
}

#[test]
fn a_ping_behind_a_piece_in_the_same_packet_is_answered_at_once() {
    let mut talker = Talker::new(SocketRules::default());
    let mut packet = frame(0x01, b"to be ");
    packet.extend(frame(0x89, b"there?"));
    talker.hear(&packet);
    assert_eq!(talker.sent(), [(0x8A, b"there?".to_vec())]);
    talker.hear(&frame(0x80, b"continued"));
    assert_eq!(talker.sent(), [(0x81, b"to be continued".to_vec())]);
}

#[test]
fn a_wrong_byte_in_a_text_is_found_when_it_comes_and_not_at_the_end() {
    let mut talker = Talker::new(SocketRules::default());
    let text = frame(0x81, &[&b"good "[..], b"\xff", &[b'x'; 1000]].concat());
    talker.hear(&text[..8 + 5]);
    assert!(!talker.session.is_over());
    talker.hear(&text[8 + 5..8 + 6]);
    assert!(talker.session.is_over());
    assert_eq!(talker.sent()[0].1[..2], 1007u16.to_be_bytes());
}

#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Bytes(Vec<u8>),
    Ping(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        any::<String>().prop_map(Said::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Said::Bytes),
        prop::collection::vec(any::<u8>(), 0..126).prop_map(Said::Ping),
    ]
}

proptest! {
    #[test]
    fn what_is_said_in_any_fragments_and_any_packets_comes_back(
        all in prop::collection::vec((said(), 1..5usize), 0..6),
        cuts in prop::collection::vec(1..40usize, 1..20),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for (said, count) in &all {
            let (opcode, payload) = match said {
                Said::Text(text) => (1, text.as_bytes()),
                Said::Bytes(data) => (2, &data[..]),
                Said::Ping(data) => {
                    bytes.extend(frame(0x89, data));
                    expected.push((0x8A, data.clone()));
                    continue;
                }
            };
            let size = payload.len().div_ceil(*count).max(1);
            let mut pieces: Vec<&[u8]> = payload.chunks(size).collect();
            if pieces.is_empty() {
                pieces.push(b"");
            }
            let last = pieces.len() - 1;
            for (index, piece) in pieces.into_iter().enumerate() {
                let opcode = if index == 0 { opcode } else { 0 };
                let last = if index == last { 0x80 } else { 0 };
                bytes.extend(frame(last | opcode, piece));
            }
            expected.push((0x80 | opcode, payload.to_vec()));
        }
        let mut talker = Talker::new(SocketRules::default());
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle().take(bytes.len()) {
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            talker.hear(piece);
            rest = behind;
        }
        prop_assert_eq!(talker.sent(), expected);
        prop_assert!(!talker.session.is_over());
    }

    #[test]
    fn whatever_comes_nobody_panics_and_the_same_is_found_in_any_pieces(
        bytes in prop::collection::vec(prop_oneof![
            Just(0x81u8), Just(0x89), Just(0x88), Just(0x80), Just(0x01), Just(0x84), any::<u8>(),
        ], 0..200),
        size in 1..50usize,
    ) {
        let whole = played([&bytes[..]]);
        prop_assert_eq!(played(bytes.chunks(size)), whole);
    }
}
