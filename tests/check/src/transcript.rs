//! What was said on which connection, in order, and how it looks on a screen.

use crate::screen::say;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One thing that happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client sent these bytes.
    Sent(Vec<u8>),
    /// The client received these bytes.
    Received(Vec<u8>),
    /// Anything else: connected, closed, reset, waited in vain.
    Note(String),
}

/// Everything that happened in a probe, on all its connections. Clones share one record.
#[derive(Clone, Default)]
pub struct Transcript {
    entries: Arc<Mutex<Vec<Entry>>>,
    live: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    client: u32,
    event: Event,
    /// How many writes or reads in a row are joined here.
    pieces: usize,
}

impl Transcript {
    /// A record that is also printed as it grows.
    pub fn live() -> Transcript {
        Transcript {
            live: true,
            ..Transcript::default()
        }
    }

    /// Adds what happened to client number `client`. Bytes that go the same way are joined.
    pub fn add(&self, client: u32, event: Event) {
        if self.live {
            let entry = Entry {
                client,
                event: event.clone(),
                pieces: 1,
            };
            for line in entry.lines(true) {
                say(format_args!("  {line}"));
            }
        }
        let mut entries = self.entries();
        if let Some(last) = entries.last_mut().filter(|last| last.client == client) {
            match (&mut last.event, &event) {
                (Event::Sent(all), Event::Sent(more))
                | (Event::Received(all), Event::Received(more)) => {
                    all.extend_from_slice(more);
                    last.pieces += 1;
                    return;
                }
                _ => {}
            }
        }
        entries.push(Entry {
            client,
            event,
            pieces: 1,
        });
    }

    /// The record as lines: `>` sent, `<` received, `*` anything else. With `most`, a run of more
    /// lines in one direction loses its middle.
    pub fn lines(&self, most: Option<usize>) -> Vec<String> {
        let entries = self.entries();
        let several = entries.iter().any(|entry| entry.client > 1);
        let mut lines = Vec::new();
        for entry in entries.iter() {
            let shown = entry.lines(several);
            match most {
                Some(most) if shown.len() > most + 1 => {
                    let (head, tail) = (most.div_ceil(2), most / 2);
                    lines.extend_from_slice(&shown[..head]);
                    lines.push(format!("  … {} lines more …", shown.len() - head - tail));
                    lines.extend_from_slice(&shown[shown.len() - tail..]);
                }
                _ => lines.extend(shown),
            }
        }
        lines
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        // A push is whole or has not happened, so a panic elsewhere leaves a record to show.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn lines(&self, several: bool) -> Vec<String> {
        let who = match several {
            true => format!("[{}] ", self.client),
            false => String::new(),
        };
        let (mark, bytes) = match &self.event {
            Event::Note(text) => return vec![format!("{who}* {text}")],
            Event::Sent(bytes) => ('>', bytes),
            Event::Received(bytes) => ('<', bytes),
        };
        let mut lines: Vec<_> = visible_lines(bytes)
            .into_iter()
            .map(|line| format!("{who}{mark} {line}"))
            .collect();
        if self.pieces > 1 && mark == '>' {
            lines.push(format!("{who}* sent in {} writes", self.pieces));
        }
        lines
    }
}

/// A line longer than this is cut in its middle.
const WIDEST: usize = 110;

/// Bytes as lines in which nothing controls a terminal: each ends after its `\n`, every control
/// byte is an escape, and a very long line loses its middle.
pub fn visible_lines(bytes: &[u8]) -> Vec<String> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| {
            if line.len() <= WIDEST {
                return visible(line);
            }
            let (head, tail) = (&line[..WIDEST * 2 / 3], &line[line.len() - WIDEST / 6..]);
            let left_out = line.len() - head.len() - tail.len();
            format!("{}… {left_out} bytes …{}", visible(head), visible(tail))
        })
        .collect()
}

/// Bytes as text without control characters.
pub fn visible(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => _ = write!(text, "\\x{byte:02x}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_are_escaped_and_lines_end_after_their_line_feed() {
        assert_eq!(
            visible_lines(b"GET /\x1b[2J\r\n\x00\xff\t\\"),
            [r"GET /\x1b[2J\r\n", r"\x00\xff\t\\"]
        );
    }

    #[test]
    fn a_very_long_line_says_how_much_is_left_out() {
        let line = visible_lines(&[b'a'; 1000]).remove(0);
        assert!(line.contains("… 909 bytes …") && line.len() < 130, "{line}");
    }

    #[test]
    fn writes_in_a_row_are_joined_and_counted() {
        let transcript = Transcript::default();
        for byte in b"GET" {
            transcript.add(1, Event::Sent(vec![*byte]));
        }
        transcript.add(1, Event::Note("closed".to_owned()));
        assert_eq!(
            transcript.lines(None),
            ["> GET", "* sent in 3 writes", "* closed"]
        );
    }

    #[test]
    fn several_clients_are_told_apart() {
        let transcript = Transcript::default();
        transcript.add(1, Event::Sent(b"a\n".to_vec()));
        transcript.add(2, Event::Sent(b"b\n".to_vec()));
        assert_eq!(transcript.lines(None), ["[1] > a\\n", "[2] > b\\n"]);
    }

    #[test]
    fn a_long_run_loses_its_middle() {
        let transcript = Transcript::default();
        transcript.add(1, Event::Sent(b"x\n".repeat(10)));
        let lines = transcript.lines(Some(4));
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[2], "  … 6 lines more …");
    }
}
