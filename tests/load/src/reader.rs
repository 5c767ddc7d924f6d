//! Where does an answer end? As much of HTTP as a client needs that sends one request at a time.
//!
//! Bytes in, a verdict out, no socket: the same in every split. It is no judge of servers
//! (`check` is); it must only never take half an answer, or one and a half, for one.

use std::fmt;

/// The longest head, size line or trailer that is read.
const LONGEST: usize = 64 * 1024;

/// Reads one answer.
#[derive(Debug, Default)]
pub struct Reader {
    state: State,
    /// The head, or the line at hand, as far as it has come.
    text: Vec<u8>,
    status: u16,
    persists: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    /// So many bytes of a body with `Content-Length` are missing.
    Length(u64),
    /// A line with the size of a chunk.
    Size,
    /// So many bytes of a chunk are missing, its line end among them.
    Chunk(u64),
    Trailers,
    UntilClose,
    Done,
}

/// What keeps bytes from being an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The head is not one, or has no end.
    Head,
    /// The body's length or a chunk makes no sense.
    Body,
    /// The connection ended before the answer did.
    Truncated,
    /// More came than one answer to one request.
    Surplus,
}

impl Reader {
    /// A reader for the next answer. Its memory is used again.
    pub fn reset(&mut self) {
        self.text.clear();
        self.state = State::Head;
    }

    /// Takes in what has arrived. True: the answer is whole.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, Fault> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Head => self.head(bytes)?,
                State::Length(missing) => self.pass(bytes, missing, State::Length, State::Done),
                State::Chunk(missing) => self.pass(bytes, missing, State::Chunk, State::Size),
                State::Size | State::Trailers => self.line(bytes)?,
                State::UntilClose => &[],
                State::Done => return Err(Fault::Surplus),
            };
        }
        Ok(self.state == State::Done)
    }

    /// Takes in that the connection has ended. An answer may be allowed to end so.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.state {
            State::UntilClose | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(Fault::Truncated),
        }
    }

    /// The status, once the head has been read.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the server keeps the connection for another request.
    pub fn persists(&self) -> bool {
        self.persists
    }

    /// Lets bytes of a body pass.
    fn pass<'b>(
        &mut self,
        bytes: &'b [u8],
        missing: u64,
        still: fn(u64) -> State,
        then: State,
    ) -> &'b [u8] {
        let count =
            usize::try_from(missing).map_or(bytes.len(), |missing| missing.min(bytes.len()));
        self.state = match missing - count as u64 {
            0 => then,
            missing => still(missing),
        };
        &bytes[count..]
    }

    /// Gathers a head and reads it. What follows it is returned.
    fn head<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let before = self.text.len();
        self.text.extend_from_slice(bytes);
        // The blank line may have begun in what came before.
        let from = before.saturating_sub(3);
        let found = self.text[from..]
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        let Some(end) = found.map(|at| from + at + 4) else {
            return match self.text.len() {
                ..=LONGEST => Ok(&[]),
                _ => Err(Fault::Head),
            };
        };
        self.text.truncate(end);
        let head = std::mem::take(&mut self.text);
        self.state = self.body_of(std::str::from_utf8(&head).map_err(|_| Fault::Head)?)?;
        self.text = head;
        self.text.clear();
        Ok(&bytes[end - before..])
    }

    /// What comes after a head (RFC 9112 §6.3).
    fn body_of(&mut self, head: &str) -> Result<State, Fault> {
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let (version, rest) = status_line.split_once(' ').ok_or(Fault::Head)?;
        let status = rest.get(..3).and_then(|code| code.parse().ok());
        self.status = status.ok_or(Fault::Head)?;
        self.persists = version == "HTTP/1.1";
        let (mut length, mut chunked) = (None, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse().map_err(|_| Fault::Body)?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                let says = |word| {
                    value
                        .split(',')
                        .any(|one| one.trim().eq_ignore_ascii_case(word))
                };
                self.persists = !says("close") && (self.persists || says("keep-alive"));
            }
        }
        Ok(match (self.status, length) {
            (100..=199, _) => State::Head, // An interim answer: the real one follows.
            (204 | 304, _) => State::Done,
            _ if chunked => State::Size,
            (_, Some(0)) => State::Done,
            (_, Some(length)) => State::Length(length),
            (_, None) => {
                self.persists = false;
                State::UntilClose
            }
        })
    }

    /// Gathers a line of the chunked coding (RFC 9112 §7.1) and reads it.
    fn line<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let count = end.map_or(bytes.len(), |at| at + 1);
        self.text.extend_from_slice(&bytes[..count]);
        if self.text.len() > LONGEST {
            return Err(Fault::Body);
        }
        if end.is_some() {
            let line = self.text.strip_suffix(b"\r\n").ok_or(Fault::Body)?;
            self.state = match (self.state, line) {
                (State::Trailers, b"") => State::Done,
                (State::Trailers, _) => State::Trailers,
                (_, line) => match chunk_size(line).ok_or(Fault::Body)? {
                    0 => State::Trailers,
                    size => State::Chunk(size.checked_add(2).ok_or(Fault::Body)?),
                },
            };
            self.text.clear();
        }
        Ok(&bytes[count..])
    }
}

/// The size of a chunk, which may be followed by extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|&byte| byte == b';').next()?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Fault::Head => "the answer has no proper head",
            Fault::Body => "the answer's body has no proper length",
            Fault::Truncated => "the connection ended before the answer did",
            Fault::Surplus => "more came than one answer",
        })
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                           5;x=y\r\nHello\r\nA\r\n, World!\r\n\r\n0\r\nX: y\r\n\r\n";
    const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    const UNTIL_CLOSE: &str = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nHello, World!";

    /// Reads `pieces`; whether the answer was whole after each, and how it ended.
    fn read<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<(Vec<bool>, Reader), Fault> {
        let mut reader = Reader::default();
        let whole = pieces.into_iter().map(|piece| reader.feed(piece));
        Ok((whole.collect::<Result<_, _>>()?, reader))
    }

    #[test]
    fn an_answer_is_whole_after_its_last_byte_under_every_split() {
        for (answer, status) in [(LENGTH, 200), (CHUNKED, 200), (INTERIM, 204)] {
            let bytes = answer.as_bytes();
            for first in 0..bytes.len() {
                for second in first..bytes.len() {
                    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    let (whole, reader) = read(pieces).unwrap();
                    assert_eq!(whole, [false, false, true], "{answer} {first} {second}");
                    assert_eq!((reader.status(), reader.persists()), (status, true));
                }
            }
            let (whole, _) = read(bytes.chunks(1)).unwrap();
            assert_eq!(whole.iter().position(|&whole| whole), Some(bytes.len() - 1));
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_never_taken_for_whole() {
        for answer in [LENGTH, CHUNKED, INTERIM] {
            for end in 0..answer.len() {
                let (_, mut reader) = read([&answer.as_bytes()[..end]]).unwrap();
                assert_eq!(reader.end(), Err(Fault::Truncated), "{}", &answer[..end]);
            }
        }
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection() {
        let (whole, mut reader) = read(UNTIL_CLOSE.as_bytes().chunks(3)).unwrap();
        assert!(whole.iter().all(|whole| !whole) && !reader.persists());
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn what_follows_an_answer_is_a_fault() {
        for answer in [LENGTH, CHUNKED, INTERIM] {
            let more = format!("{answer}H");
            for split in 0..more.len() {
                let (first, second) = more.as_bytes().split_at(split);
                assert_eq!(read([first, second]).err(), Some(Fault::Surplus));
            }
        }
    }

    #[test]
    fn the_connection_persists_when_both_version_and_header_say_so() {
        for (head, persists) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
            (
                "HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive\r\n\r\n",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n",
                false,
            ),
        ] {
            let (whole, reader) = read([head.as_bytes()]).unwrap();
            assert_eq!((whole, reader.persists()), (vec![true], persists), "{head}");
        }
    }

    #[test]
    fn nonsense_is_a_fault() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (answer, fault) in [
            ("nonsense\r\n\r\n", Fault::Head),
            ("HTTP/1.1 abc\r\n\r\n", Fault::Head),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", Fault::Body),
            (&format!("{chunked}x\r\n"), Fault::Body),
            (&format!("{chunked}5\n"), Fault::Body),
            (&format!("{chunked}ffffffffffffffff\r\n"), Fault::Body),
            (&"x".repeat(LONGEST + 1), Fault::Head),
            (
                &format!("{chunked}{}", "0".repeat(LONGEST + 1)),
                Fault::Body,
            ),
        ] {
            assert_eq!(read([answer.as_bytes()]).err(), Some(fault));
        }
    }

    #[test]
    fn a_reader_can_be_used_again() {
        let mut reader = Reader::default();
        for answer in [CHUNKED, LENGTH, INTERIM] {
            reader.reset();
            assert_eq!(reader.feed(answer.as_bytes()), Ok(true));
        }
    }
}
