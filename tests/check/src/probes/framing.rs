//! Where a request's body ends: two readers that disagree can be played against each other, so
//! every doubt is refused.

use crate::case::Closes;
use crate::probe::Probe;
use crate::probes::group::Group;

pub(super) const GROUP: Group = Group {
    name: "lengths",
    title: "Doubtful body lengths",
    probes: &[
        Probe::case("length-twice", "Content-Length twice, the same",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", &[400])
            .fault(b"Content-Length: 5\r\n\r\n")
            .lenient("RFC 9112 §6.3 lets a server take identical values once")
            .asks("RFC 9112 §6.3", "Content-Length twice is refused, or taken once if the values are the same."),
        Probe::case("lengths-differ", "Content-Length twice, different",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", &[400])
            .fault(b"6\r\n")
            .closes(Closes::Must(OPEN))
            .asks("RFC 9112 §6.3", "Two different lengths MUST be refused with 400, and the connection closed."),
        Probe::case("length-list", "Content-Length: 3, 3",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3, 3\r\n\r\nabc", &[400])
            .fault(b", 3")
            .lenient("RFC 9112 §6.3 lets a server take identical values once")
            .asks("RFC 9112 §6.3", "A list of lengths is refused, or taken once if all are the same."),
        length("length-plus", "Content-Length: +3",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc").fault(b"+3"),
        length("length-underscore", "Content-Length: 1_0",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1_0\r\n\r\n0123456789").fault(b"_0"),
        length("length-negative", "Content-Length: -1",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n").fault(b"-1"),
        length("length-hex", "Content-Length: 0x3",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x3\r\n\r\nabc").fault(b"x3"),
        length("length-empty", "Content-Length without a value",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: \r\n\r\n").fault(b"\r\n\r\n"),
        Probe::case("length-huge", "Content-Length: 2^70",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1180591620717411303424\r\n\r\n", &[413])
            .fault(b"1180591620717411303424")
            .unless_it_wraps()
            .asks("RFC 9110 §8.6", "A length that fits no integer MUST NOT wrap around."),
        coding("length-and-chunked", "Content-Length and Transfer-Encoding together",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400])
            .fault(b"Transfer-Encoding")
            .lenient("RFC 9112 §6.1 lets a server go by Transfer-Encoding, if it closes afterwards")
            .closes(Closes::MustInAnyCase("the connection stays open, and RFC 9112 §6.1 says that it MUST be closed: the two lengths may have been read differently on the way")),
        coding("coding-unknown", "Transfer-Encoding: xchunked",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", &[501])
            .fault(b"xchunked"),
        coding("chunked-twice", "Transfer-Encoding: chunked, chunked",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", &[400])
            .fault(b", chunked")
            .lenient("the standard forbids it to senders, and has no sentence for recipients"),
        coding("gzip-chunked", "Transfer-Encoding: gzip, chunked",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", &[501])
            .fault(b"gzip")
            .should("501 is a SHOULD"),
        coding("chunked-not-last", "Transfer-Encoding: chunked, identity",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nhi\r\n0\r\n\r\n", &[400])
            .fault(b", identity"),
        coding("chunked-on-1.0", "Transfer-Encoding in an HTTP/1.0 request",
            b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", &[400])
            .fault(b"Transfer-Encoding")
            .lenient("RFC 9112 §6.1 asks for the close only")
            .closes(Closes::MustInAnyCase("the connection stays open, and RFC 9112 §6.1 says that it MUST be closed")),
    ],
};

/// What it means to stay.
const OPEN: &str = "the connection stays open, though nobody knows where the next request begins";

/// A Content-Length that is no number.
const fn length(name: &'static str, title: &'static str, send: &'static [u8]) -> Probe {
    Probe::case(name, title, send, &[400]).asks(
        "RFC 9112 §6.3",
        "A Content-Length that is not digits alone MUST be refused with 400.",
    )
}

/// A Transfer-Encoding that leaves doubt: refused, and the connection closed.
const fn coding(
    name: &'static str,
    title: &'static str,
    send: &'static [u8],
    wanted: &'static [u16],
) -> Probe {
    Probe::case(name, title, send, wanted)
        .closes(Closes::Must(OPEN))
        .asks(
            "RFC 9112 §6.3",
            "If a Transfer-Encoding leaves doubt about where the body ends, refuse and close.",
        )
}
