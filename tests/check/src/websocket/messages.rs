//! What comes back, and what a server is not to be held up by.

use super::row::probe;
use super::speaker::{Speaker, frame};
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::world::World;

pub(super) const PROBES: &[Probe] = &[
    probe(
        "ws-text",
        "a text",
        "RFC 6455 §5.6",
        "A message of text is delivered as it was sent.",
        |world| echoes(world, &[(0x81, "héllo".as_bytes())]),
    ),
    probe(
        "ws-binary",
        "bytes",
        "RFC 6455 §5.6",
        "A message of bytes is delivered as it was sent.",
        |world| echoes(world, &[(0x82, b"\x00\xff\x7f\x80")]),
    ),
    probe(
        "ws-empty",
        "empty messages",
        "RFC 6455 §5.2",
        "A payload may have no bytes at all.",
        |world| echoes(world, &[(0x81, b""), (0x82, b"")]),
    ),
    probe(
        "ws-126-bytes",
        "125, 126 and 127 bytes",
        "RFC 6455 §5.2",
        "From 126 bytes on, a length is written in two more bytes.",
        |world| {
            echoes(
                world,
                &[(0x82, &[7; 125]), (0x82, &[7; 126]), (0x82, &[7; 127])],
            )
        },
    ),
    probe(
        "ws-65536-bytes",
        "65,535 and 65,536 bytes",
        "RFC 6455 §5.2",
        "From 65,536 bytes on, a length is written in eight more bytes.",
        |world| echoes(world, &[(0x82, &[7; 65_535]), (0x82, &[7; 65_536])]),
    ),
    probe(
        "ws-two-in-one-packet",
        "two messages in one packet",
        "RFC 6455 §5.1",
        "Frames follow one another; packets mean nothing.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            speaker.say(&[frame(0x81, b"one"), frame(0x81, b"two")].concat());
            speaker.expect(world, &[(0x81, b"one"), (0x81, b"two")])
        },
    ),
    probe(
        "ws-byte-by-byte",
        "a message that comes byte by byte",
        "RFC 6455 §5.1",
        "A frame may come in any number of packets.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            for byte in frame(0x81, b"slowly") {
                speaker.say(&[byte]);
            }
            speaker.expect(world, &[(0x81, b"slowly")])
        },
    ),
    probe(
        "ws-pieces",
        "a message in three frames",
        "RFC 6455 §5.4",
        "A message may be sent in pieces, some of them empty, and is delivered whole.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            speaker.say(
                &[
                    frame(0x01, b"to be "),
                    frame(0x00, b""),
                    frame(0x80, b"continued"),
                ]
                .concat(),
            );
            expect_joined(world, &mut speaker, b"to be continued")
        },
    ),
    probe(
        "ws-ping-inside",
        "a ping between the pieces of a message",
        "RFC 6455 §5.4",
        "Control frames may stand between the pieces of a message, and are answered there.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            speaker.say(&[frame(0x01, b"to be "), frame(0x89, b"there?")].concat());
            speaker.expect(world, &[(0x8A, b"there?")])?;
            speaker.say(&frame(0x80, b"continued"));
            expect_joined(world, &mut speaker, b"to be continued")
        },
    ),
    probe(
        "ws-character-in-pieces",
        "a character that lies across two pieces",
        "RFC 6455 §5.6",
        "A piece of a text may end within a character; the whole message may not.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            speaker.say(&[frame(0x01, b"h\xc3"), frame(0x80, b"\xa9")].concat());
            expect_joined(world, &mut speaker, "hé".as_bytes())
        },
    ),
    probe(
        "ws-ping",
        "pings",
        "RFC 6455 §5.5.2",
        "A ping is answered by a pong with the same bytes.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            for payload in [&b"there?"[..], b"", &[7; 125]] {
                speaker.say(&frame(0x89, payload));
                speaker.expect(world, &[(0x8A, payload)])?;
            }
            Ok(())
        },
    ),
    probe(
        "ws-pong-unasked",
        "a pong that nobody asked for",
        "RFC 6455 §5.5.3",
        "A pong may come unasked, and is not answered.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            speaker.say(&[frame(0x8A, b"here I am"), frame(0x81, b"hello")].concat());
            speaker.expect(world, &[(0x81, b"hello")])
        },
    ),
    probe(
        "ws-hundred",
        "a hundred messages before anything is read",
        "RFC 6455 §5.1",
        "Messages are delivered in their order, each of them.",
        |world| {
            let mut speaker = Speaker::open(world)?;
            let texts: Vec<String> = (0..100).map(|number| number.to_string()).collect();
            speaker.say(
                &texts
                    .iter()
                    .flat_map(|text| frame(0x81, text.as_bytes()))
                    .collect::<Vec<_>>(),
            );
            let wanted: Vec<_> = texts.iter().map(|text| (0x81, text.as_bytes())).collect();
            speaker.expect(world, &wanted)
        },
    ),
    probe(
        "ws-quiet-crowd",
        "many quiet sockets; somebody else asks",
        "The third part of a server, the waiting",
        "A socket on which nothing is said costs memory, and no worker.",
        quiet_crowd,
    ),
    probe(
        "ws-half-frame",
        "half a frame, then silence; somebody else asks",
        "The third part of a server, the waiting",
        "A client that stops in the middle of a frame holds up nobody.",
        half_frame,
    ),
    probe(
        "ws-leaves",
        "clients that leave without a word",
        "RFC 6455 §7.1.7",
        "A connection may be lost at any byte; that is the end of one conversation.",
        leaves,
    ),
];

fn echoes(world: &World, messages: &[(u8, &[u8])]) -> Verdict {
    let mut speaker = Speaker::open(world)?;
    for &(first, payload) in messages {
        speaker.say(&frame(first, payload));
        expect_joined_as(world, &mut speaker, first, payload)?;
    }
    Ok(())
}

fn expect_joined(world: &World, speaker: &mut Speaker, payload: &[u8]) -> Verdict {
    expect_joined_as(world, speaker, 0x81, payload)
}

/// The same message comes back, in however many pieces: a server may choose (§5.4).
fn expect_joined_as(world: &World, speaker: &mut Speaker, first: u8, payload: &[u8]) -> Verdict {
    let (mut joined, mut opcode) = (Vec::new(), first & 0x0F);
    loop {
        let Some(heard) = speaker.hear(world)? else {
            return Err(Finding::wrong(
                "the connection ends in the middle of a message",
            ));
        };
        if heard.first & 0x7F != opcode {
            return Err(Finding::wrong(format!(
                "wanted opcode {opcode}, got byte {:#04x}",
                heard.first
            )));
        }
        joined.extend(heard.payload);
        opcode = 0;
        if heard.first & 0x80 != 0 {
            break;
        }
    }
    match joined == payload {
        true => Ok(()),
        false => Err(Finding::wrong(format!(
            "{} bytes come back, and not as they were sent",
            joined.len()
        ))),
    }
}

/// More quiet sockets than there are workers.
fn quiet_crowd(world: &World) -> Verdict {
    let quiet: Result<Vec<_>, _> = (0..world.workers + 3)
        .map(|_| Speaker::open(world))
        .collect();
    let _quiet = quiet?;
    let mut speaker = Speaker::open(world)?;
    speaker.say(&frame(0x81, b"and me?"));
    speaker.expect(world, &[(0x81, b"and me?")])?;
    world.ask(world.hello()).map(drop)
}

fn half_frame(world: &World) -> Verdict {
    let half = frame(0x82, &[0; 1000]);
    let halves: Result<Vec<_>, _> = (0..world.workers + 3)
        .map(|_| Speaker::open_with(world, "", &half[..500]))
        .collect();
    let _halves = halves?;
    let mut speaker = Speaker::open(world)?;
    speaker.say(&frame(0x81, b"and me?"));
    speaker.expect(world, &[(0x81, b"and me?")])
}

fn leaves(world: &World) -> Verdict {
    for round in 0..6 {
        let mut speaker = Speaker::open(world)?;
        speaker.say(&frame(0x81, b"going")[..5 + round % 3]);
        match round % 2 {
            0 => speaker.client.reset(),
            _ => speaker.client.leave(),
        }
    }
    echoes(world, &[(0x81, b"still there?")])
}
