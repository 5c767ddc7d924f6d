//! The answer as bytes: a state machine between the application and the connection.

// ANCHOR: imports
use lesson02::Page;

use crate::start_response::{StartError, check_header, check_status};
use crate::{BodyEnd, Stamp, Wire};
// ANCHOR_END: imports

// ANCHOR: draft
/// The draft of an answer: turns what the application says into bytes, and keeps account of them.
///
/// Until it is committed, it can be replaced. It never touches a socket: every method appends to
/// `out`, and the caller sends it.
#[derive(Debug)]
pub struct Draft<W> {
    wire: W,
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
// ANCHOR_END: draft

// ANCHOR: begin
impl<W: Wire> Draft<W> {
    /// An answer that goes over `wire`; `to_head` if the method was `HEAD`.
    pub fn new(wire: W, to_head: bool) -> Draft<W> {
        Draft {
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
    pub fn begin(
        &mut self,
        status: &str,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Result<(), StartError> {
        let stored = self.store(status, headers, out);
        match stored {
            Ok(()) => self.stage = Stage::Begun,
            Err(_) => out.clear(),
        }
        stored
    }

    fn store(
        &mut self,
        status: &str,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Result<(), StartError> {
        self.code = check_status(status)?;
        if self.code == SWITCHING && !self.wire.may_upgrade() {
            return Err(StartError::Upgrade);
        }
        append("HTTP/1.1 ", status, "\r\n", out);
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
            out.extend_from_slice(name.as_bytes());
            append(": ", value, "\r\n", out);
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

    fn has_no_body(&self) -> bool {
        is_without_body(self.code)
    }

    /// A 204 has no `Content-Length` (RFC 9110 §8.6), nor has a 101, and the one of a 205 is ours.
    fn has_no_length(&self) -> bool {
        matches!(self.code, SWITCHING | 204 | 205)
    }
}

/// Another protocol follows (RFC 9110 §15.2.2).
const SWITCHING: u16 = 101;

/// 204 and 304 end with their head (RFC 9110 §6.4.1); 205 has no content either (§15.3.6).
fn is_without_body(code: u16) -> bool {
    matches!(code, SWITCHING | 204 | 205 | 304)
}

/// Appends text as Latin-1, which is what headers are made of, between two pieces of ours. The
/// checks have refused characters beyond it.
fn append(before: &str, text: &str, after: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(before.as_bytes());
    match text.is_ascii() {
        true => out.extend_from_slice(text.as_bytes()),
        false => out.extend(text.chars().map(|char| u8::try_from(char).unwrap_or(b'?'))),
    }
    out.extend_from_slice(after.as_bytes());
}

/// Appends a number, without the machinery that `write!` keeps for wishes that we do not have.
fn append_number(mut number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break out[start..].reverse();
        }
    }
}
// ANCHOR_END: begin

// ANCHOR: commit
impl<W: Wire> Draft<W> {
    /// Makes the head final. `length` is the whole body's, where it is known, and `unread` what
    /// is still to come of the request.
    ///
    /// Without a length the end of the body is for the wire to show.
    pub fn commit(
        &mut self,
        length: Option<u64>,
        unread: Option<u64>,
        stamp: Stamp<'_>,
        out: &mut Vec<u8>,
    ) {
        if self.is_committed() {
            return;
        }
        self.stamp(stamp, out);
        if self.code == 205 {
            out.extend_from_slice(b"Content-Length: 0\r\n");
        } else if let (None, Some(length), false) = (self.length, length, self.has_no_body()) {
            self.length = Some(length);
            out.extend_from_slice(b"Content-Length: ");
            append_number(length, out);
            out.extend_from_slice(b"\r\n");
        }
        let body = match (self.wants_body(), self.length) {
            (false, _) => BodyEnd::NoBody,
            (true, Some(_)) => BodyEnd::Announced,
            (true, None) => BodyEnd::Open,
        };
        self.ends_with_connection = self.wire.end_head(body, unread, stamp, out);
    }

    /// Makes the head of a switch to `protocol` final.
    pub fn commit_upgrade(&mut self, protocol: &str, stamp: Stamp<'_>, out: &mut Vec<u8>) {
        self.stamp(stamp, out);
        append(
            "Connection: Upgrade\r\nUpgrade: ",
            protocol,
            "\r\n\r\n",
            out,
        );
        self.stage = Stage::Ended;
    }

    fn stamp(&mut self, stamp: Stamp<'_>, out: &mut Vec<u8>) {
        self.stage = Stage::Committed;
        if !self.has_date {
            append("Date: ", stamp.date, "\r\n", out);
        }
        if !self.has_server {
            append("Server: ", stamp.software, "\r\n", out);
        }
        if self.code == 426 {
            // What the client should ask for (RFC 9110 §15.5.22).
            match stamp.policy.upgrades() {
                "" => {}
                names => append("Upgrade: ", names, "\r\nConnection: Upgrade\r\n", out),
            }
        }
    }

    /// Adds a piece of the body, and says how much of it was surplus: a body never grows beyond
    /// its announced length, where the client would take the rest for another answer.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<u8>) -> usize {
        let room = self.length.map_or(u64::MAX, |length| length - self.sent);
        // What does not fit into memory's address space is not in `data` either.
        let taken = data.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        self.sent += taken as u64;
        if self.wants_body() && taken > 0 {
            self.wire.piece(&data[..taken], out);
        }
        data.len() - taken
    }

    /// Ends the answer. Tells whether its body is as long as was announced; if it is shorter, only
    /// closing the connection can tell the client.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let owed = self.length.unwrap_or(self.sent);
        if self.wants_body() && self.sent < owed {
            return false;
        }
        if self.wants_body() && self.stage == Stage::Committed {
            self.wire.end_body(out);
        }
        self.stage = Stage::Ended;
        true
    }

    /// Replaces everything that was begun; only possible before the head is final.
    pub fn replace(&mut self, page: &Page, stamp: Stamp<'_>, out: &mut Vec<u8>) {
        // An application may have written the page. It goes the same way as everything that an
        // application says: what is no status, and what would break into the head, is not sent.
        let failed = Page::failure();
        let is_sound = check_status(&page.status).is_ok_and(|code| !is_without_body(code))
            && check_header("Content-Type", &page.content_type).is_ok()
            && page
                .fields
                .iter()
                .all(|(name, value)| check_header(name, value).is_ok());
        let page = if is_sound { page } else { &failed };
        out.clear();
        page.write(stamp.software, stamp.date, !self.to_head, out);
        self.stage = Stage::Ended;
        self.code = page.code().parse().unwrap_or(500);
        self.sent = page.body.len() as u64;
        self.length = Some(self.sent);
    }
}
// ANCHOR_END: commit

// ANCHOR: questions
impl<W> Draft<W> {
    /// What the answer goes over.
    pub fn wire(&self) -> &W {
        &self.wire
    }

    /// Whether `start_response` was called with success.
    pub fn is_begun(&self) -> bool {
        self.stage != Stage::Silent
    }

    /// Whether it is too late to replace the answer: its bytes may be sent.
    pub fn is_committed(&self) -> bool {
        matches!(self.stage, Stage::Committed | Stage::Ended)
    }

    /// Whether the client has been given a whole answer.
    pub fn is_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Whether an end of the connection would look like the end of the answer, and is not.
    pub fn must_not_end_here(&self) -> bool {
        self.ends_with_connection && self.stage == Stage::Committed
    }

    /// Whether the client will see any bytes of a body.
    pub fn wants_body(&self) -> bool {
        !self.to_head && !is_without_body(self.code)
    }

    /// Whether this is the head of a switch to another protocol.
    pub fn is_upgrade(&self) -> bool {
        self.code == SWITCHING
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
// ANCHOR_END: questions

#[cfg(test)]
mod tests {
    use super::*;

    use crate::UntilClose;

    const STAMP: Stamp<'_> = Stamp {
        date: "DATE",
        software: "test",
        policy: &UntilClose,
    };

    fn draft(to_head: bool) -> (Draft<UntilClose>, Vec<u8>) {
        (Draft::new(UntilClose, to_head), Vec::new())
    }

    /// The bytes of an answer with these status, headers and pieces, and whether it is whole.
    fn answer(
        to_head: bool,
        status: &str,
        headers: &[(&str, &str)],
        pieces: &[&str],
    ) -> (String, bool) {
        let (mut draft, mut out) = draft(to_head);
        draft.begin(status, headers, &mut out).unwrap();
        draft.commit(None, Some(0), STAMP, &mut out);
        pieces.iter().for_each(|piece| {
            draft.push(piece.as_bytes(), &mut out);
        });
        let is_whole = draft.finish(&mut out);
        (out.iter().copied().map(char::from).collect(), is_whole)
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
        let (bytes, is_whole) = answer(false, "200 OK", &four, &["abc", "def"]);
        assert!(bytes.ends_with("\r\n\r\nabcd"), "{bytes}");
        assert!(is_whole);
        let (_, is_whole) = answer(false, "200 OK", &four, &["abc"]);
        assert!(!is_whole);
        let (mut draft, mut out) = draft(false);
        draft.begin("200 OK", &four, &mut out).unwrap();
        let surplus = [&b"abc"[..], b"def"].map(|piece| draft.push(piece, &mut out));
        assert_eq!(surplus, [0, 2]);
    }

    #[test]
    fn answers_without_a_body_have_none() {
        let four = [("Content-Length", "4")];
        let (bytes, is_whole) = answer(true, "200 OK", &four, &["abcd"]);
        assert!(bytes.contains("Content-Length: 4\r\n") && bytes.ends_with("\r\n\r\n"));
        assert!(is_whole);
        let (bytes, _) = answer(false, "204 No Content", &four, &["abcd"]);
        assert!(
            !bytes.contains("Content-Length") && bytes.ends_with("\r\n\r\n"),
            "{bytes}"
        );
        let (bytes, is_whole) = answer(false, "304 Not Modified", &four, &[]);
        assert!(bytes.contains("Content-Length: 4\r\n") && bytes.ends_with("\r\n\r\n"));
        assert!(is_whole);
        let (bytes, _) = answer(false, "205 Reset Content", &four, &["abcd"]);
        assert!(bytes.contains("Content-Length: 0\r\n") && bytes.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_refused_head_leaves_nothing_behind() {
        let (mut draft, mut out) = draft(false);
        let twice = [("Content-Length", "1"), ("content-length", "1")];
        assert!(draft.begin("200 OK", &twice, &mut out).is_err());
        assert!(!draft.is_begun() && out.is_empty());
        for value in ["", "-1", "+1", "1 ", "99999999999999999999"] {
            let mut draft = Draft::new(UntilClose, false);
            let refused = draft.begin("200 OK", &[("Content-Length", value)], &mut out);
            assert_eq!(refused, Err(StartError::ContentLength(value.to_owned())));
        }
    }

    #[test]
    fn a_page_replaces_what_was_begun() {
        let (mut draft, mut out) = draft(false);
        draft.begin("200 OK", &[("X-Old", "1")], &mut out).unwrap();
        draft.replace(&Page::text("500 Oops", "err"), STAMP, &mut out);
        assert_eq!((draft.code(), draft.body_bytes()), (500, 3));
        let bytes = String::from_utf8(out).unwrap();
        assert!(
            bytes.starts_with("HTTP/1.1 500 Oops\r\n") && !bytes.contains("X-Old"),
            "{bytes}"
        );
    }

    #[test]
    fn numbers_are_written_as_the_library_writes_them() {
        for number in [0, 7, 9, 10, 99, 100, 101, 1234, 1000000, u64::MAX] {
            let mut out = Vec::new();
            append_number(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }

    #[test]
    fn a_switch_is_for_clients_that_ask_and_servers_that_can() {
        let (mut draft, mut out) = draft(false);
        let begun = draft.begin("101 Switching Protocols", &[], &mut out);
        assert_eq!(begun, Err(StartError::Upgrade));
        assert!(!draft.is_begun() && out.is_empty());
    }

    struct Upgrades(&'static str);

    impl crate::Policy for Upgrades {
        fn upgrades(&self) -> &str {
            self.0
        }
    }

    #[test]
    fn a_426_names_what_the_server_can_switch_to() {
        for (upgrades, expected) in [
            ("", "\r\nConnection: close\r\n"),
            ("tea", "\r\nUpgrade: tea\r\nConnection: Upgrade\r\n"),
        ] {
            let (mut draft, mut out) = draft(false);
            draft.begin("426 Upgrade Required", &[], &mut out).unwrap();
            let policy = &Upgrades(upgrades);
            let stamp = Stamp { policy, ..STAMP };
            draft.commit(Some(0), Some(0), stamp, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains(expected), "{text}");
            assert_eq!(text.contains("Upgrade: "), !upgrades.is_empty());
        }
    }
}
