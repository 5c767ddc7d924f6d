//! Frames: the envelopes in which WebSocket sends its messages (RFC 6455 §5.2).
//!
//! ```text
//!  byte 0           byte 1            then, as the length says    then
//! +-+---+--------+ +-+------------+  +-------------------------+ +-----------+ +---------…
//! |F|RSV| opcode | |M| length     |  | nothing, 2 or 8 bytes   | | mask, 4   | | payload
//! +-+---+--------+ +-+------------+  +-------------------------+ +-----------+ +---------…
//! ```

// ANCHOR: imports
use crate::close::Violation;
// ANCHOR_END: imports

// ANCHOR: head
/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// A further piece of a message.
    Continuation,
    /// A message of text, or its first piece.
    Text,
    /// A message of bytes, or its first piece.
    Binary,
    /// The end of the conversation.
    Close,
    /// "Are you there?"
    Ping,
    /// "I am."
    Pong,
}

impl Opcode {
    fn of(number: u8) -> Option<Opcode> {
        Some(match number {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    fn number(self) -> u8 {
        match self {
            Opcode::Continuation => 0x0,
            Opcode::Text => 0x1,
            Opcode::Binary => 0x2,
            Opcode::Close => 0x8,
            Opcode::Ping => 0x9,
            Opcode::Pong => 0xA,
        }
    }

    /// Whether it steers the connection, and may stand between the pieces of a message.
    pub fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// Whether it is the last piece of its message.
    pub is_last: bool,
    /// What it carries.
    pub opcode: Opcode,
    /// What its payload was mixed with.
    pub mask: [u8; 4],
    /// How long its payload is.
    pub length: u64,
    /// How long the head itself is.
    pub size: usize,
}

/// The payload of a control frame is at most this long (RFC 6455 §5.5).
pub const MOST_CONTROL: u64 = 125;

impl FrameHead {
    /// Reads the head of a client's frame. `None`: it is not all there. Whatever is wrong with it
    /// is said as soon as the byte is there that shows it, and a payload of more than `most` bytes
    /// is refused for its claim, before any of it has come.
    pub fn parse(bytes: &[u8], most: u64) -> Result<Option<FrameHead>, Violation> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let is_last = first & 0x80 != 0;
        if first & 0x70 != 0 {
            return Err(Violation::Protocol("a reserved bit is set")); // §5.2
        }
        let opcode = Opcode::of(first & 0x0F).ok_or(Violation::Protocol("an unknown opcode"))?;
        if opcode.is_control() && !is_last {
            return Err(Violation::Protocol("a control frame in pieces")); // §5.4
        }
        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        if second & 0x80 == 0 {
            return Err(Violation::Protocol("a frame without a mask")); // §5.1
        }
        let Some((length, rest)) = length(second & 0x7F, rest)? else {
            return Ok(None);
        };
        if opcode.is_control() && length > MOST_CONTROL {
            return Err(Violation::Protocol(
                "a control frame of more than 125 bytes",
            ));
        }
        if !opcode.is_control() && length > most {
            return Err(Violation::TooBig);
        }
        Ok(rest.first_chunk().map(|&mask| FrameHead {
            is_last,
            opcode,
            mask,
            length,
            size: bytes.len() - rest.len() + mask.len(),
        }))
    }
}

/// The length, and what stands behind it. There is one way to write each (§5.2), the shortest:
/// two readers must not disagree about where a frame ends.
fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (length, rest, least) = match short {
        126 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u16::from_be_bytes(*bytes).into(), rest, 126),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from_be_bytes(*bytes), rest, 1 << 16),
            None => return Ok(None),
        },
        short => (short.into(), rest, 0),
    };
    if length >= 1 << 63 {
        return Err(Violation::Protocol("a length with its first bit set"));
    }
    if length < least {
        return Err(Violation::Protocol(
            "a length that could be written shorter",
        ));
    }
    Ok(Some((length, rest)))
}
// ANCHOR_END: head

// ANCHOR: mask
/// Takes the mask off a payload, or puts it on. `offset` is how much of the payload came before.
///
/// Four bytes at a time, which the compiler makes into sixteen or more: byte by byte it would be
/// the slowest thing that a server does with a message.
pub fn unmask(payload: &mut [u8], mask: [u8; 4], offset: u64) {
    let mut mask = mask;
    mask.rotate_left((offset % 4) as usize);
    let (fours, rest) = payload.as_chunks_mut::<4>();
    for four in fours {
        *four = (u32::from_ne_bytes(*four) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
// ANCHOR_END: mask

// ANCHOR: encode
/// Writes one of our frames, whole. A server never masks (RFC 6455 §5.1).
pub fn encode(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode.number());
    match payload.len() {
        length @ 0..=125 => out.push(length as u8),
        length @ 126..=0xFFFF => {
            out.push(126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}
// ANCHOR_END: encode

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<Option<FrameHead>, Violation> {
        FrameHead::parse(bytes, 1 << 20)
    }

    #[test]
    fn the_example_of_the_standard_says_hello() {
        // RFC 6455 §5.7: a single-frame masked text message.
        let frame = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        let head = parse(&frame).unwrap().unwrap();
        assert_eq!((head.opcode, head.is_last), (Opcode::Text, true));
        assert_eq!((head.length, head.size), (5, 6));
        let mut payload = frame[head.size..].to_vec();
        unmask(&mut payload, head.mask, 0);
        assert_eq!(payload, b"Hello");
        let mut ours = Vec::new();
        encode(Opcode::Text, b"Hello", &mut ours);
        assert_eq!(ours, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    }

    #[test]
    fn a_head_that_is_not_all_there_is_no_fault_and_a_wrong_byte_is_one_at_once() {
        let long = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4];
        for end in 0..long.len() {
            assert_eq!(parse(&long[..end]), Ok(None), "{end}");
        }
        assert_eq!(parse(&long).unwrap().unwrap().length, 65536);
        for wrong in [
            &[0xC1][..],   // RSV1
            &[0xA1],       // RSV2
            &[0x91],       // RSV3
            &[0x83],       // an opcode for data that nobody has
            &[0x8B],       // one for control
            &[0x09],       // a ping in pieces
            &[0x81, 0x00], // no mask
            &[0x89, 0x7E], // no mask either
            &[0x89, 0xFE, 0, 126],
            &[0x81, 0xFE, 0, 125],
            &[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
            &[0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let found = parse(wrong);
            assert!(matches!(found, Err(Violation::Protocol(_))), "{wrong:x?}");
        }
    }

    #[test]
    fn a_claim_is_refused_before_anything_of_it_has_come() {
        let tebibyte = [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(parse(&tebibyte), Err(Violation::TooBig));
    }

    proptest! {
        #[test]
        fn a_mask_is_taken_off_in_any_pieces_as_it_was_put_on_in_one(
            payload: Vec<u8>, mask: [u8; 4], cut: prop::sample::Index,
        ) {
            let mut masked = payload.clone();
            for (byte, at) in masked.iter_mut().zip(0..) {
                *byte ^= mask[at % 4];
            }
            let cut = cut.index(payload.len() + 1);
            let (left, right) = masked.split_at_mut(cut);
            unmask(left, mask, 0);
            unmask(right, mask, cut as u64);
            prop_assert_eq!(masked, payload);
        }

        #[test]
        fn whatever_the_bytes_are_a_head_is_found_or_missed_or_refused(bytes: [u8; 14]) {
            for end in 0..bytes.len() {
                if let Ok(Some(head)) = parse(&bytes[..end]) {
                    prop_assert!(head.size <= end && head.length <= 1 << 20);
                }
            }
        }
    }
}
