//! `start_response`: the application says how its answer begins, once.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use lesson02::is_token_byte;
// ANCHOR_END: imports

// ANCHOR: start_response
/// The callable that PEP 3333 names `start_response`.
///
/// Python can only say in words that it is called once. Here [`StartResponse::begin`] takes
/// `self`, so a second call does not compile:
///
/// ```compile_fail
/// # use lesson03::*;
/// fn twice(_: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
///     start_response.begin("200 OK", &[])?;
///     start_response.begin("200 OK", &[])?; // use of moved value
///     Ok(Body::Empty)
/// }
/// ```
///
/// Two lifetimes: `'a` is the callback's, `'w` that of the writer it returns, which a middleware
/// passes on after its own callback is gone.
pub struct StartResponse<'a, 'w> {
    begin: &'a mut Begin<'a, 'w>,
}

/// What stands behind a [`StartResponse`]: a server's callback, or a middleware's.
pub type Begin<'a, 'w> = dyn FnMut(&str, &[(&str, &str)]) -> Result<Writer<'w>, StartError> + 'a;

impl<'a, 'w> StartResponse<'a, 'w> {
    /// A `StartResponse` that hands its arguments to `begin`: for servers, and for middleware
    /// that wants to see or change status and headers on their way.
    pub fn new(begin: &'a mut Begin<'a, 'w>) -> StartResponse<'a, 'w> {
        StartResponse { begin }
    }

    /// Begins the answer with a status such as `200 OK` and the headers.
    ///
    /// Nothing is sent yet: until the first byte of the body, an error can still replace it all.
    pub fn begin(self, status: &str, headers: &[(&str, &str)]) -> Result<Writer<'w>, StartError> {
        (self.begin)(status, headers)
    }
}
// ANCHOR_END: start_response

// ANCHOR: writer
/// The `write` callable of PEP 3333, for an application that wants to send before it returns.
///
/// What is written goes out at once, before everything in the body that is returned later. An
/// application that answers while it still reads its request needs it; most do not.
pub struct Writer<'w> {
    sink: &'w dyn Sink,
}

/// Where a [`Writer`] writes to.
pub trait Sink {
    /// Sends all of `data`.
    fn write(&self, data: &[u8]) -> io::Result<()>;
}

impl<'w> Writer<'w> {
    /// A writer into `sink`.
    pub fn new(sink: &'w dyn Sink) -> Writer<'w> {
        Writer { sink }
    }
}

impl io::Write for Writer<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.sink.write(data)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // Nothing is ever kept back.
    }
}
// ANCHOR_END: writer

// ANCHOR: start_error
/// Why an answer may not begin like this. The application gets it as an error from `begin`,
/// while its stack still shows who is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// Not three digits from 200 on, a space and a reason.
    Status(String),
    /// A name that is not a token.
    HeaderName(String),
    /// A value with a control character, which could end the header and begin another one, or
    /// with a character beyond Latin-1, which no header can carry.
    HeaderValue(String),
    /// A header about the connection, which belongs to the server.
    HopByHop(String),
    /// A `Content-Length` that is not a number, or a second one.
    ContentLength(String),
    /// A switch to another protocol that the client has not asked for, or this server cannot do.
    Upgrade,
}

impl Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Status(status) => {
                write!(
                    out,
                    "status {status:?} is not three digits (200 to 599, or 101), a space, a reason"
                )
            }
            StartError::HeaderName(name) => write!(out, "header name {name:?} is not a token"),
            StartError::HeaderValue(name) => {
                write!(
                    out,
                    "the value of header {name} has a character that no header may have"
                )
            }
            StartError::HopByHop(name) => {
                write!(
                    out,
                    "header {name} is about the connection, which is the server's"
                )
            }
            StartError::ContentLength(value) => {
                write!(
                    out,
                    "Content-Length {value:?} is not a number, or not the only one"
                )
            }
            StartError::Upgrade => out.write_str(
                "status 101 needs a client that asks for another protocol and a server that has it",
            ),
        }
    }
}

impl Error for StartError {}
// ANCHOR_END: start_error

// ANCHOR: checks
/// Checks a status line's code and reason, and returns the code.
///
/// Of the codes below 200 only 101 is an answer; the others announce one, which is the server's.
pub fn check_status(status: &str) -> Result<u16, StartError> {
    let wrong = || StartError::Status(status.to_owned());
    let (code, reason) = status.split_at_checked(3).ok_or_else(wrong)?;
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    let number = code
        .parse()
        .ok()
        .filter(|code| (*code == 101 || (200..600).contains(code)) && digits);
    match reason.strip_prefix(' ') {
        Some(text) if !text.starts_with(' ') && text.chars().all(is_field_char) => {
            number.ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// Checks one header of an answer (PEP 3333, "The `start_response()` Callable").
pub fn check_header(name: &str, value: &str) -> Result<(), StartError> {
    const HOP_BY_HOP: [&str; 9] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    ];
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(StartError::HeaderName(name.to_owned()));
    }
    if HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
        return Err(StartError::HopByHop(name.to_owned()));
    }
    // Most values are plain ASCII, which is looked at faster.
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !value.chars().all(is_field_char) {
        return Err(StartError::HeaderValue(name.to_owned()));
    }
    Ok(())
}

/// Latin-1 without the control characters of ASCII.
fn is_field_char(char: char) -> bool {
    u32::from(char) <= 0xff && !char.is_ascii_control()
}
// ANCHOR_END: checks

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_three_digits_a_space_and_a_reason() {
        assert_eq!(check_status("200 OK"), Ok(200));
        assert_eq!(check_status("404 Not Found"), Ok(404));
        assert_eq!(check_status("299 "), Ok(299));
        assert_eq!(check_status("101 Switching Protocols"), Ok(101));
        for wrong in [
            "",
            "200",
            "20 OK",
            "200OK",
            "200  OK",
            "+20 OK",
            "600 No",
            "100 Continue",
            "103 Early Hints",
            "200 O\r\nX: y",
            "2é0 OK",
        ] {
            assert!(check_status(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_header_cannot_smuggle_another_one() {
        assert_eq!(check_header("X-A", "b é"), Ok(()));
        for (name, value) in [("X A", ""), ("", ""), ("X:", ""), ("X\r\nY", ""), ("Ä", "")] {
            assert!(
                matches!(check_header(name, value), Err(StartError::HeaderName(_))),
                "{name:?}"
            );
        }
        for value in ["a\r\nX: y", "a\nb", "\0", "a\tb", "\u{7f}", "€"] {
            let checked = check_header("X", value);
            assert!(
                matches!(checked, Err(StartError::HeaderValue(_))),
                "{value:?}"
            );
        }
    }

    #[test]
    fn headers_about_the_connection_are_refused_in_any_case() {
        for name in [
            "Connection",
            "KEEP-ALIVE",
            "Proxy-Authenticate",
            "proxy-authorization",
            "te",
            "Trailer",
            "Trailers",
            "Transfer-Encoding",
            "Upgrade",
        ] {
            assert_eq!(
                check_header(name, "x"),
                Err(StartError::HopByHop(name.to_owned()))
            );
        }
    }
}
