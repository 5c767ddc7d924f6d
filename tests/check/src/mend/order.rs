//! Every mend, in order.

use super::step::{Mend, mend};

/// Every mend, in the order in which they build on each other.
pub const MENDS: &[Mend] = &[
    mend(
        "Answer `GET /` with `HTTP/1.1 200 OK`, a Content-Length and a body.",
        &["hello"],
    ),
    mend(
        "End each line of the head with `\\r\\n`, the empty one too.",
        &["line-ends"],
    ),
    mend(
        "Write each field as `Name: value`, each length once: Content-Length counts bytes, not characters.",
        &["well-formed", "body-end"],
    ),
    mend(
        "Say `Connection: close` in each answer, and close after it: the one line clears several probes.",
        &[
            "close-said",
            "connection-close",
            "connection-list",
            "http-1.0",
            "close-table",
        ],
    ),
    mend(
        "An error belongs to its client: catch it inside of the loop (no `?` there, no exception that \
         leaves it), close that connection, and accept the next one.",
        &[
            "connect-and-close",
            "reset-after-half-head",
            "body-cut",
            "garbage",
        ],
    ),
    mend(
        "Catch the error of accept, too: your `?` (or your exception) ends main. Wait a moment, and \
         accept again.",
        &["descriptors-exhausted"],
    ),
    mend(
        "Give back what you opened or started for a client, on every way out: close its descriptor, \
         wait for its child, forget its entry in a list.",
        &["five-hundred-clients", "many-requests", "zombies"],
    ),
    mend("Set SO_REUSEADDR before bind.", &["restart"]),
    mend(
        "Wait in recv or poll, not in a loop that asks again and again.",
        &["idle-cpu"],
    ),
    mend(
        "Read until the empty line, however many pieces that takes: a recv is no request.",
        &["head-in-two-writes", "head-byte-by-byte"],
    ),
    mend(
        "Give the whole head one deadline: before each recv, set the timeout to what is left of it.",
        &["silent-client", "dripping-client", "newest-first"],
    ),
    mend(
        "A recv of 0 says that no more will come; the answer can still be sent.",
        &["half-close"],
    ),
    mend(
        "Look at the request line: three parts with one space between them, `HTTP/1.` and a digit; \
         anything else is a 400, another major version a 505.",
        &[
            "http-2.0",
            "bad-version",
            "http-0.9",
            "http-0.9-line",
            "two-spaces",
            "lowercase-method",
            "tls-hello",
            "two-empty-lines",
            "http-1.2",
            "leading-crlf",
        ],
    ),
    mend(
        "Count the Host fields of an HTTP/1.1 request: one that could be a host, or 400.",
        &["no-host", "two-hosts", "bad-host"],
    ),
    mend(
        "Refuse what is no field: a name is a token with the colon right behind it, a value has no \
         control bytes, and lines end with `\\r\\n`. A parser for heads does most of this.",
        &[
            "space-before-colon",
            "no-colon",
            "empty-name",
            "obs-fold",
            "fold-first",
            "nul-value",
            "bare-cr",
            "lf-only",
            "latin1-value",
            "underscore",
        ],
    ),
    mend(
        "Refuse what is no target: white space, control bytes, bytes above 0x7f, `#`, a bad `%`; and \
         take a whole URL as well as a path.",
        &[
            "nul-target",
            "raw-target",
            "latin1-target",
            "fragment",
            "bad-escape",
            "asterisk-get",
            "connect",
            "absolute-form",
            "options-asterisk",
        ],
    ),
    mend(
        "An Expect other than `100-continue` can be answered with 417.",
        &["expect-other"],
    ),
    mend(
        "Put a limit to the head: 431 beyond so many bytes or fields, 414 for the target.",
        &["huge-head", "many-fields", "long-target"],
    ),
    mend(
        "Answer refusals like pages: a Date, a length, a word about what was wrong.",
        &["refusal"],
    ),
    mend(
        "Send `Date` in the one right form, in GMT, made anew for each answer.",
        &["date"],
    ),
    mend(
        "Answer HEAD with the head of GET, and leave only the body out.",
        &["head-method"],
    ),
    mend(
        "Take a Content-Length only if it is digits and there is one, and close when you refuse: \
         nobody knows where the next request begins.",
        &[
            "lengths-differ",
            "length-twice",
            "length-list",
            "length-plus",
            "length-underscore",
            "length-negative",
            "length-hex",
            "length-empty",
            "length-huge",
        ],
    ),
    mend(
        "Whatever you do not know of Transfer-Encoding is 501 or 400, and the connection closes; \
         together with a Content-Length it closes in any case.",
        &[
            "length-and-chunked",
            "coding-unknown",
            "chunked-twice",
            "gzip-chunked",
            "chunked-not-last",
            "chunked-on-1.0",
        ],
    ),
    mend(
        "Before you close on unread input: shut down the sending half, read and forget for a while, \
         then close. Otherwise the reset overtakes your answer.",
        &["unread-body", "huge-body"],
    ),
    mend(
        "Read exactly Content-Length bytes of body, and give them to the application.",
        &["echo"],
    ),
    mend(
        "Send `100 Continue` when the application begins to read.",
        &["expect-continue"],
    ),
    mend("A path that leads nowhere is a 404.", &["not-found"]),
    mend(
        "Keep the methods beside the path: 405 with Allow for another, and Allow for OPTIONS.",
        &["method-not-allowed", "options"],
    ),
    mend(
        "Catch what the application throws: 500 for its client, and the next request for you.",
        &["panic", "hundred-panics"],
    ),
    mend(
        "Send each block of the body as it comes, before you ask for the next.",
        &["streaming"],
    ),
    mend(
        "A failed send ends one answer. Stop asking the application for more.",
        &["early-close"],
    ),
    mend(
        "The host of an absolute target replaces the Host field.",
        &["absolute-form-host"],
    ),
    mend(
        "Leave fields with an underscore in their names out of the environ.",
        &["underscore-dropped"],
    ),
    mend(
        "Give a body a deadline or a least rate, and sending a deadline as well.",
        &["dripping-body", "deaf-client"],
    ),
    mend(
        "Serve clients beside each other: a process, a thread, or one that waits for all of them.",
        &["slow-application"],
    ),
    mend(
        "Keep the connection after an answer whose end the client can see, and read the whole body \
         of a request before the next; otherwise say `close`.",
        &[
            "keep-alive",
            "keep-alive-1.0",
            "keep-alive-reuse",
            "pipeline",
            "ten-pipelined",
            "unread-body-pipeline",
            "unread-body-next",
            "stay-table",
            "close-at-limit",
        ],
    ),
    mend(
        "Decode chunks: a size in hexadecimal, `\\r\\n`, so many bytes, `\\r\\n`; after the size 0 come \
         trailers and an empty line. The name of the coding has no case.",
        &[
            "chunked",
            "chunked-case",
            "chunk-extension",
            "chunked-trailer",
            "chunked-pieces",
            "chunked-next",
            "chunked-unread-next",
            "trailers",
            "chunk-cut",
        ],
    ),
    mend(
        "Take nothing but that for a chunk: no sign, no `0x`, no lone LF, no overflow, no framing in \
         a trailer.",
        &[
            "chunk-0x",
            "chunk-plus",
            "chunk-lf",
            "chunk-end",
            "chunk-overflow",
            "trailer-length",
        ],
    ),
    mend(
        "Count what comes without an announced length, and stop at a limit.",
        &["chunked-too-large", "trailer-huge", "chunk-extension-huge"],
    ),
    mend(
        "Let a connection without a request own no worker, or give it a short deadline.",
        &["many-silent-clients", "idle-keep-alive-crowd"],
    ),
    mend(
        "Put a bound to the queue, and answer 503 with Retry-After beyond it.",
        &["queue-overflow"],
    ),
    mend(
        "Catch a panic inside of the worker, so that the worker stays.",
        &["panic-storm"],
    ),
    mend(
        "On SIGTERM stop accepting, say `close` in every answer from then on, finish, and end with 0; \
         on a second one, end.",
        &["sigterm-under-load", "second-sigterm"],
    ),
];
