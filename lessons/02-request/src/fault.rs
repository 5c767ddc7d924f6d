//! What a client can get wrong, and what it is told.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
// ANCHOR_END: imports

// ANCHOR: fault
/// What was wrong with a request.
///
/// A fault is the client's and gets an answer. An [`std::io::Error`] is the connection's and
/// cannot be answered. Keeping them apart in types keeps a server from closing silently on a
/// client that could have been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // `explanation` says it, to the client and to you.
pub enum Fault {
    // The bytes of the head.
    BareLineFeed,
    BareCarriageReturn,
    ControlByte,
    LooksLikeTls,
    EmptyLines,
    HeadTooLarge,
    LineTooLong,
    TargetTooLong,
    TooManyFields,
    HeadTimeout,
    Incomplete,
    // The request line.
    RequestLine,
    NoVersion,
    Version,
    UnsupportedVersion,
    Method,
    LowercaseMethod,
    Target,
    Fragment,
    Escape,
    NulInPath,
    Misdirected,
    Asterisk,
    Connect,
    // The fields.
    SpaceBeforeFields,
    Folding,
    SpaceBeforeColon,
    FieldName,
    NoHost,
    ManyHosts,
    Host,
    ManyContentTypes,
    Expectation,
    // The length of the body.
    ContentLength,
    ManyContentLengths,
    BodyTooLarge,
    LengthAndCoding,
    CodingInOldVersion,
    Coding,
    UnknownCoding,
    ChunkedNotYet,
}

/// The methods that an `Allow` field names when a server refuses `CONNECT`.
pub const ALLOWED_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
// ANCHOR_END: fault

// ANCHOR: explanation
impl Fault {
    /// The status line's code and reason.
    pub fn status(self) -> &'static str {
        match self {
            Fault::Connect => "405 Method Not Allowed",
            Fault::HeadTimeout => "408 Request Timeout",
            Fault::BodyTooLarge => "413 Content Too Large",
            Fault::TargetTooLong => "414 URI Too Long",
            Fault::Misdirected => "421 Misdirected Request",
            Fault::Expectation => "417 Expectation Failed",
            Fault::HeadTooLarge | Fault::LineTooLong | Fault::TooManyFields => {
                "431 Request Header Fields Too Large"
            }
            Fault::UnknownCoding | Fault::ChunkedNotYet => "501 Not Implemented",
            Fault::UnsupportedVersion => "505 HTTP Version Not Supported",
            _ => "400 Bad Request",
        }
    }

    /// What was wrong and where the rule stands, in a sentence for the client's author.
    pub fn explanation(self) -> &'static str {
        match self {
            Fault::BareLineFeed => "a line ends in LF without CR (RFC 9112 §2.2)",
            Fault::BareCarriageReturn => "a CR without LF in the head (RFC 9112 §2.2)",
            Fault::ControlByte => "a control byte in the head (RFC 9110 §5.5)",
            Fault::LooksLikeTls => "this looks like TLS, but this port speaks plain HTTP",
            Fault::EmptyLines => "more than one empty line before the request (RFC 9112 §2.2)",
            Fault::HeadTooLarge => "the head is too large (RFC 6585 §5)",
            Fault::LineTooLong => "a header field is too long (RFC 6585 §5)",
            Fault::TargetTooLong => "the request target is too long (RFC 9112 §3)",
            Fault::TooManyFields => "too many header fields (RFC 6585 §5)",
            Fault::HeadTimeout => "the head was not complete in time (RFC 9110 §15.5.9)",
            Fault::Incomplete => "the head ended before its empty line (RFC 9112 §8)",
            Fault::RequestLine => {
                "the request line is not METHOD SP TARGET SP VERSION (RFC 9112 §3)"
            }
            Fault::NoVersion => "the request line has no HTTP version (RFC 9112 §3)",
            Fault::Version => "the version is not HTTP/DIGIT.DIGIT (RFC 9112 §2.3)",
            Fault::UnsupportedVersion => "only HTTP/1.0 and HTTP/1.1 are spoken here",
            Fault::Method => "the method is not a token (RFC 9110 §9.1)",
            Fault::LowercaseMethod => {
                "methods are case-sensitive, and no registered one has lower-case letters \
                 (RFC 9110 §9.1)"
            }
            Fault::Target => "the request target has none of the four forms (RFC 9112 §3.2)",
            Fault::Fragment => "a request target has no #fragment (RFC 9112 §3.2)",
            Fault::Escape => "a % in the path without two hexadecimal digits (RFC 3986 §2.1)",
            Fault::NulInPath => "%00 in the path (RFC 3986 §7.3)",
            Fault::Misdirected => "https on a connection without TLS (RFC 9110 §7.4)",
            Fault::Asterisk => "* is a target for OPTIONS only (RFC 9112 §3.2.4)",
            Fault::Connect => "this server is not a proxy: no CONNECT (RFC 9110 §9.3.6)",
            Fault::SpaceBeforeFields => "white space before the first field (RFC 9112 §2.2)",
            Fault::Folding => "a field continued on the next line (RFC 9112 §5.2)",
            Fault::SpaceBeforeColon => "white space before a colon (RFC 9112 §5.1)",
            Fault::FieldName => "a field name is not a token (RFC 9110 §5.1)",
            Fault::NoHost => "no Host field (RFC 9112 §3.2)",
            Fault::ManyHosts => "more than one Host field (RFC 9112 §3.2)",
            Fault::Host => "the host is not valid (RFC 9112 §3.2)",
            Fault::ManyContentTypes => "more than one Content-Type (RFC 9110 §8.3)",
            Fault::Expectation => "the only expectation is 100-continue (RFC 9110 §10.1.1)",
            Fault::ContentLength => "Content-Length is not a number (RFC 9112 §6.3)",
            Fault::ManyContentLengths => "more than one Content-Length (RFC 9112 §6.3)",
            Fault::BodyTooLarge => "the body is larger than this server takes",
            Fault::LengthAndCoding => "both Content-Length and Transfer-Encoding (RFC 9112 §6.1)",
            Fault::CodingInOldVersion => "Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)",
            Fault::Coding => "chunked must be the last coding, once (RFC 9112 §6.3)",
            Fault::UnknownCoding => "unknown transfer coding (RFC 9112 §6.1)",
            Fault::ChunkedNotYet => "this server does not read chunked bodies",
        }
    }
}

impl Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.status(), self.explanation())
    }
}

impl Error for Fault {}
// ANCHOR_END: explanation
