//! The attacks that the pages about the gateway describe, with the words of the pages.

use lesson02::percent_decode;
use lesson03::application;

use crate::served::{Answer, serve_unchecked};

const RESPONSE: &str = include_str!("../../../../book/src/03-wsgi-response.md");
const ENVIRON: &str = include_str!("../../../../book/src/03-wsgi-environ.md");

/// The code behind some words of a page.
fn code_behind(page: &'static str, words: &str) -> &'static str {
    let (_, rest) = page.split_once(words).expect(words);
    rest.split('`').nth(1).expect("code in backticks")
}

/// What an application answers that copies a parameter into a header, as the page imagines.
fn welcome(name: &str) -> Answer {
    let header = code_behind(RESPONSE, "copies a parameter into a header, as in ");
    let (field, target) = header.split_once(": ").unwrap();
    let served = serve_unchecked(application(move |environ, start_response| {
        let query = environ.get("QUERY_STRING").unwrap_or_default();
        let name = query.strip_prefix("name=").unwrap_or_default();
        let name = String::from_utf8(percent_decode(name.as_bytes()).into_owned())?;
        let value = target.replace('…', &name);
        start_response.begin("302 Found", &[(field, &value)])?;
        Ok("".into())
    }));
    served.get(&format!("/?name={name}"))
}

#[test]
fn a_line_end_in_a_parameter_becomes_no_header_of_its_own() {
    assert_eq!(welcome("Ann").header("Location"), ["/welcome?name=Ann"]);
    let injected = code_behind(RESPONSE, "a name that contains a line end and ");
    let (field, _) = injected.split_once(": ").unwrap();
    for line_end in ["%0d%0a", "%0a", "%0d"] {
        let answer = welcome(&format!("Ann{line_end}{field}:%20admin=1"));
        assert_eq!(answer.code(), "500", "{line_end}");
        assert_eq!(answer.header(field), [""; 0]);
        assert_eq!(answer.header("Location"), [""; 0]);
        assert!(!answer.head.contains("admin") && !answer.body.contains("admin"));
    }
}

#[test]
fn an_underscore_does_not_walk_past_a_proxy_that_removes_the_name_with_a_dash() {
    let served = serve_unchecked(application(|environ, start_response| {
        let user = environ.get("HTTP_X_USER").unwrap_or_default().into_owned();
        start_response.begin("200 OK", &[("Content-Type", "text/plain")])?;
        Ok(format!("[{user}]").into())
    }));
    let line = code_behind(ENVIRON, "A client that sends ");
    let ask = |line: &str| served.ask(format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n"));
    assert_eq!(ask(line).body, "[]");
    assert_eq!(ask(&line.replace('_', "-")).body, "[admin]");
}
