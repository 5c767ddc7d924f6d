//! A reader of answers that shares nothing with the server, and forgives nothing.

use std::sync::Arc;

use super::script::Talk;
use super::seen::{Says, Seen};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Status,
    Field,
    Length(u64),
    UntilClose,
    ChunkSize,
    ChunkData(usize),
    ChunkEnd,
    Trailer,
    /// Nothing may follow.
    Nothing,
}

/// Reads what a server sends, in any pieces.
pub(crate) struct Reader {
    talk: Arc<Talk>,
    place: Place,
    line: Vec<u8>,
    position: usize,
    /// Whole answers, and the one that has begun.
    pub(crate) answers: Vec<Seen>,
    pub(crate) complete: usize,
    /// All `100 Continue`, each as the number of whole answers before it.
    pub(crate) goes: Vec<usize>,
}

impl Reader {
    pub(crate) fn new(talk: Arc<Talk>) -> Reader {
        Reader {
            talk,
            place: Place::Status,
            line: Vec::new(),
            position: 0,
            answers: Vec::new(),
            complete: 0,
            goes: Vec::new(),
        }
    }

    /// Reads more. The client has sent `came` bytes that the server has by now.
    pub(crate) fn read(&mut self, mut bytes: &[u8], came: usize) -> Result<(), String> {
        while !bytes.is_empty() {
            let used = match self.place {
                Place::Nothing => return Err(format!("{} bytes behind the end", bytes.len())),
                Place::Length(left) => {
                    let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.body(&bytes[..count]);
                    self.place = Place::Length(left - count as u64);
                    count
                }
                Place::UntilClose => {
                    self.body(bytes);
                    bytes.len()
                }
                Place::ChunkData(left) => {
                    let count = bytes.len().min(left);
                    self.body(&bytes[..count]);
                    self.place = match left - count {
                        0 => Place::ChunkEnd,
                        left => Place::ChunkData(left),
                    };
                    count
                }
                _ => self.gather_line(bytes),
            };
            self.position += used;
            bytes = &bytes[used..];
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let text = line
                    .strip_suffix(b"\r\n")
                    .ok_or("a line ends in LF alone")?;
                self.take_line(text, came)?;
            }
            if self.place == Place::Length(0) {
                self.finish();
            }
        }
        Ok(())
    }

    /// Whether an answer has begun and has no end yet.
    pub(crate) fn is_halfway(&self) -> bool {
        self.place != Place::Nothing && (self.place != Place::Status || !self.line.is_empty())
    }

    fn gather_line(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let count = end.map_or(bytes.len(), |at| at + 1);
        self.line.extend_from_slice(&bytes[..count]);
        count
    }

    fn body(&mut self, bytes: &[u8]) {
        if let Some(seen) = self.answers.last_mut() {
            seen.body.extend_from_slice(bytes);
        }
    }

    fn take_line(&mut self, line: &[u8], came: usize) -> Result<(), String> {
        let text: String = line.iter().copied().map(char::from).collect();
        match self.place {
            Place::Status => self.take_status(&text),
            Place::Field if text.is_empty() => self.end_head(came),
            Place::Field => self.take_field(&text),
            Place::ChunkSize => {
                let digits = !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit());
                let size = usize::from_str_radix(&text, 16).ok().filter(|_| digits);
                self.place = match size.ok_or(format!("chunk size {text:?}"))? {
                    0 => Place::Trailer,
                    size => Place::ChunkData(size),
                };
                Ok(())
            }
            Place::ChunkEnd if text.is_empty() => {
                self.place = Place::ChunkSize;
                Ok(())
            }
            Place::Trailer if text.is_empty() => {
                self.finish();
                Ok(())
            }
            place => Err(format!("{text:?} at {place:?}")),
        }
    }

    fn take_status(&mut self, line: &str) -> Result<(), String> {
        let code = line.strip_prefix("HTTP/1.1 ").and_then(|rest| {
            let (code, reason) = rest.split_once(' ')?;
            let sound = code.len() == 3 && !reason.chars().any(char::is_control);
            code.parse().ok().filter(|_| sound)
        });
        let code: u16 = code.ok_or(format!("status line {line:?}"))?;
        self.answers.push(Seen {
            start: self.position - line.len() - "\r\n".len(),
            code,
            ..Seen::default()
        });
        self.place = Place::Field;
        Ok(())
    }
}

impl Reader {
    fn take_field(&mut self, line: &str) -> Result<(), String> {
        let wrong = || format!("field {line:?}");
        let (name, value) = line.split_once(": ").ok_or_else(wrong)?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(wrong());
        }
        let seen = self.answers.last_mut().ok_or_else(wrong)?;
        seen.fields += 1;
        match name.to_ascii_lowercase().as_str() {
            "content-length" if seen.length.is_none() => {
                seen.length = Some(value.parse().map_err(|_| wrong())?);
            }
            "transfer-encoding" if !seen.is_chunked && value == "chunked" => {
                seen.is_chunked = true;
            }
            "content-length" | "transfer-encoding" => return Err(wrong()),
            "connection" => {
                let says = match value {
                    "close" => Says::Close,
                    "keep-alive" => Says::Stay,
                    "Upgrade" => Says::Upgrade,
                    _ => return Err(wrong()),
                };
                let may_add = seen.says == Says::Upgrade && seen.code == 426;
                if seen.says != Says::Nothing && !may_add {
                    return Err(format!("a second word about the connection: {line:?}"));
                }
                seen.says = says;
            }
            "date" => seen.dates += 1,
            "server" => seen.servers += 1,
            "x-request" => seen.marker = Some(value.parse().map_err(|_| wrong())?),
            _ => {}
        }
        Ok(())
    }

    fn end_head(&mut self, came: usize) -> Result<(), String> {
        let number = self.complete;
        let asked = self.talk.requests.get(number);
        let seen = self.answers.last_mut().ok_or("a head of nothing")?;
        if seen.code == 100 {
            let may = asked.is_some_and(|asked| asked.expects_go && asked.head_end <= came);
            let fields = seen.fields;
            self.answers.pop();
            self.place = Place::Status;
            if !may || fields > 0 || self.goes.contains(&number) {
                return Err(format!(
                    "a 100 Continue that nobody needs, at request {number}"
                ));
            }
            self.goes.push(number);
            return Ok(());
        }
        let asked = asked.ok_or("an answer that nobody asked for")?;
        seen.goes = self.goes.iter().filter(|&&go| go == number).count();
        if seen.dates != 1 || seen.servers != 1 {
            return Err(format!("{} dates, {} servers", seen.dates, seen.servers));
        }
        // Of a head that was cut short, the server may not know even that.
        let to_head = asked.to_head && came >= asked.start + b"HEAD ".len();
        seen.has_body = !(to_head || matches!(seen.code, 101 | 204 | 304));
        let has_switched = seen.code == 101;
        if has_switched != (seen.says == Says::Upgrade) || seen.says == Says::Nothing {
            return Err(format!("a {} that says {:?}", seen.code, seen.says));
        }
        let forbids_length = matches!(seen.code, 101 | 204);
        if seen.length.is_some() && (seen.is_chunked || forbids_length) {
            return Err("a length where none may be".to_owned());
        }
        if seen.is_chunked && (asked.is_old && came >= asked.head_end || !seen.has_body) {
            return Err("chunks for a client that cannot read them".to_owned());
        }
        seen.is_open = seen.has_body && seen.length.is_none() && !seen.is_chunked;
        if seen.is_open && (seen.says != Says::Close || !asked.is_old) {
            return Err("a body without an end".to_owned());
        }
        self.place = match (seen.has_body, seen.is_chunked, seen.length) {
            (false, ..) => Place::Length(0),
            (true, true, _) => Place::ChunkSize,
            (true, false, Some(length)) => Place::Length(length),
            (true, false, None) => Place::UntilClose,
        };
        Ok(())
    }

    fn finish(&mut self) {
        self.complete += 1;
        self.place = Place::Status;
        if let Some(seen) = self.answers.last_mut() {
            seen.end = Some(self.position);
            if seen.says != Says::Stay {
                self.place = Place::Nothing;
            }
        }
    }
}
