//! Applications at the edge of PEP 3333 and beyond it: a table.

use check::client::{Client, NoAnswer};

use crate::served::{Served, python_has, request};

/// What a client sends for a row of the table.
#[derive(Clone, Copy)]
enum Asks {
    Get,
    Head,
    Post(&'static str),
    /// The same in chunks of one byte each, which do not say how long all of it is.
    Chunks(&'static str),
    /// With these fields.
    With(&'static str),
}

use Asks::*;

/// What it gets.
#[derive(Clone, Copy)]
enum Gets {
    /// This status, with a page of the server: nothing of the application is in it.
    Refused(u16),
    /// This status and body.
    Answer(u16, &'static str),
    /// This status, and a field with this value. (Bytes above 0x7f are shown as Latin-1.)
    Field(u16, &'static str, &'static str),
    /// This status, and no such field.
    NoField(u16, &'static str),
    /// A body that is cut off behind this: the client can tell that it is not whole.
    Cut(&'static str),
    /// This status, and anything.
    Status(u16),
    /// So many bytes.
    Size(usize),
}

use Gets::*;

/// Path and query, what is sent, what comes back.
type Row = (&'static str, Asks, Gets);

const START_RESPONSE: &[Row] = &[
    ("/twice", Get, Refused(500)),
    ("/twice_after_a_failure", Get, Refused(500)),
    ("/replaced", Get, Answer(503, "sorry")),
    ("/replaced", Get, NoField(503, "x-old")),
    ("/replaced", Get, Field(503, "x-new", "1")),
    ("/replaced_in_the_body", Get, Answer(503, "sorry")),
    ("/none_for_exc_info", Get, Answer(200, "none")),
    ("/too_late", Get, Cut("first")),
    ("/too_late_after_write", Get, Cut("first")),
    ("/never", Get, Refused(500)),
    ("/never_and_empty", Get, Refused(500)),
    ("/in_the_first_iteration", Get, Answer(200, "late")),
    ("/after_an_empty_piece", Get, Answer(200, "later")),
    ("/after_the_first_piece", Get, Refused(500)),
    ("/by_keyword", Get, Refused(500)),
    ("/with_too_little", Get, Refused(500)),
    ("/kept_for_later", Get, Answer(200, "kept")),
    ("/called_later", Get, Answer(200, "refused")),
];

const STATUSES: &[Row] = &[
    ("/status?number", Get, Refused(500)),
    ("/status?bytes", Get, Refused(500)),
    ("/status?no-digits", Get, Refused(500)),
    ("/status?two-digits", Get, Refused(500)),
    ("/status?nothing", Get, Refused(500)),
    ("/status?line-end", Get, Refused(500)),
    ("/status?null", Get, Refused(500)),
    ("/status?euro", Get, Refused(500)),
    ("/status?interim", Get, Refused(500)),
    ("/status?teapot", Get, Answer(418, "body")),
    ("/status?latin-1", Get, Answer(200, "body")),
    ("/without_a_body?204", Get, Answer(204, "")),
    ("/without_a_body?304", Get, Answer(304, "")),
    ("/without_a_body?204", Get, NoField(204, "content-length")),
    ("/without_a_body_but_pieces?204", Get, Answer(204, "")),
    (
        "/without_a_body_but_pieces?204",
        Get,
        NoField(204, "transfer-encoding"),
    ),
    ("/without_a_body_but_pieces?304", Get, Answer(304, "")),
];

const HEADERS: &[Row] = &[
    ("/headers?tuple", Get, Refused(500)),
    ("/headers?none", Get, Refused(500)),
    ("/headers?pair-is-a-list", Get, Refused(500)),
    ("/headers?triple", Get, Refused(500)),
    ("/headers?value-is-a-number", Get, Refused(500)),
    ("/headers?value-is-bytes", Get, Refused(500)),
    ("/headers?name-is-bytes", Get, Refused(500)),
    ("/headers?line-end-in-a-value", Get, Refused(500)),
    ("/headers?line-feed-in-a-value", Get, Refused(500)),
    ("/headers?null-in-a-value", Get, Refused(500)),
    ("/headers?line-end-in-a-name", Get, Refused(500)),
    ("/headers?colon-in-a-name", Get, Refused(500)),
    ("/headers?space-in-a-name", Get, Refused(500)),
    ("/headers?empty-name", Get, Refused(500)),
    ("/headers?euro-in-a-value", Get, Refused(500)),
    ("/headers?connection", Get, Refused(500)),
    ("/headers?transfer-encoding", Get, Refused(500)),
    ("/headers?upgrade", Get, Refused(500)),
    ("/headers?length-is-no-number", Get, Refused(500)),
    ("/headers?length-is-negative", Get, Refused(500)),
    ("/headers?length-has-a-sign", Get, Refused(500)),
    ("/headers?length-is-a-number", Get, Refused(500)),
    ("/headers?two-lengths", Get, Refused(500)),
    ("/headers_changed_behind_our_back", Get, NoField(200, "x-a")),
    (
        "/headers_changed_behind_our_back",
        Get,
        NoField(200, "x-injected"),
    ),
    (
        "/headers?latin-1-in-a-value",
        Get,
        Field(200, "x-a", "\u{e9}"),
    ),
    (
        "/headers?own-date",
        Get,
        Field(200, "date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ),
    ("/headers?own-server", Get, Field(200, "server", "mine")),
    ("/headers?two-cookies", Get, Field(200, "set-cookie", "a=1")),
    ("/headers?empty-value", Get, Field(200, "x-a", "")),
    ("/str_of_ones_own", Get, Field(200, "x-a", "1")),
];

const WRITE: &[Row] = &[
    ("/write_and_body", Get, Answer(200, "one two three")),
    ("/write_alone", Get, Answer(200, "written")),
    ("/write_with_length", Get, Answer(200, "written")),
    ("/write_with_length", Get, Field(200, "content-length", "7")),
    ("/write_too_much", Get, Answer(200, "wri")),
    ("/write_nothing", Get, Answer(503, "sorry")),
    ("/write_text", Get, Refused(500)),
    ("/write_and_fail", Get, Cut("first")),
    ("/write_to_head", Head, Answer(200, "")),
];

const BODIES: &[Row] = &[
    ("/nothing", Get, Answer(200, "")),
    ("/nothing", Get, Field(200, "content-length", "0")),
    ("/one_empty_piece", Get, Field(200, "content-length", "0")),
    ("/fine", Get, Field(200, "content-length", "4")),
    ("/fine", Head, Field(200, "content-length", "4")),
    ("/fine", Head, Answer(200, "")),
    ("/several", Get, Answer(200, "one two three")),
    ("/several", Get, Field(200, "transfer-encoding", "chunked")),
    ("/several", Head, Answer(200, "")),
    ("/several_in_a_tuple", Get, Answer(200, "one two")),
    ("/empty_between", Get, Answer(200, "onetwo")),
    ("/only_empty", Get, Answer(200, "")),
    ("/text", Get, Refused(500)),
    ("/text_as_second", Get, Cut("first")),
    ("/bytes_alone", Get, Refused(500)),
    ("/byte_array", Get, Refused(500)),
    ("/none", Get, Refused(500)),
    ("/number", Get, Refused(500)),
    ("/old_iteration", Get, Answer(200, "old way")),
    ("/sized", Get, Field(200, "content-length", "5")),
    ("/many_pieces", Get, Size(10_000)),
    ("/large", Get, Size(5_000_000)),
    ("/large", Head, Field(200, "content-length", "5000000")),
    ("/bytes_of_ones_own", Get, Answer(200, "my own")),
    ("/length?11", Get, Answer(200, "hello world")),
    ("/length?11", Head, Field(200, "content-length", "11")),
    ("/length?5", Get, Answer(200, "hello")),
    ("/length?6", Get, Answer(200, "hello ")),
    ("/length?0", Get, Answer(200, "")),
    ("/length?12", Get, Cut("hello world")),
];

const FAILURES: &[Row] = &[
    ("/not_there", Get, Refused(500)),
    ("/fails_at_once", Get, Refused(500)),
    ("/fails_midway", Get, Cut("first")),
    ("/fails_midway_with_length", Get, Cut("first")),
    ("/raises?exit", Get, Refused(500)),
    ("/raises?keyboard-interrupt", Get, Refused(500)),
    ("/raises?generator-exit", Get, Refused(500)),
    ("/raises?base", Get, Refused(500)),
    ("/raises?stop-iteration", Get, Refused(500)),
    ("/raises?memory", Get, Refused(500)),
    ("/raises?nameless", Get, Refused(500)),
    ("/raises?surrogate", Get, Refused(500)),
    ("/raises?null", Get, Refused(500)),
    ("/raises_midway?exit", Get, Cut("first")),
    ("/raises_midway?keyboard-interrupt", Get, Cut("first")),
    ("/raises_midway?generator-exit", Get, Cut("first")),
    ("/endless", Get, Refused(500)),
];

const CLOSE: &[Row] = &[
    ("/which_were_closed", Get, Status(200)),
    ("/closes", Get, Answer(200, "onetwo")),
    ("/which_were_closed", Get, Answer(200, "closes")),
    ("/closes", Head, Answer(200, "")),
    ("/which_were_closed", Get, Answer(200, "closes")),
    ("/closes_after_a_failure", Get, Cut("first")),
    (
        "/which_were_closed",
        Get,
        Answer(200, "closes_after_a_failure"),
    ),
    ("/closes_without_a_start", Get, Refused(500)),
    (
        "/which_were_closed",
        Get,
        Answer(200, "closes_without_a_start"),
    ),
    ("/closes_what_cannot_be_iterated", Get, Refused(500)),
    (
        "/which_were_closed",
        Get,
        Answer(200, "closes_what_cannot_be_iterated"),
    ),
    ("/close_fails", Get, Answer(200, "whole")),
];

const ENVIRON: &[Row] = &[
    (
        "/kind?a=b",
        With("Cookie: a\r\nX-A: \u{e9}\r\n"),
        Answer(200, "True True"),
    ),
    (
        "/show?a=%20b+c",
        With("X-Show: QUERY_STRING\r\n"),
        Answer(200, "'a=%20b+c'"),
    ),
    ("/show", With("X-Show: QUERY_STRING\r\n"), Answer(200, "''")),
    (
        "/sh%6fw",
        With("X-Show: PATH_INFO\r\n"),
        Answer(200, "'/show'"),
    ),
    (
        "/show/%E2%82%AC/%2F",
        With("X-Show: PATH_INFO\r\n"),
        Refused(500),
    ),
    ("/show", With("X-Show: SCRIPT_NAME\r\n"), Answer(200, "''")),
    (
        "/show",
        With("X-Show: SERVER_PROTOCOL\r\n"),
        Answer(200, "'HTTP/1.1'"),
    ),
    (
        "/show",
        With("X-Show: REQUEST_METHOD\r\n"),
        Answer(200, "'GET'"),
    ),
    (
        "/show",
        With("X-Show: wsgi.version\r\n"),
        Answer(200, "(1, 0)"),
    ),
    (
        "/show",
        With("X-Show: wsgi.url_scheme\r\n"),
        Answer(200, "'http'"),
    ),
    (
        "/show",
        With("X-Show: wsgi.multithread\r\n"),
        Answer(200, "True"),
    ),
    (
        "/show",
        With("X-Show: wsgi.multiprocess\r\n"),
        Answer(200, "False"),
    ),
    (
        "/show",
        With("X-Show: wsgi.run_once\r\n"),
        Answer(200, "False"),
    ),
    (
        "/show",
        With("X-Show: HTTP_X_A\r\nX-A: 1\r\nX-A: 2\r\n"),
        Answer(200, "'1,2'"),
    ),
    (
        "/show",
        With("X-Show: HTTP_COOKIE\r\nCookie: a=1\r\ncookie: b=2\r\n"),
        Answer(200, "'a=1; b=2'"),
    ),
    (
        "/show",
        With("X-Show: HTTP_X_A\r\nX_A: 1\r\n"),
        Answer(200, "None"),
    ),
    (
        "/show",
        With("X-Show: HTTP_CONTENT_TYPE\r\nContent-Type: a/b\r\n"),
        Answer(200, "None"),
    ),
    (
        "/show",
        With("X-Show: CONTENT_TYPE\r\nContent-Type: a/b\r\n"),
        Answer(200, "'a/b'"),
    ),
    (
        "/show",
        With("X-Show: HTTP_HOST\r\n"),
        Answer(200, "'localhost'"),
    ),
    (
        "/show",
        With("X-Show: REMOTE_ADDR\r\n"),
        Answer(200, "'127.0.0.1'"),
    ),
    (
        "/show",
        With("X-Show: HTTP_PROXY\r\nProxy: evil\r\n"),
        Answer(200, "'evil'"),
    ),
    ("/spoils", Get, Answer(200, "False")),
    ("/spoils", Get, Answer(200, "False")),
    ("/complains", Get, Answer(200, "complained")),
];

const INPUT: &[Row] = &[
    (
        "/reads?read()|read()",
        Post("hello"),
        Answer(200, "b'hello' b''"),
    ),
    (
        "/reads?read(3)|read(3)|read(3)",
        Post("hello"),
        Answer(200, "b'hel' b'lo' b''"),
    ),
    ("/reads?read(-1)", Post("hello"), Answer(200, "b'hello'")),
    (
        "/reads?read(0)|read(1)",
        Post("hello"),
        Answer(200, "b'' b'h'"),
    ),
    (
        "/reads?readline()|readline()|readline()",
        Post("a\nbc"),
        Answer(200, r"b'a\n' b'bc' b''"),
    ),
    (
        "/reads?readline(2)|readline(2)|readline()",
        Post("abc\nd"),
        Answer(200, r"b'ab' b'c\n' b'd'"),
    ),
    (
        "/reads?readlines()",
        Post("a\nb\n"),
        Answer(200, r"[b'a\n', b'b\n']"),
    ),
    (
        "/reads?readlines(1)|read()",
        Post("a\nb\n"),
        Answer(200, r"[b'a\n'] b'b\n'"),
    ),
    (
        "/iterates",
        Post("a\n\nb"),
        Answer(200, r"[b'a\n', b'\n', b'b']"),
    ),
    ("/reads?read()", Get, Answer(200, "b''")),
    ("/reads?readline()", Get, Answer(200, "b''")),
    ("/counts", Get, Answer(200, "0 0 True")),
    ("/counts", Post(""), Answer(200, "0 0 True")),
    ("/counts", Post("hello"), Answer(200, "5 5 True")),
    ("/counts", Chunks("hello"), Answer(200, "5 5 True")),
    (
        "/reads?readline()|readline()",
        Chunks("a\nb"),
        Answer(200, r"b'a\n' b'b'"),
    ),
    ("/fine", Post("nobody reads it"), Answer(200, "fine")),
    ("/returns_its_input", Post("a\nb"), Answer(200, "a\nb")),
    ("/reads?close()", Post("hello"), Answer(200, "None")),
];

const FILES: &[Row] = &[
    ("/which_were_closed", Get, Status(200)),
    ("/file", Get, Answer(200, "a whole file")),
    ("/which_were_closed", Get, Answer(200, "file")),
    ("/file", Head, Answer(200, "")),
    ("/which_were_closed", Get, Answer(200, "file")),
    ("/file_from_an_offset", Get, Answer(200, "whole")),
    ("/which_were_closed", Get, Answer(200, "file")),
    ("/file_in_a_middleware", Get, Answer(200, "A WHOLE FILE")),
    ("/file_that_only_reads", Get, Answer(200, "only read")),
    ("/real_file", Get, Answer(200, include_str!("apps/odd.py"))),
];

const TABLE: &[(&str, &[Row])] = &[
    ("start_response", START_RESPONSE),
    ("statuses", STATUSES),
    ("headers", HEADERS),
    ("write", WRITE),
    ("bodies", BODIES),
    ("failures", FAILURES),
    ("close", CLOSE),
    ("environ", ENVIRON),
    ("input", INPUT),
    ("files", FILES),
];

fn bytes(target: &str, asks: Asks) -> Vec<u8> {
    match asks {
        Get => request("GET", target, "", b""),
        Head => request("HEAD", target, "", b""),
        Post(body) => request("POST", target, "", body.as_bytes()),
        With(fields) => request("GET", target, fields, b""),
        Chunks(body) => {
            let chunks = body.chars().map(|char| format!("1\r\n{char}\r\n"));
            let body = chunks.collect::<String>() + "0\r\n\r\n";
            let coding = "Connection: close\r\nTransfer-Encoding: chunked\r\n";
            format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n{coding}\r\n{body}").into()
        }
    }
}

/// What is wrong with the answer; nothing, if it is as it should be.
fn compare(client: &mut Client, asks: Asks, gets: Gets) -> Result<(), String> {
    let answer = client.next_answer(matches!(asks, Head));
    let answer = match (answer, gets) {
        (Err(NoAnswer::Ended(_)), Cut(text)) => {
            let received = String::from_utf8_lossy(client.received()).into_owned();
            return match received.contains(text) && received.starts_with("HTTP/1.1 200 ") {
                true => Ok(()),
                false => Err(format!("it is cut somewhere else: {received:?}")),
            };
        }
        (Err(error), _) => {
            return Err(format!("{error:?}: {:?}", client.received().escape_ascii()));
        }
        (Ok(answer), _) => answer,
    };
    let text = answer.text();
    let is_right = match gets {
        Status(status) => answer.status == status,
        Refused(status) => {
            let is_ours = text.starts_with(&status.to_string()) && !text.contains("Traceback");
            answer.status == status && is_ours && answer.field("x-injected").is_none()
        }
        Answer(status, wanted) => answer.status == status && text == wanted,
        Field(status, name, value) => answer.status == status && answer.field(name) == Some(value),
        NoField(status, name) => answer.status == status && answer.field(name).is_none(),
        Size(size) => answer.status == 200 && answer.body.len() == size,
        Cut(_) => false,
    };
    let has_date = answer
        .fields
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("date"));
    match is_right && has_date.count() == 1 {
        true => Ok(()),
        false => Err(format!(
            "{} {:?} {text:.200?}",
            answer.status, answer.fields
        )),
    }
}

#[test]
fn whatever_an_application_does_the_client_gets_what_it_should_and_so_does_the_next_one() {
    if !python_has("wsgiref") {
        return;
    }
    let served = Served::start("odd:app", "");
    let mut wrong = Vec::new();
    for (title, rows) in TABLE {
        for &(target, asks, gets) in *rows {
            let mut client = served.client_that_sends(bytes(target, asks));
            if let Err(error) = compare(&mut client, asks, gets) {
                wrong.push(format!("{title}: {target}: {error}"));
            }
            assert_eq!(served.get("/fine").text(), "fine", "after {target}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let said = served.stop();
    assert!(
        said.contains("half a line, and the rest: \u{20ac}"),
        "{said}"
    );
}
