//! From the bytes of a head to a request: a strict look at the request line, `httparse` for the
//! fields.

// ANCHOR: imports
use std::ops::Range;

use crate::framing::{Framing, FramingFields};
use crate::{Extent, Fault, Limits, MAX_FIELDS, Scanner, Target, Version, is_host, is_token_byte};
// ANCHOR_END: imports

// ANCHOR: head
/// A parsed head: no text, only where the text lies in the buffer.
///
/// Offsets instead of borrowed strings let head and buffer move to another thread together. A
/// server keeps one and parses each request into it, so that the list of fields is made once.
#[derive(Clone, Debug, Default)]
pub struct Head {
    method: Span,
    target: Span,
    parts: Target,
    version: Version,
    fields: Vec<Field>,
    framing: Framing,
    wishes: Wishes,
    expects_continue: bool,
    end: usize,
}

/// What the client says about its connection in the `Connection` fields (RFC 9110 §7.6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// It will not send another request.
    pub close: bool,
    /// It would like to, although its version does not say so by itself.
    pub keep_alive: bool,
    /// It would like to speak another protocol, which the `Upgrade` field names.
    pub upgrade: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Field {
    name: Span,
    value: Span,
}

impl Span {
    /// Where `part` lies in `whole`, of which it must be a slice.
    fn of(part: &[u8], whole: &[u8]) -> Span {
        let start = part.as_ptr().addr() - whole.as_ptr().addr();
        // A head is far smaller than 4 GiB: `Scanner` stops at `Limits::head_bytes`.
        Span {
            start: start as u32,
            end: (start + part.len()) as u32,
        }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}
// ANCHOR_END: head

// ANCHOR: parse
/// Parses the head at the start of `bytes`; `None` means that more bytes are needed.
///
/// This looks at everything again in each call. A server that receives a head in many pieces
/// keeps a [`Scanner`] between them and calls [`Head::parse`] once.
pub fn parse_head(bytes: &[u8], limits: &Limits) -> Result<Option<Head>, Fault> {
    match Scanner::default().scan(bytes, limits)? {
        Some(extent) => Head::parse(bytes, extent, limits).map(Some),
        None => Ok(None),
    }
}

impl Head {
    /// Parses a head whose extent is known.
    pub fn parse(bytes: &[u8], extent: Extent, limits: &Limits) -> Result<Head, Fault> {
        let mut head = Head::default();
        head.parse_into(bytes, extent, limits)?;
        Ok(head)
    }

    /// The same into a head that has been used before. After a fault there is nothing in it that
    /// could be of use.
    pub fn parse_into(
        &mut self,
        bytes: &[u8],
        extent: Extent,
        limits: &Limits,
    ) -> Result<(), Fault> {
        let line = &bytes[extent.start..extent.line_end];
        let (method, target, version) = request_line(line)?;
        self.parts = Target::parse(method, target)?;
        (self.method, self.target) = (Span::of(method, bytes), Span::of(target, bytes));
        self.version = version;
        self.end = extent.end;
        let lines = &bytes[extent.line_end + 2..extent.end];
        // Most heads are small, and a large table would have to be filled for each of them.
        let mut few = [httparse::EMPTY_HEADER; 16];
        match split_fields(lines, &mut few) {
            Err(Fault::TooManyFields) => {
                let mut many = [httparse::EMPTY_HEADER; MAX_FIELDS];
                let fields = split_fields(lines, &mut many)?;
                self.take_fields(bytes, fields, limits)
            }
            fields => self.take_fields(bytes, fields?, limits),
        }
    }

    /// Notes where the fields lie, and what those say that are ours to obey.
    fn take_fields(
        &mut self,
        bytes: &[u8],
        fields: &[httparse::Header],
        limits: &Limits,
    ) -> Result<(), Fault> {
        let mut hosts = Hosts::default();
        let mut framing = FramingFields::new(self.version);
        let mut typed = false;
        self.expects_continue = false;
        self.wishes = Wishes::default();
        self.fields.clear();
        for field in fields {
            let (name, value) = (field.name.as_bytes(), field.value);
            let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
            self.fields.push(Field {
                name: Span::of(name, bytes),
                value: Span::of(value, bytes),
            });
            // The length tells most names apart.
            match name.len() {
                4 if is(b"host") => hosts.add(value),
                6 if is(b"expect") && self.version == Version::Http11 => {
                    self.expects_continue = is_continue(value)?;
                }
                10 if is(b"connection") => self.wishes.add(value),
                12 if is(b"content-type") && std::mem::replace(&mut typed, true) => {
                    return Err(Fault::ManyContentTypes);
                }
                14 if is(b"content-length") => framing.add_length(value)?,
                17 if is(b"transfer-encoding") => framing.add_coding(value)?,
                _ => {}
            }
        }
        hosts.check(self.version)?;
        self.framing = framing.decide(limits)?;
        self.expects_continue &= self.framing != Framing::Empty;
        Ok(())
    }

    /// Whether this request may be made on such a connection: one for `https` needs security,
    /// and gets none where anybody can read along (RFC 9110 §7.4).
    pub fn suits(&self, is_secure: bool) -> Result<(), Fault> {
        match self.parts.is_https && !is_secure {
            true => Err(Fault::Misdirected),
            false => Ok(()),
        }
    }

    /// The head together with the buffer that it was parsed from.
    pub fn request<'b>(&'b self, buffer: &'b [u8]) -> Request<'b> {
        Request { head: self, buffer }
    }

    /// How long the body is.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// The version that the client speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What the client says about its connection.
    pub fn wishes(&self) -> Wishes {
        self.wishes
    }

    /// Whether the client will send nothing behind this request: it says so, or speaks HTTP/1.0
    /// and does not say otherwise.
    pub fn is_the_last(&self) -> bool {
        self.wishes.close || (self.version == Version::Http10 && !self.wishes.keep_alive)
    }

    /// Whether the client has sent exactly this request and nothing that is still unread, when
    /// `received` bytes have come and the body was left alone.
    pub fn is_all_of(&self, received: &[u8]) -> bool {
        let body = received.len().saturating_sub(self.end) as u64;
        match self.framing {
            Framing::Empty => body == 0,
            Framing::Length(length) => body == length,
            Framing::Chunked => false,
        }
    }

    /// The offset of the first byte after the head: of the body, if there is one.
    pub fn end(&self) -> usize {
        self.end
    }
}
// ANCHOR_END: parse

// ANCHOR: request_line
/// Takes a request line apart: three words, one space between them, nothing else.
fn request_line(line: &[u8]) -> Result<(&[u8], &[u8], Version), Fault> {
    let mut words = line.split(|&byte| byte == b' ');
    let (method, target, version) = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(method), Some(target), Some(version), None) => (method, target, version),
        (Some(_), Some(_), None, None) => return Err(Fault::NoVersion),
        _ => return Err(Fault::RequestLine),
    };
    if method.is_empty() || target.is_empty() {
        return Err(Fault::RequestLine);
    }
    if !method.iter().all(|&byte| is_token_byte(byte)) {
        return Err(Fault::Method);
    }
    if method.iter().any(u8::is_ascii_lowercase) {
        return Err(Fault::LowercaseMethod);
    }
    let version = match version {
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            if *major != b'1' {
                return Err(Fault::UnsupportedVersion);
            }
            Version::Http11
        }
        _ => return Err(Fault::Version),
    };
    Ok((method, target, version))
}
// ANCHOR_END: request_line

// ANCHOR: fields
/// Splits the fields with `httparse`, into `space`.
fn split_fields<'b, 's>(
    bytes: &'b [u8],
    space: &'s mut [httparse::Header<'b>],
) -> Result<&'s [httparse::Header<'b>], Fault> {
    match httparse::parse_headers(bytes, space) {
        Ok(httparse::Status::Complete((_, fields))) => Ok(fields),
        Err(httparse::Error::TooManyHeaders) => Err(Fault::TooManyFields),
        // The scanner has seen the end, so a partial head is not possible; if it were, the
        // request would be refused.
        Ok(httparse::Status::Partial) | Err(_) => Err(diagnose(bytes)),
    }
}

/// `httparse` says only that a field is wrong. The client is told what was wrong with it.
fn diagnose(fields: &[u8]) -> Fault {
    for (number, line) in fields.split(|&byte| byte == b'\n').enumerate() {
        match line.first() {
            Some(b' ' | b'\t') if number == 0 => return Fault::SpaceBeforeFields,
            Some(b' ' | b'\t') => return Fault::Folding,
            _ => {}
        }
        // A line without a colon is all name, and ends with CR.
        let name = line.split(|&byte| byte == b':').next().unwrap_or(line);
        if matches!(name.last(), Some(b' ' | b'\t')) {
            return Fault::SpaceBeforeColon;
        }
    }
    Fault::FieldName
}
// ANCHOR_END: fields

// ANCHOR: single_fields
/// What the `Host` fields of a request amount to (RFC 9112 §3.2).
#[derive(Default)]
struct Hosts {
    count: usize,
    last_is_valid: bool,
}

impl Hosts {
    fn add(&mut self, value: &[u8]) {
        self.last_is_valid = is_host(value);
        self.count += 1;
    }

    fn check(&self, version: Version) -> Result<(), Fault> {
        match self.count {
            0 if version == Version::Http10 => Ok(()),
            0 => Err(Fault::NoHost),
            1 if self.last_is_valid => Ok(()),
            1 => Err(Fault::Host),
            _ => Err(Fault::ManyHosts),
        }
    }
}

impl Wishes {
    /// Takes a `Connection` field: words with commas between, in any case. Several fields make
    /// one list.
    fn add(&mut self, value: &[u8]) {
        for word in value.split(|&byte| byte == b',') {
            let word = word.trim_ascii();
            self.close |= word.eq_ignore_ascii_case(b"close");
            self.keep_alive |= word.eq_ignore_ascii_case(b"keep-alive");
            self.upgrade |= word.eq_ignore_ascii_case(b"upgrade");
        }
    }
}

/// Whether an `Expect` field asks for `100 Continue`; it cannot ask for anything else.
fn is_continue(value: &[u8]) -> Result<bool, Fault> {
    match value.eq_ignore_ascii_case(b"100-continue") {
        true => Ok(true),
        false => Err(Fault::Expectation),
    }
}
// ANCHOR_END: single_fields

// ANCHOR: request
/// A request: a parsed head and the bytes it points into.
#[derive(Clone, Copy, Debug)]
pub struct Request<'b> {
    head: &'b Head,
    buffer: &'b [u8],
}

impl<'b> Request<'b> {
    /// The parsed head.
    pub fn head(&self) -> &'b Head {
        self.head
    }

    /// The method: upper-case letters, digits and a few signs.
    pub fn method(&self) -> &'b str {
        ascii(&self.buffer[self.head.method.range()])
    }

    /// The target as it was sent: visible ASCII.
    pub fn target(&self) -> &'b str {
        ascii(&self.buffer[self.head.target.range()])
    }

    /// The path, still percent-encoded.
    pub fn path(&self) -> &'b str {
        &self.target()[self.head.parts.path.clone()]
    }

    /// The query, as it was sent.
    pub fn query(&self) -> &'b str {
        &self.target()[self.head.parts.query.clone()]
    }

    /// The version that the client speaks.
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// Host and port as the client knows them: from the target, or else from the `Host` field.
    pub fn authority(&self) -> Option<&'b str> {
        match self.head.parts.authority.clone() {
            Some(range) => Some(&self.target()[range]),
            None => self.field("host").map(ascii),
        }
    }

    /// The fields in the order in which they came.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&'b str, &'b [u8])> + use<'b> {
        let buffer = self.buffer;
        self.head.fields.iter().map(move |field| {
            (
                ascii(&buffer[field.name.range()]),
                &buffer[field.value.range()],
            )
        })
    }

    /// The value of the first field with this name, in any case.
    pub fn field(&self, name: &str) -> Option<&'b [u8]> {
        self.fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether the client would like to go on in this protocol: an `Upgrade` field lists it, in
    /// any case (RFC 9110 §7.8).
    pub fn asks_for(&self, protocol: &str) -> bool {
        self.fields()
            .filter(|(field, _)| field.eq_ignore_ascii_case("upgrade"))
            .flat_map(|(_, value)| value.split(|&byte| byte == b','))
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(protocol.as_bytes()))
    }
}

/// Methods, targets, hosts and field names are ASCII: `Head::parse` has refused everything else.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
// ANCHOR_END: request

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Head, Fault> {
        let head = parse_head(head.as_bytes(), &Limits::default())?;
        Ok(head.expect("the head is complete"))
    }

    fn get(fields: &str) -> Result<Head, Fault> {
        parse(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
    }

    #[test]
    fn a_request_keeps_every_part_in_place() {
        let bytes =
            b"\r\nPOST /a%20b?c=d HTTP/1.1\r\nHost: h:1\r\nX-A:  1 \r\nx-a: \xff\r\n\r\nbody";
        let head = parse_head(bytes, &Limits::default()).unwrap().unwrap();
        let request = head.request(bytes);
        assert_eq!(request.method(), "POST");
        assert_eq!(request.target(), "/a%20b?c=d");
        assert_eq!((request.path(), request.query()), ("/a%20b", "c=d"));
        assert_eq!(request.version(), Version::Http11);
        assert_eq!(request.authority(), Some("h:1"));
        let fields: Vec<_> = request.fields().collect();
        assert_eq!(
            fields,
            [("Host", &b"h:1"[..]), ("X-A", b"1"), ("x-a", b"\xff")]
        );
        assert_eq!(request.field("X-a"), Some(&b"1"[..]));
        assert_eq!(&bytes[head.end()..], b"body");
    }

    #[test]
    fn the_upgrade_fields_list_the_protocols_that_the_client_asks_for() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: tea/2, Coffee\r\nupgrade: milk\r\n\r\n";
        let head = parse_head(bytes, &Limits::default()).unwrap().unwrap();
        let asks_for = |protocol| head.request(bytes).asks_for(protocol);
        assert!(asks_for("Tea/2") && asks_for("coffee") && asks_for("milk"));
        assert!(!asks_for("tea") && !asks_for("cof") && !asks_for(""));
    }

    #[test]
    fn a_request_line_has_three_words_and_one_space_between_them() {
        for (line, fault) in [
            ("GET /", Fault::NoVersion),
            ("GET", Fault::NoVersion),
            ("GET  / HTTP/1.1", Fault::RequestLine),
            ("GET / HTTP/1.1 ", Fault::RequestLine),
            (" GET / HTTP/1.1", Fault::RequestLine),
            ("GET  HTTP/1.1", Fault::RequestLine),
            ("G@T / HTTP/1.1", Fault::Method),
            ("get / HTTP/1.1", Fault::LowercaseMethod),
            ("GET / HTTP/2.0", Fault::UnsupportedVersion),
            ("GET / HTPP/1.1", Fault::Version),
            ("GET / http/1.1", Fault::Version),
            ("GET / HTTP/1", Fault::Version),
            ("GET / HTTP/1.10", Fault::Version),
            ("GET * HTTP/1.1", Fault::Asterisk),
            ("CONNECT a:1 HTTP/1.1", Fault::Connect),
        ] {
            let head = format!("{line}\r\nHost: a\r\n\r\n");
            assert_eq!(parse(&head).unwrap_err(), fault, "{line}");
        }
    }

    #[test]
    fn a_later_minor_version_counts_as_1_1_and_an_unknown_method_passes() {
        let head = parse("BREW / HTTP/1.2\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(head.version, Version::Http11);
        let old = "GET / HTTP/1.0\r\n\r\n";
        let head = parse(old).unwrap();
        assert_eq!(head.version(), Version::Http10);
        assert_eq!(head.request(old.as_bytes()).version(), Version::Http10);
    }

    #[test]
    fn the_connection_fields_are_one_list_of_wishes() {
        let wishes = |fields: &str| {
            let wishes = get(fields).unwrap().wishes();
            (wishes.close, wishes.keep_alive, wishes.upgrade)
        };
        assert_eq!(wishes(""), (false, false, false));
        let one = "Connection: Close, keep-alive\r\n";
        assert_eq!(wishes(one), (true, true, false));
        let two = "Connection: upgrade\r\nConnection: close\r\n";
        assert_eq!(wishes(two), (true, false, true));
        let words = "Connection: closed, up, keep\r\n";
        assert_eq!(wishes(words), (false, false, false));
    }

    #[test]
    fn a_wrong_field_gets_its_own_explanation() {
        for (fields, fault) in [
            ("A : b\r\n", Fault::SpaceBeforeColon),
            ("A\t: b\r\n", Fault::SpaceBeforeColon),
            ("A: b\r\n c\r\n", Fault::Folding),
            (": b\r\n", Fault::FieldName),
            ("A\r\n", Fault::FieldName),
            ("A B: c\r\n", Fault::FieldName),
            ("Ä: c\r\n", Fault::FieldName),
            ("Expect: tea\r\n", Fault::Expectation),
            (
                "Content-Type: a/b\r\ncontent-type: a/b\r\n",
                Fault::ManyContentTypes,
            ),
        ] {
            assert_eq!(get(fields).unwrap_err(), fault, "{fields:?}");
        }
        let folded_first = parse("GET / HTTP/1.1\r\n Host: a\r\n\r\n");
        assert_eq!(folded_first.unwrap_err(), Fault::SpaceBeforeFields);
    }

    #[test]
    fn a_field_that_decides_nothing_may_come_twice() {
        // As long a name as Content-Type, which may not.
        assert!(get("X-Request-Id: 1\r\nX-Some-Field: 1\r\nx-some-field: 2\r\n").is_ok());
    }

    #[test]
    fn a_request_is_all_there_when_its_body_is_and_nothing_more() {
        let is_all = |fields: &str, body: &str| {
            let bytes = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}");
            parse(&bytes).unwrap().is_all_of(bytes.as_bytes())
        };
        assert!(is_all("", "") && !is_all("", "G"));
        let four = "Content-Length: 4\r\n";
        assert!(is_all(four, "body") && !is_all(four, "bod") && !is_all(four, "body!"));
        let chunked = "Transfer-Encoding: chunked\r\n";
        assert!(!is_all(chunked, "") && !is_all(chunked, "0\r\n\r\n"));
    }

    #[test]
    fn exactly_one_valid_host_is_required() {
        let with = |hosts: &str| parse(&format!("GET / HTTP/1.1\r\n{hosts}\r\n"));
        assert_eq!(with("").unwrap_err(), Fault::NoHost);
        assert_eq!(
            with("Host: a\r\nHost: a\r\n").unwrap_err(),
            Fault::ManyHosts
        );
        assert_eq!(with("Host: a b\r\n").unwrap_err(), Fault::Host);
        assert_eq!(with("Host:\r\n").unwrap_err(), Fault::Host);
        let absolute = "GET http://b/one HTTP/1.1\r\nHost: a\r\n\r\n";
        let head = parse(absolute).unwrap();
        assert_eq!(head.request(absolute.as_bytes()).authority(), Some("b"));
        assert_eq!(head.request(absolute.as_bytes()).path(), "/one");
        let without = parse("GET http://b/one HTTP/1.1\r\n\r\n");
        assert_eq!(without.unwrap_err(), Fault::NoHost);
    }

    #[test]
    fn an_expectation_counts_in_http_1_1_and_with_a_body() {
        let expects = |text: &str| parse(text).unwrap().expects_continue();
        let tail = "Host: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n";
        assert!(expects(&format!("POST / HTTP/1.1\r\n{tail}")));
        assert!(!expects(&format!("POST / HTTP/1.0\r\n{tail}")));
        assert!(!expects(
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"
        ));
    }
}
