//! The request target: its four forms, its path and its query, and the rules for hosts.

// ANCHOR: imports
use std::borrow::Cow;
use std::ops::Range;

use crate::Fault;
use crate::token::ByteSet;
// ANCHOR_END: imports

// ANCHOR: target
/// Where the parts of a request target lie, counted from its first byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Whether it begins with `https://`.
    pub is_https: bool,
    /// Host and port in a target like `http://host:port/path`; it overrides the `Host` field.
    pub authority: Option<Range<usize>>,
    /// The path, still percent-encoded; empty for `*` and for `http://host`.
    pub path: Range<usize>,
    /// What follows the first `?`; empty if there is none.
    pub query: Range<usize>,
}

impl Target {
    /// Takes a target apart (RFC 9112 §3.2).
    ///
    /// The query is split off before anything is decoded: in `/a%3Fb?c` the path is `/a?b`.
    pub fn parse(method: &[u8], target: &[u8]) -> Result<Target, Fault> {
        if method == b"CONNECT" {
            return Err(Fault::Connect);
        }
        if target == b"*" {
            return if method == b"OPTIONS" {
                Ok(Target::default())
            } else {
                Err(Fault::Asterisk)
            };
        }
        if target.contains(&b'#') {
            return Err(Fault::Fragment);
        }
        // Stricter than browsers would like if we followed RFC 3986 to the letter: they send
        // `|` and `{` in a query as they are. Bytes outside of ASCII are always encoded.
        if !target.iter().all(u8::is_ascii_graphic) {
            return Err(Fault::Target);
        }
        let is_https = has_scheme(target, b"https://");
        let authority = authority_of(target)?;
        let path_start = authority.as_ref().map_or(0, |range| range.end);
        let path_end = find(target, path_start, |byte| byte == b'?');
        let path = path_start..path_end;
        check_escapes(&target[path.clone()])?;
        let query = (path_end + 1).min(target.len())..target.len();
        Ok(Target {
            is_https,
            authority,
            path,
            query,
        })
    }
}

/// The authority of `http://authority/path`; `None` for `/path`.
fn authority_of(target: &[u8]) -> Result<Option<Range<usize>>, Fault> {
    if target.starts_with(b"/") {
        return Ok(None);
    }
    let start = match () {
        () if has_scheme(target, b"http://") => 7,
        () if has_scheme(target, b"https://") => 8,
        () => return Err(Fault::Target),
    };
    let end = find(target, start, |byte| matches!(byte, b'/' | b'?'));
    match is_host(&target[start..end]) {
        true => Ok(Some(start..end)),
        false => Err(Fault::Host),
    }
}

fn has_scheme(target: &[u8], scheme: &[u8]) -> bool {
    target
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// The position of the first byte from `start` on that `wanted` accepts, or the end.
fn find(bytes: &[u8], start: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[start..]
        .iter()
        .position(|&byte| wanted(byte))
        .map_or(bytes.len(), |at| start + at)
}
// ANCHOR_END: target

// ANCHOR: escapes
/// Every `%` of a path must be followed by two hexadecimal digits, and `%00` is refused: a byte
/// that ends strings in C has no business in the name of a resource.
fn check_escapes(path: &[u8]) -> Result<(), Fault> {
    let mut rest = path;
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        match escaped_byte(&rest[at + 1..]) {
            Some(0) => return Err(Fault::NulInPath),
            Some(_) => rest = &rest[at + 3..],
            None => return Err(Fault::Escape),
        }
    }
    Ok(())
}

/// The byte that two hexadecimal digits at the start of `digits` stand for.
fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let value = |byte: &u8| char::from(*byte).to_digit(16);
    // Two hexadecimal digits are at most 255.
    Some((value(digits.first()?)? * 16 + value(digits.get(1)?)?) as u8)
}

/// Replaces `%41` by `A`. What is not an escape stays as it is, and so does `+`: only forms give
/// it a meaning.
pub fn percent_decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, escaped_byte(after)) {
            (b'%', Some(value)) => {
                decoded.push(value);
                rest = &after[2..];
            }
            _ => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}
// ANCHOR_END: escapes

// ANCHOR: host
/// Whether this is a host with an optional port (RFC 3986 §3.2.2), and not empty: an `http` URI
/// without a host is invalid (RFC 9110 §4.2.1).
pub fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.iter().rposition(|&byte| byte == b':') {
        // The colons of an IPv6 address stand inside of brackets.
        Some(colon) if !text.ends_with(b"]") => (&text[..colon], &text[colon + 1..]),
        _ => (text, &b""[..]),
    };
    let port_ok = port.iter().all(u8::is_ascii_digit)
        && (port.is_empty() || ascii(port).parse::<u16>().is_ok());
    let inner = host
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"]"));
    let host_ok = match inner {
        Some(literal) => ascii(literal).parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && NAME_BYTES.has_all(host) && check_escapes(host).is_ok(),
    };
    port_ok && host_ok
}

/// The bytes of a registered name (RFC 3986 §3.2.2).
const NAME_BYTES: ByteSet = ByteSet::letters_digits_and(b"-._~!$&'()*+,;=%");

fn ascii(text: &[u8]) -> &str {
    // Text that is not ASCII is no number and no address, and neither is nothing.
    std::str::from_utf8(text).unwrap_or("")
}
// ANCHOR_END: host

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(target: &str) -> Result<(Option<&str>, &str, &str), Fault> {
        let parsed = Target::parse(b"GET", target.as_bytes())?;
        Ok((
            parsed.authority.map(|range| &target[range]),
            &target[parsed.path],
            &target[parsed.query],
        ))
    }

    #[test]
    fn origin_form_is_split_at_the_first_question_mark() {
        assert_eq!(parts("/"), Ok((None, "/", "")));
        assert_eq!(parts("/a/b?c=d?e&f"), Ok((None, "/a/b", "c=d?e&f")));
        assert_eq!(parts("/a?"), Ok((None, "/a", "")));
        assert_eq!(parts("/a%3Fb?c"), Ok((None, "/a%3Fb", "c")));
        assert_eq!(parts("//a"), Ok((None, "//a", "")));
    }

    #[test]
    fn absolute_form_carries_its_own_host() {
        assert_eq!(
            parts("http://h:80/one?two"),
            Ok((Some("h:80"), "/one", "two"))
        );
        assert_eq!(parts("HTTP://h"), Ok((Some("h"), "", "")));
        assert_eq!(parts("https://h/"), Ok((Some("h"), "/", "")));
        assert_eq!(
            Target::parse(b"GET", b"HTTPS://h").map(|target| target.is_https),
            Ok(true)
        );
        assert_eq!(parts("http://h?q"), Ok((Some("h"), "", "q")));
        assert_eq!(parts("http:///x"), Err(Fault::Host));
        assert_eq!(parts("http://user@h/"), Err(Fault::Host));
        assert_eq!(parts("ftp://h/"), Err(Fault::Target));
    }

    #[test]
    fn other_forms_belong_to_other_methods() {
        assert_eq!(parts("*"), Err(Fault::Asterisk));
        assert!(Target::parse(b"OPTIONS", b"*").is_ok());
        assert_eq!(Target::parse(b"CONNECT", b"h:443"), Err(Fault::Connect));
        assert_eq!(parts("h:443"), Err(Fault::Target));
        assert_eq!(parts("index.html"), Err(Fault::Target));
    }

    #[test]
    fn bytes_that_no_target_has_are_refused() {
        assert_eq!(parts("/a#b"), Err(Fault::Fragment));
        assert_eq!(parts("/é"), Err(Fault::Target));
        assert_eq!(parts("/%4"), Err(Fault::Escape));
        assert_eq!(parts("/%zz"), Err(Fault::Escape));
        assert_eq!(parts("/%00"), Err(Fault::NulInPath));
        assert_eq!(parts("/a?%zz"), Ok((None, "/a", "%zz")));
    }

    #[test]
    fn decoding_touches_escapes_only() {
        assert_eq!(
            percent_decode(b"/a+b%20c%E2%82%AC%zz%"),
            "/a+b c€%zz%".as_bytes()
        );
        assert!(matches!(percent_decode(b"/plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn hosts_are_names_or_addresses_with_an_optional_port() {
        for good in [
            "a",
            "a.b:80",
            "127.0.0.1:8888",
            "[::1]",
            "[::1]:80",
            "h:",
            "a_b",
            "%41",
        ] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "", ":80", "a b", "a/b", "a@b", "[::1", "::1", "a:b", "a:65536", "[x]", "é", "%4",
            "a,b c",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }
}
