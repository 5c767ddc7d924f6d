//! Heads that look odd and are right.

use crate::outcome::{Finding, Verdict};
use crate::probe::{Needs, Probe};
use crate::probes::group::Group;
use crate::world::World;

/// Unusual and right.
pub(super) const GROUP: Group = Group {
    name: "unusual",
    title: "Unusual heads that are right",
    probes: &[
        Probe::case(
            "http-1.2",
            "HTTP/1.2, a minor version from the future",
            b"GET / HTTP/1.2\r\nHost: localhost\r\n\r\n",
            &[200],
        )
        .asks(
            "RFC 9110 §6.2",
            "A higher minor version is answered as the highest one that is known.",
        )
        .should("RFC 9110 §6.2 says SHOULD"),
        Probe::case(
            "leading-crlf",
            "one empty line before the request",
            b"\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            &[200],
        )
        .asks(
            "RFC 9112 §2.2",
            "A server SHOULD ignore at least one empty line before a request.",
        )
        .should("RFC 9112 §2.2 says SHOULD"),
        Probe::case(
            "absolute-form",
            "the target is a whole URL",
            b"GET http://example.com/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            &[200],
        )
        .asks(
            "RFC 9112 §3.2.2",
            "A server MUST accept the absolute form of a target.",
        )
        .curl("curl -i --request-target http://example.com/ {url}/"),
        Probe::behaviour(
            "absolute-form-host",
            "the host in the target counts, not the one in Host",
            absolute_form_host,
        )
        .asks(
            "RFC 9112 §3.2.2",
            "The authority of an absolute target replaces Host.",
        )
        .explained_in(3)
        .needs(Needs::Route("GET", "/environ"))
        .question("The target names one host and the Host field another. Which one counts?"),
        Probe::case(
            "latin1-value",
            "a field value with bytes that are not UTF-8",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Name: J\xfcrgen\r\n\r\n",
            &[200],
        )
        .asks(
            "RFC 9110 §5.5",
            "Bytes above 0x7f in a field value are opaque data, not a fault.",
        )
        .should("RFC 9110 §5.5 says SHOULD"),
        Probe::case(
            "underscore",
            "a field name with an underscore",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX_Forwarded_For: evil\r\n\r\n",
            &[200],
        )
        .asks(
            "RFC 9110 §5.6.2",
            "An underscore is a legal character of a field name.",
        )
        .curl("curl -i -H 'X_Forwarded_For: evil' {url}/"),
        Probe::behaviour(
            "underscore-dropped",
            "a name with an underscore does not reach the application",
            underscore_dropped,
        )
        .asks(
            "PEP 3333, environ Variables",
            "`X_Y` and `X-Y` would both become HTTP_X_Y, so one is dropped.",
        )
        .explained_in(3)
        .needs(Needs::Route("GET", "/environ"))
        .question("A client sends `X_Real: evil`. Will the application see it as HTTP_X_REAL?"),
        Probe::case(
            "options-asterisk",
            "`OPTIONS *` asks about the server itself",
            b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
            &[200, 204, 404, 405],
        )
        .asks(
            "RFC 9112 §3.2.4",
            "The target `*` is legal with OPTIONS, and only there.",
        )
        .lenient("no server must know OPTIONS")
        .curl("curl -i -X OPTIONS --request-target '*' {url}/"),
    ],
};

fn absolute_form_host(world: &World) -> Verdict {
    let request =
        "GET http://other.example/environ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let environ = world.ask(request)?.text();
    let line = environ.lines().find(|line| line.contains("HTTP_HOST"));
    match line {
        Some(line) if line.contains("other.example") => Ok(()),
        Some(line) => Err(Finding::wrong(format!("the application sees {line}"))),
        None => Err(Finding::wrong("the application sees no HTTP_HOST")),
    }
}

fn underscore_dropped(world: &World) -> Verdict {
    let fields = "X_Real: evil\r\nX-Good: fine\r\nConnection: close\r\n";
    let environ = world.ask(world.request("GET", "/environ", fields))?.text();
    match (environ.contains("fine"), environ.contains("evil")) {
        (true, false) => Ok(()),
        (_, true) => Err(Finding::wrong("the application sees X_Real")),
        (false, _) => Err(Finding::wrong("the application does not see X-Good")),
    }
}
