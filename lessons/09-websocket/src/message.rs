//! From frames to messages: pieces are put together, and everything is checked as it comes.

// ANCHOR: imports
use crate::close::{Violation, may_be_sent};
use crate::frame::{FrameHead, Opcode, unmask};
// ANCHOR_END: imports

// ANCHOR: message
/// A message, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'m> {
    /// Text, which is UTF-8.
    Text(&'m str),
    /// Bytes.
    Binary(&'m [u8]),
}

impl<'m> Message<'m> {
    /// What goes into a frame.
    pub fn payload(self) -> &'m [u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// What the frame says about it.
    pub fn opcode(self) -> Opcode {
        match self {
            Message::Text(_) => Opcode::Text,
            Message::Binary(_) => Opcode::Binary,
        }
    }
}

impl<'m> From<&'m str> for Message<'m> {
    fn from(text: &'m str) -> Message<'m> {
        Message::Text(text)
    }
}

impl<'m> From<&'m [u8]> for Message<'m> {
    fn from(bytes: &'m [u8]) -> Message<'m> {
        Message::Binary(bytes)
    }
}

/// What was found at the beginning of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'m> {
    /// Nothing that could be used yet: more must come.
    TooLittle,
    /// A piece of a message, and that is not the end of it. There may be more behind it, such as
    /// a ping: whoever takes this for [`Found::TooLittle`] waits for ever.
    Piece,
    /// The end of a message.
    Message(Message<'m>),
    /// A question to be answered with a pong.
    Ping(&'m [u8]),
    /// An answer, perhaps to a question of ours.
    Pong(&'m [u8]),
    /// The end, with a number and words if there are any.
    Close(Option<(u16, &'m str)>),
}
// ANCHOR_END: message

// ANCHOR: reader
/// Puts messages together. What has come of an unfinished one is kept here, and nothing is
/// reserved for what has only been announced.
#[derive(Debug)]
pub struct Reader {
    /// The longest message.
    most: usize,
    /// The kind of the message whose pieces are being gathered.
    gathering: Option<Opcode>,
    gathered: Vec<u8>,
    /// How much of a gathered text is known to be good.
    checked: usize,
    /// The frame that is half here, and how much of it is.
    unfinished: Option<(FrameHead, u64)>,
}

impl Reader {
    /// A reader of messages of at most `most` bytes.
    pub fn new(most: usize) -> Reader {
        Reader {
            most,
            gathering: None,
            gathered: Vec::new(),
            checked: 0,
            unfinished: None,
        }
    }

    /// Takes one thing from the beginning of `bytes`, and says how many of them it was. A message
    /// that lies there whole is not copied: its mask is taken off where it lies.
    pub fn next<'m>(&'m mut self, bytes: &'m mut [u8]) -> Result<(usize, Found<'m>), Violation> {
        if let Some((head, before)) = self.unfinished {
            return self.go_on(head, before, 0, bytes);
        }
        if self.gathering.is_none() {
            self.let_go();
        }
        let room = self.most - self.gathered.len();
        let Some(head) = FrameHead::parse(bytes, room as u64)? else {
            return Ok((0, Found::TooLittle));
        };
        match (head.opcode, self.gathering) {
            (Opcode::Continuation, None) => {
                return Err(Violation::Protocol("a piece of no message")); // §5.4
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::Protocol("a message within a message")); // §5.4
            }
            _ => {}
        }
        // What is left of an unfinished frame is shorter than `most`, which is a usize.
        let whole = head.size + head.length as usize;
        match bytes.len() >= whole {
            true if head.opcode.is_control() => {
                let payload = &mut bytes[head.size..whole];
                unmask(payload, head.mask, 0);
                Ok((whole, control(head.opcode, payload)?))
            }
            true if head.is_last && self.gathering.is_none() => {
                let payload = &mut bytes[head.size..whole];
                unmask(payload, head.mask, 0);
                Ok((whole, Found::Message(message(head.opcode, payload)?)))
            }
            // Control frames are short: one that is half here can wait where it is.
            false if head.opcode.is_control() => Ok((0, Found::TooLittle)),
            _ => {
                if head.opcode != Opcode::Continuation {
                    self.gathering = Some(head.opcode);
                }
                self.go_on(head, 0, head.size, bytes)
            }
        }
    }

    /// Gathers what is here of a frame.
    fn go_on<'m>(
        &'m mut self,
        head: FrameHead,
        before: u64,
        skip: usize,
        bytes: &'m mut [u8],
    ) -> Result<(usize, Found<'m>), Violation> {
        let here = (head.length - before).min((bytes.len() - skip) as u64);
        let used = skip + here as usize;
        if used == 0 && head.length > before {
            return Ok((0, Found::TooLittle));
        }
        let payload = &mut bytes[skip..used];
        unmask(payload, head.mask, before);
        self.gathered.extend_from_slice(payload);
        let is_whole = before + here == head.length;
        self.unfinished = (!is_whole).then_some((head, before + here));
        let is_last = is_whole && head.is_last;
        self.check_text(is_last)?;
        if !is_last {
            return Ok((used, Found::Piece));
        }
        let kind = self.gathering.take().unwrap_or(Opcode::Binary);
        Ok((used, Found::Message(message(kind, &self.gathered)?)))
    }

    /// Text is checked while it comes, so that nobody sends us a megabyte behind a wrong byte. A
    /// character may lie across two pieces, but not across the end (RFC 6455 §8.1).
    fn check_text(&mut self, is_last: bool) -> Result<(), Violation> {
        if self.gathering != Some(Opcode::Text) {
            return Ok(());
        }
        self.checked += match std::str::from_utf8(&self.gathered[self.checked..]) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() && !is_last => error.valid_up_to(),
            Err(_) => return Err(Violation::InvalidText),
        };
        Ok(())
    }

    /// Lets go of a message that has been taken. A long one must not be remembered for ever.
    pub fn let_go(&mut self) {
        if self.gathering.is_none() && self.unfinished.is_none() && self.gathered.capacity() > 0 {
            self.gathered = Vec::new();
            self.checked = 0;
        }
    }
}
// ANCHOR_END: reader

// ANCHOR: checks
fn message(kind: Opcode, payload: &[u8]) -> Result<Message<'_>, Violation> {
    match kind {
        Opcode::Text => match std::str::from_utf8(payload) {
            Ok(text) => Ok(Message::Text(text)),
            Err(_) => Err(Violation::InvalidText),
        },
        _ => Ok(Message::Binary(payload)),
    }
}

fn control(opcode: Opcode, payload: &[u8]) -> Result<Found<'_>, Violation> {
    match opcode {
        Opcode::Ping => Ok(Found::Ping(payload)),
        Opcode::Pong => Ok(Found::Pong(payload)),
        _ => Ok(Found::Close(close(payload)?)),
    }
}

/// A close frame is empty, or begins with a number that may be sent (RFC 6455 §5.5.1, §7.4).
fn close(payload: &[u8]) -> Result<Option<(u16, &str)>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Violation::Protocol("half a close code")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Violation::Protocol("a close code that must not be sent"));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| Violation::InvalidText)?;
    Ok(Some((code, reason)))
}
// ANCHOR_END: checks
