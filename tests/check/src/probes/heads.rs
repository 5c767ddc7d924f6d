//! Heads that must be refused: each with the one byte sequence that is at fault.

use crate::case::Closes;
use crate::probe::Probe;
use crate::probes::deadlines::SHORT_DEADLINES;
use crate::probes::group::Group;

/// Malformed, or not for us.
pub(super) const GROUP: Group = Group {
    name: "heads",
    title: "Heads that must be refused",
    probes: &[
        Probe::case("no-host", "no Host", b"GET / HTTP/1.1\r\n\r\n", &[400])
            .closes(Closes::Advised("the connection stays open after the refusal: whoever leaves Host out may have more surprises"))
            .asks("RFC 9112 §3.2", "An HTTP/1.1 request without Host MUST get a 400.")
            .curl("curl -i -H 'Host:' {url}/"),
        Probe::case("two-hosts", "two Hosts",
            b"GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n", &[400])
            .fault(b"Host: two")
            .asks("RFC 9112 §3.2", "A request with more than one Host MUST get a 400."),
        Probe::case("bad-host", "a Host that cannot be one",
            b"GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n", &[400])
            .fault(b" b/c")
            .asks("RFC 9112 §3.2", "A request with an invalid Host value MUST get a 400.")
            .curl("curl -i -H 'Host: a b/c' {url}/"),
        Probe::case("lf-only", "lines that end with LF alone",
            b"GET / HTTP/1.1\nHost: localhost\n\n", &[400])
            .fault(b"\nHost")
            .silence_is_fine()
            .lenient("RFC 9112 §2.2: a recipient MAY take a lone LF; two readers that disagree about line ends can be played against each other")
            .asks("RFC 9112 §2.2", "Lines end with CRLF; refusing a lone LF closes the door to smuggling."),
        Probe::case("lowercase-method", "a method in lower case",
            b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400, 405, 501])
            .fault(b"get")
            .lenient("the standard does not say what to do; but methods are case-sensitive, and `get` is not GET")
            .asks("RFC 9110 §9.1", "Methods are case-sensitive, and all standard ones are in capitals.")
            .curl("curl -i -X get {url}/"),
        Probe::case("http-2.0", "HTTP/2.0 in a request line",
            b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", &[505])
            .fault(b"2.0")
            .lenient("505 is a MAY")
            .asks("RFC 9110 §15.6.6", "A major version that the server does not speak is a 505."),
        Probe::case("bad-version", "a protocol that is not HTTP",
            b"GET / HTPP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"HTPP")
            .should("RFC 9112 §3 says SHOULD")
            .asks("RFC 9112 §2.3", "The version is `HTTP/`, a digit, a dot, a digit."),
        Probe::case("http-0.9", "a request line without a version, and an empty line",
            b"GET /\r\n\r\n", &[400])
            .lenient("HTTP/0.9 was a protocol, too; it has no status and no header")
            .asks("RFC 9112 §3", "A request line has three parts."),
        Probe::case("http-0.9-line", "a request line without a version, and nothing more",
            b"GET /\r\n", &[400, 408])
            .silence_is_fine()
            .flags(SHORT_DEADLINES)
            .lenient("HTTP/0.9 was a protocol, too; it has no status and no header")
            .asks("RFC 9112 §3", "A request line has three parts, and nobody may wait for ever for the rest."),
        Probe::case("two-spaces", "two spaces in the request line",
            b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b" / ")
            .lenient("RFC 9112 §3: a recipient MAY split at any white space")
            .asks("RFC 9112 §3", "One space stands between the parts of a request line."),
        Probe::case("space-before-colon", "white space between field name and colon",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Thing : 1\r\n\r\n", &[400])
            .fault(b" : 1")
            .asks("RFC 9112 §5.1", "White space before the colon MUST be refused with 400."),
        Probe::case("no-colon", "a header line without a colon",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Thing\r\n\r\n", &[400])
            .fault(b"\r\n\r\n")
            .lenient("the standard has no sentence for it")
            .asks("RFC 9112 §5", "A field line is a name, a colon and a value."),
        Probe::case("empty-name", "a field without a name",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n: 1\r\n\r\n", &[400])
            .fault(b": 1")
            .lenient("the standard has no sentence for it")
            .asks("RFC 9110 §5.1", "A field name has at least one character."),
        Probe::case("obs-fold", "a field value that continues on the next line",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Thing: 1\r\n 2\r\n\r\n", &[400])
            .fault(b" 2")
            .lenient("RFC 9112 §5.2 lets a server replace the fold by spaces instead")
            .asks("RFC 9112 §5.2", "A folded line is refused with 400, or unfolded."),
        Probe::case("fold-first", "white space before the first field",
            b"GET / HTTP/1.1\r\n Host: localhost\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b" Host")
            .lenient("RFC 9112 §2.2 lets a server drop the line instead")
            .asks("RFC 9112 §2.2", "White space between request line and first field is refused, or the line is dropped."),
        Probe::case("nul-value", "a NUL in a field value",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Thing: a\x00b\r\n\r\n", &[400])
            .fault(b"\x00")
            .lenient("RFC 9110 §5.5 lets a server replace it by a space instead")
            .asks("RFC 9110 §5.5", "NUL in a field value is dangerous: refuse the message, or replace it."),
        Probe::case("nul-target", "a NUL in the target",
            b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"\x00")
            .should("RFC 9112 §3 says SHOULD")
            .asks("RFC 9112 §3", "An invalid request line is answered with 400."),
        Probe::case("bare-cr", "a CR without LF in a field value",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Thing: a\rb\r\n\r\n", &[400])
            .fault(b"\rb")
            .lenient("RFC 9112 §2.2 lets a server replace it by a space instead")
            .asks("RFC 9112 §2.2", "A bare CR makes the message invalid, or becomes a space."),
        Probe::case("asterisk-get", "`GET *`", b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"*")
            .lenient("the standard does not say what to do")
            .curl("curl -i --request-target '*' {url}/")
            .asks("RFC 9112 §3.2.4", "The target `*` is legal only with OPTIONS."),
        Probe::case("connect", "CONNECT, which asks for a tunnel",
            b"CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n", &[405])
            .asks("RFC 9110 §9.3.6", "A 2xx to CONNECT opens a tunnel and MUST NOT say a Content-Length. Who is no proxy refuses it: 405 with Allow."),
        Probe::case("fragment", "a fragment in the target",
            b"GET /#top HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"#top")
            .should("RFC 9112 §3 says SHOULD")
            .curl("curl -i --request-target '/#top' {url}/")
            .asks("RFC 9112 §3.2", "A fragment is for the client alone and never sent."),
        Probe::case("raw-target", "a target with bytes above 0x7f",
            b"GET /\xe2\x82\xac HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"\xe2")
            .should("RFC 9112 §3 says SHOULD")
            .asks("RFC 9112 §3.2", "A URL is ASCII; other bytes travel percent-encoded."),
        Probe::case("latin1-target", "a target that is not even UTF-8",
            b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"\xff")
            .should("RFC 9112 §3 says SHOULD")
            .asks("RFC 9112 §3.2", "A URL is ASCII; other bytes travel percent-encoded."),
        Probe::case("bad-escape", "a percent sign without two hexadecimal digits",
            b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .fault(b"%zz")
            .should("RFC 9112 §3 says SHOULD")
            .curl("curl -i --request-target '/%zz' {url}/")
            .asks("RFC 3986 §2.1", "After a percent sign stand two hexadecimal digits."),
        Probe::case("two-empty-lines", "two empty lines before the request",
            b"\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400])
            .lenient("a server should ignore at least one, and may ignore more")
            .asks("RFC 9112 §2.2", "One empty line before a request is an old mistake; a stream of them is no request."),
        Probe::case("expect-other", "an expectation that nobody knows",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: a-miracle\r\n\r\n", &[417])
            .fault(b"a-miracle")
            .lenient("417 is a MAY")
            .curl("curl -i -H 'Expect: a-miracle' {url}/")
            .asks("RFC 9110 §10.1.1", "An expectation that cannot be met is answered with 417."),
        Probe::case("tls-hello", "a TLS ClientHello on the plain port",
            b"\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03abcdefghijklmnopqrstuvwxyz012345\x00\x00\x02\x13\x01\x01\x00",
            &[400])
            .silence_is_fine()
            .should("RFC 9112 §3 says SHOULD")
            .question("Somebody types https:// instead of http://. What does the server make of it?")
            .asks("RFC 9112 §3", "What is no request is refused at once: the client waits for an answer, too."),
    ],
};
