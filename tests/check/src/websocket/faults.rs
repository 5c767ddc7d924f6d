//! Faults, and ends.

use super::row::probe;
use super::speaker::{Speaker, frame};
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::world::World;

pub(super) const PROBES: &[Probe] = &[
    probe(
        "ws-unmasked",
        "a frame without a mask",
        "RFC 6455 §5.1",
        "A server MUST close the connection when a frame has no mask.",
        |world| fails(world, &[0x81, 2, b'h', b'i'], &[1002]),
    ),
    probe(
        "ws-unmasked-empty",
        "an empty frame without a mask",
        "RFC 6455 §5.1",
        "A server MUST close the connection when a frame has no mask, however short it is.",
        |world| fails(world, &[0x81, 0], &[1002]),
    ),
    probe(
        "ws-reserved-bit",
        "a reserved bit",
        "RFC 6455 §5.2",
        "A bit that no extension has given a meaning MUST be 0, or the connection fails.",
        |world| fails(world, &frame(0xC1, b"hi"), &[1002]),
    ),
    probe(
        "ws-opcode-3",
        "an unknown opcode",
        "RFC 6455 §5.2",
        "An unknown opcode fails the connection.",
        |world| fails(world, &frame(0x83, b"hi"), &[1002]),
    ),
    probe(
        "ws-opcode-11",
        "an unknown control frame",
        "RFC 6455 §5.2",
        "An unknown opcode fails the connection.",
        |world| fails(world, &frame(0x8B, b""), &[1002]),
    ),
    probe(
        "ws-long-ping",
        "a ping of 126 bytes",
        "RFC 6455 §5.5",
        "A control frame has at most 125 bytes.",
        |world| fails(world, &frame(0x89, &[0; 126]), &[1002]),
    ),
    probe(
        "ws-ping-in-pieces",
        "a ping in pieces",
        "RFC 6455 §5.5",
        "A control frame is never sent in pieces.",
        |world| fails(world, &frame(0x09, b"hi"), &[1002]),
    ),
    probe(
        "ws-text-in-text",
        "a message within a message",
        "RFC 6455 §5.4",
        "The pieces of one message must not be mixed with those of another.",
        |world| {
            fails(
                world,
                &[frame(0x01, b"a"), frame(0x81, b"b")].concat(),
                &[1002],
            )
        },
    ),
    probe(
        "ws-piece-of-nothing",
        "a piece of no message",
        "RFC 6455 §5.4",
        "A continuation continues something.",
        |world| fails(world, &frame(0x80, b"hi"), &[1002]),
    ),
    probe(
        "ws-length-in-long-form",
        "5 bytes, with their length in two bytes",
        "RFC 6455 §5.2",
        "The shortest form of a length MUST be used.",
        long_form,
    ),
    probe(
        "ws-bad-text",
        "text that is not UTF-8",
        "RFC 6455 §8.1",
        "Text that is not UTF-8 fails the connection, with 1007.",
        |world| fails(world, &frame(0x81, b"h\xff"), &[1007]),
    ),
    probe(
        "ws-bad-text-in-pieces",
        "a character whose second half is wrong",
        "RFC 6455 §8.1",
        "Text is judged as a whole message, however it was cut.",
        |world| {
            fails(
                world,
                &[frame(0x01, b"\xc3"), frame(0x80, b"(")].concat(),
                &[1007],
            )
        },
    ),
    probe(
        "ws-half-a-character",
        "a text that ends within a character",
        "RFC 6455 §8.1",
        "Half a character is not UTF-8.",
        |world| fails(world, &frame(0x81, b"h\xc3"), &[1007]),
    ),
    probe(
        "ws-length-2-63",
        "a length of 2^63",
        "RFC 6455 §5.2",
        "The first bit of a length of eight bytes MUST be 0.",
        |world| {
            fails(
                world,
                &[0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
                &[1002, 1009],
            )
        },
    ),
    probe(
        "ws-tebibyte",
        "a claim of a tebibyte",
        "RFC 6455 §10.4",
        "A claim that is too large is refused before anything of it comes, with 1009.",
        |world| {
            fails(
                world,
                &[0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4],
                &[1009],
            )
        },
    ),
    probe(
        "ws-close",
        "close 1000 with words",
        "RFC 6455 §5.5.1",
        "A close is answered by a close, which typically has the same number, and then by the end.",
        |world| fails(world, &frame(0x88, b"\x03\xe8bye"), &[1000]),
    ),
    probe(
        "ws-close-empty",
        "an empty close",
        "RFC 6455 §5.5.1",
        "A close need not have a number.",
        close_empty,
    ),
    probe(
        "ws-close-one-byte",
        "a close of one byte",
        "RFC 6455 §5.5.1",
        "A close that is not empty begins with a number of two bytes.",
        |world| fails(world, &frame(0x88, b"\x03"), &[1002]),
    ),
    probe(
        "ws-close-1005",
        "close 1005",
        "RFC 6455 §7.4.1",
        "1005 is the name of a close without a number, and MUST NOT be sent in one.",
        |world| fails(world, &frame(0x88, &1005u16.to_be_bytes()), &[1002]),
    ),
    probe(
        "ws-close-999",
        "close 999",
        "RFC 6455 §7.4.2",
        "Numbers below 1000 are not used.",
        |world| fails(world, &frame(0x88, &999u16.to_be_bytes()), &[1002]),
    ),
    probe(
        "ws-close-1016",
        "close 1016",
        "RFC 6455 §7.4.2",
        "Numbers that nobody has defined are not used.",
        |world| fails(world, &frame(0x88, &1016u16.to_be_bytes()), &[1002]),
    ),
    probe(
        "ws-close-3000",
        "close 3000",
        "RFC 6455 §7.4.2",
        "Numbers from 3000 on belong to libraries and applications.",
        |world| fails(world, &frame(0x88, &3000u16.to_be_bytes()), &[3000, 1000]),
    ),
    probe(
        "ws-close-5000",
        "close 5000",
        "RFC 6455 §7.4.2",
        "There are no numbers from 5000 on.",
        |world| fails(world, &frame(0x88, &5000u16.to_be_bytes()), &[1002]),
    ),
    probe(
        "ws-close-bad-text",
        "a close whose words are not UTF-8",
        "RFC 6455 §5.5.1",
        "The words of a close are UTF-8.",
        |world| fails(world, &frame(0x88, b"\x03\xe8\xff"), &[1007, 1002]),
    ),
    probe(
        "ws-behind-close",
        "a message behind a close",
        "RFC 6455 §5.5.1",
        "Nothing is looked at behind a close.",
        behind_close,
    ),
];

fn fails(world: &World, bytes: &[u8], codes: &[u16]) -> Verdict {
    let mut speaker = Speaker::open(world)?;
    speaker.say(bytes);
    speaker.expect_close(world, codes)
}

fn close_empty(world: &World) -> Verdict {
    let mut speaker = Speaker::open(world)?;
    speaker.say(&frame(0x88, b""));
    match speaker.hear_all(world)?.last() {
        // Some answer with 1000, which says the same.
        Some(close) if close.first == 0x88 && matches!(close.code(), None | Some(1000)) => Ok(()),
        other => Err(Finding::wrong(format!(
            "wanted an empty close, got {other:?}"
        ))),
    }
}

fn behind_close(world: &World) -> Verdict {
    let mut speaker = Speaker::open(world)?;
    speaker.say(&[frame(0x88, b"\x03\xe8"), frame(0x81, b"one more thing")].concat());
    let all = speaker.hear_all(world)?;
    match &all[..] {
        [close] if close.code() == Some(1000) => Ok(()),
        _ => Err(Finding::wrong("it goes on after a close")),
    }
}

/// Most servers take it, and nothing depends on it but that all readers agree.
fn long_form(world: &World) -> Verdict {
    let mut speaker = Speaker::open(world)?;
    let mut bytes = frame(0x81, b"hello");
    bytes.splice(1..2, [0xFE, 0, 5]);
    speaker.say(&bytes);
    match speaker.hear(world)? {
        Some(close) if close.code() == Some(1002) => Ok(()),
        None => Ok(()),
        Some(_) => Err(Finding::Allowed("it takes the longer form, too".to_owned())),
    }
}
