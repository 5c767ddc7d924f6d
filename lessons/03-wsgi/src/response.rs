//! The answer as bytes: a state machine between the application and the connection.

// ANCHOR: imports
use lesson02::Page;

use crate::start_response::{StartError, check_header, check_status};
// ANCHOR_END: imports

// ANCHOR: response
/// Turns what the application says into the bytes of an answer, and keeps account of them.
///
/// It never touches a socket: bytes collect in `out` until the caller has sent them.
pub struct Response<'o> {
    out: &'o mut Vec<u8>,
    wire: &'o mut dyn Wire,
    stage: Stage,
    to_head: bool,
    code: u16,
    has_date: bool,
    has_server: bool,
    /// The `Content-Length` that was announced, by the application or by us.
    length: Option<u64>,
    /// Bytes of the body so far.
    sent: u64,
    /// Whether only the end of the connection will end the body.
    ends_with_connection: bool,
}

/// What depends on what becomes of the connection after an answer.
///
/// Here it is closed, so a body without a length can end where the connection ends
/// ([`UntilClose`]). A server that keeps connections has its own way.
pub trait Wire {
    /// Appends the lines that end a head. Tells whether only the end of the connection will end
    /// the body.
    fn end_head(&mut self, body: Extent, out: &mut Vec<u8>) -> bool;

    /// Appends a piece of the body, which is not empty.
    fn piece(&mut self, data: &[u8], out: &mut Vec<u8>);

    /// Appends what ends the body.
    fn end_body(&mut self, out: &mut Vec<u8>);
}

/// What a client can know of the end of a body when it has the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// There is none, whatever the head says: the status or the method forbids it.
    Nothing,
    /// `Content-Length` says it.
    Announced,
    /// Nothing says it.
    Open,
}

/// The connection ends with the answer, and so does its body.
#[derive(Clone, Copy, Debug)]
pub struct UntilClose;

impl Wire for UntilClose {
    fn end_head(&mut self, body: Extent, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(b"Connection: close\r\n\r\n");
        body == Extent::Open
    }

    fn piece(&mut self, data: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(data);
    }

    fn end_body(&mut self, _out: &mut Vec<u8>) {}
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// `start_response` has not been called.
    Silent,
    /// Status and headers are stored, and can be replaced.
    Begun,
    /// The head is final: its bytes may have left.
    Committed,
    /// The body is over as well.
    Ended,
}

/// What the server adds to every head.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'s> {
    /// The current time.
    pub date: &'s str,
    /// The name of the server's software.
    pub software: &'s str,
}

/// Whether the body was as long as its head had said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// It was, or the head had said nothing.
    Balanced,
    /// Bytes are missing: only closing the connection can tell the client.
    Short,
}
// ANCHOR_END: response

// ANCHOR: begin
impl<'o> Response<'o> {
    /// An answer that collects in `out` and goes over `wire`; `to_head` if the method was `HEAD`.
    pub fn new(out: &'o mut Vec<u8>, wire: &'o mut dyn Wire, to_head: bool) -> Response<'o> {
        out.clear();
        Response {
            out,
            wire,
            stage: Stage::Silent,
            to_head,
            code: 0,
            has_date: false,
            has_server: false,
            length: None,
            sent: 0,
            ends_with_connection: false,
        }
    }

    /// Stores status and headers. Nothing may be sent yet (PEP 3333): an error can still replace
    /// them. If they are refused, nothing is stored.
    pub fn begin(&mut self, status: &str, headers: &[(&str, &str)]) -> Result<(), StartError> {
        let stored = self.store(status, headers);
        match stored {
            Ok(()) => self.stage = Stage::Begun,
            Err(_) => self.out.clear(),
        }
        stored
    }

    fn store(&mut self, status: &str, headers: &[(&str, &str)]) -> Result<(), StartError> {
        self.code = check_status(status)?;
        self.append(&["HTTP/1.1 ", status, "\r\n"]);
        for (name, value) in headers {
            check_header(name, value)?;
            if name.eq_ignore_ascii_case("content-length") {
                self.announce(value)?;
                if self.has_no_length() {
                    continue;
                }
            }
            self.has_date |= name.eq_ignore_ascii_case("date");
            self.has_server |= name.eq_ignore_ascii_case("server");
            self.append(&[name, ": ", value, "\r\n"]);
        }
        Ok(())
    }

    fn announce(&mut self, value: &str) -> Result<(), StartError> {
        let wrong = || StartError::ContentLength(value.to_owned());
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if self.length.is_some() || !digits {
            return Err(wrong());
        }
        self.length = Some(value.parse().map_err(|_| wrong())?);
        Ok(())
    }

    /// Appends text as Latin-1, which is what headers are made of. The checks have refused
    /// characters beyond it.
    fn append(&mut self, pieces: &[&str]) {
        for piece in pieces {
            if piece.is_ascii() {
                self.out.extend_from_slice(piece.as_bytes());
            } else {
                self.out
                    .extend(piece.chars().map(|char| u8::try_from(char).unwrap_or(b'?')));
            }
        }
    }

    fn has_no_body(&self) -> bool {
        is_without_body(self.code)
    }

    /// A 204 has no `Content-Length` (RFC 9110 §8.6), and the one of a 205 is ours.
    fn has_no_length(&self) -> bool {
        matches!(self.code, 204 | 205)
    }
}
/// 204 and 304 end with their head (RFC 9110 §6.4.1); 205 has no content either (§15.3.6).
fn is_without_body(code: u16) -> bool {
    matches!(code, 204 | 205 | 304)
}
// ANCHOR_END: begin

// ANCHOR: commit
impl Response<'_> {
    /// Whether `start_response` was called with success.
    pub fn is_begun(&self) -> bool {
        self.stage != Stage::Silent
    }

    /// Whether it is too late to replace the answer.
    pub fn is_committed(&self) -> bool {
        matches!(self.stage, Stage::Committed | Stage::Ended)
    }

    /// Whether the client will see any bytes of a body.
    pub fn wants_body(&self) -> bool {
        !self.to_head && !self.has_no_body()
    }

    /// Makes the head final. `length` is the whole body's, where it is known.
    ///
    /// Without a length the end of the body is the end of the connection.
    pub fn commit(&mut self, stamp: Stamp<'_>, length: Option<u64>) {
        if self.is_committed() {
            return;
        }
        self.stage = Stage::Committed;
        if !self.has_date {
            self.append(&["Date: ", stamp.date, "\r\n"]);
        }
        if !self.has_server {
            self.append(&["Server: ", stamp.software, "\r\n"]);
        }
        if self.code == 205 {
            self.append(&["Content-Length: 0\r\n"]);
        } else if let (None, Some(length), false) = (self.length, length, self.has_no_body()) {
            self.length = Some(length);
            self.append(&["Content-Length: ", Digits::of(length).text(), "\r\n"]);
        }
        let extent = match (self.wants_body(), self.length) {
            (false, _) => Extent::Nothing,
            (true, Some(_)) => Extent::Announced,
            (true, None) => Extent::Open,
        };
        self.ends_with_connection = self.wire.end_head(extent, self.out);
    }

    /// Adds a piece of the body, and says how much of it was surplus: a body never grows beyond
    /// its announced length, where the client would take the rest for another answer.
    pub fn push(&mut self, data: &[u8]) -> usize {
        let room = self.length.map_or(u64::MAX, |length| length - self.sent);
        // What does not fit into memory's address space is not in `data` either.
        let taken = data.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        self.sent += taken as u64;
        if self.wants_body() && taken > 0 {
            self.wire.piece(&data[..taken], self.out);
        }
        data.len() - taken
    }

    /// Ends the answer, if its body is as long as was announced.
    pub fn finish(&mut self) -> Account {
        let owed = self.length.unwrap_or(self.sent);
        if self.wants_body() && self.sent < owed {
            return Account::Short;
        }
        if self.wants_body() && self.stage == Stage::Committed {
            self.wire.end_body(self.out);
        }
        self.stage = Stage::Ended;
        Account::Balanced
    }

    /// Whether the client has been given a whole answer.
    pub fn is_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Whether an end of the connection would look like the end of the answer, and is not.
    pub fn must_not_end_here(&self) -> bool {
        self.ends_with_connection && self.stage == Stage::Committed
    }

    /// Replaces everything that was begun; only possible before the head is final.
    pub fn replace(&mut self, page: &Page, stamp: Stamp<'_>) {
        // An application may have written the page. It goes the same way as everything that an
        // application says: what is no status, and what would break into the head, is not sent.
        let failed = Page::text("500 Internal Server Error", "500 Internal Server Error\n");
        let is_sound = check_status(&page.status).is_ok_and(|code| !is_without_body(code))
            && check_header("Content-Type", &page.content_type).is_ok();
        let page = if is_sound { page } else { &failed };
        self.out.clear();
        page.write(stamp.software, stamp.date, !self.to_head, self.out);
        self.stage = Stage::Committed;
        self.code = page.code().parse().unwrap_or(500);
        self.sent = page.body.len() as u64;
        self.length = Some(self.sent);
    }

    /// The bytes that wait to be sent.
    pub fn pending(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// The status code; 0 before `begin`.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The bytes of the body that the client was sent.
    pub fn body_bytes(&self) -> u64 {
        if self.wants_body() { self.sent } else { 0 }
    }
}
// ANCHOR_END: commit

// ANCHOR: digits
/// A number as text, without a visit to the heap.
pub(crate) struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    pub(crate) fn of(mut number: u64) -> Digits {
        let mut digits = Digits {
            bytes: [b'0'; 20],
            start: 19,
        };
        while number > 9 {
            digits.bytes[digits.start] += (number % 10) as u8;
            digits.start -= 1;
            number /= 10;
        }
        digits.bytes[digits.start] += number as u8;
        digits
    }

    pub(crate) fn text(&self) -> &str {
        // Digits are ASCII.
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or("0")
    }
}
// ANCHOR_END: digits

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp<'_> = Stamp {
        date: "DATE",
        software: "test",
    };

    /// The bytes of an answer with these status, headers and pieces, and its account.
    fn answer(
        to_head: bool,
        status: &str,
        headers: &[(&str, &str)],
        pieces: &[&str],
    ) -> (String, Account) {
        let mut out = Vec::new();
        let mut wire = UntilClose;
        let mut response = Response::new(&mut out, &mut wire, to_head);
        response.begin(status, headers).unwrap();
        response.commit(STAMP, None);
        pieces.iter().for_each(|piece| {
            response.push(piece.as_bytes());
        });
        let account = response.finish();
        (out.iter().copied().map(char::from).collect(), account)
    }

    #[test]
    fn missing_headers_are_added_and_those_of_the_application_stay() {
        let (bytes, _) = answer(false, "200 OK", &[("X-A", "é")], &["b"]);
        let head = "HTTP/1.1 200 OK\r\nX-A: é\r\nDate: DATE\r\nServer: test\r\n";
        assert_eq!(bytes, format!("{head}Connection: close\r\n\r\nb"));
        let own = [("date", "now"), ("SERVER", "mine"), ("Content-Length", "1")];
        let (bytes, _) = answer(false, "200 OK", &own, &["b"]);
        let head = "HTTP/1.1 200 OK\r\ndate: now\r\nSERVER: mine\r\nContent-Length: 1\r\n";
        assert_eq!(bytes, format!("{head}Connection: close\r\n\r\nb"));
    }

    #[test]
    fn a_body_never_grows_beyond_its_announced_length_and_a_short_one_is_noticed() {
        let four = [("Content-Length", "4")];
        let (bytes, account) = answer(false, "200 OK", &four, &["abc", "def"]);
        assert!(bytes.ends_with("\r\n\r\nabcd"), "{bytes}");
        assert_eq!(account, Account::Balanced);
        let (_, account) = answer(false, "200 OK", &four, &["abc"]);
        assert_eq!(account, Account::Short);
        let mut out = Vec::new();
        let mut wire = UntilClose;
        let mut response = Response::new(&mut out, &mut wire, false);
        response.begin("200 OK", &four).unwrap();
        assert_eq!([response.push(b"abc"), response.push(b"def")], [0, 2]);
    }

    #[test]
    fn answers_without_a_body_have_none() {
        let four = [("Content-Length", "4")];
        let (bytes, account) = answer(true, "200 OK", &four, &["abcd"]);
        assert!(bytes.contains("Content-Length: 4\r\n") && bytes.ends_with("\r\n\r\n"));
        assert_eq!(account, Account::Balanced);
        let (bytes, _) = answer(false, "204 No Content", &four, &["abcd"]);
        assert!(
            !bytes.contains("Content-Length") && bytes.ends_with("\r\n\r\n"),
            "{bytes}"
        );
        let (bytes, account) = answer(false, "304 Not Modified", &four, &[]);
        assert!(bytes.contains("Content-Length: 4\r\n") && bytes.ends_with("\r\n\r\n"));
        assert_eq!(account, Account::Balanced);
        let (bytes, _) = answer(false, "205 Reset Content", &four, &["abcd"]);
        assert!(bytes.contains("Content-Length: 0\r\n") && bytes.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_refused_head_leaves_nothing_behind() {
        let mut out = Vec::new();
        let mut wire = UntilClose;
        let mut response = Response::new(&mut out, &mut wire, false);
        let twice = [("Content-Length", "1"), ("content-length", "1")];
        assert!(response.begin("200 OK", &twice).is_err());
        assert!(!response.is_begun() && response.pending().is_empty());
        for value in ["", "-1", "1 ", "99999999999999999999"] {
            let mut response = Response::new(&mut out, &mut wire, false);
            let refused = response.begin("200 OK", &[("Content-Length", value)]);
            assert_eq!(refused, Err(StartError::ContentLength(value.to_owned())));
        }
    }

    #[test]
    fn a_page_replaces_what_was_begun() {
        let mut out = Vec::new();
        let mut wire = UntilClose;
        let mut response = Response::new(&mut out, &mut wire, false);
        response.begin("200 OK", &[("X-Old", "1")]).unwrap();
        response.replace(&Page::text("500 Oops", "err"), STAMP);
        assert_eq!((response.code(), response.body_bytes()), (500, 3));
        let bytes = String::from_utf8(out).unwrap();
        assert!(
            bytes.starts_with("HTTP/1.1 500 Oops\r\n") && !bytes.contains("X-Old"),
            "{bytes}"
        );
    }

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for number in [0, 7, 10, 99, 1234, u64::MAX] {
            assert_eq!(Digits::of(number).text(), number.to_string());
        }
    }
}
