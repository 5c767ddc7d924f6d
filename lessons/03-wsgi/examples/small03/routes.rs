//! The demo application, for a small server: the routes that the checker asks for.
//!
//! What an application is given and gives back is made of types of the standard library alone. It
//! knows nothing of the server, and the server nothing of it.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, SystemTime};
use std::{process, thread};

type Environ = BTreeMap<String, String>;
type StartResponse<'a> = &'a mut dyn FnMut(&str, &[(&str, &str)]);
type Body = Box<dyn Iterator<Item = Vec<u8>>>;

const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

/// All the routes, each at its path.
pub(crate) fn application(
    environ: &Environ,
    input: &mut dyn Read,
    start_response: StartResponse,
) -> Body {
    match (&environ["REQUEST_METHOD"][..], &environ["PATH_INFO"][..]) {
        (_, "/") => {
            start_response("200 OK", &[TEXT, ("Content-Length", "13")]);
            whole("Hello, World!")
        }
        (_, "/environ") => {
            start_response("200 OK", &[TEXT]);
            let lines = environ
                .iter()
                .map(|(name, value)| format!("{name} = {value}\n"));
            whole(lines.collect::<String>())
        }
        (_, "/sleep") => sleep(environ, start_response),
        ("POST", "/echo") => {
            let mut body = Vec::new();
            let _ = input.read_to_end(&mut body); // a client that left gets what there is
            start_response("200 OK", &[("Content-Type", "application/octet-stream")]);
            whole(body)
        }
        (_, "/echo") => {
            start_response("405 Method Not Allowed", &[TEXT, ("Allow", "POST")]);
            whole("405 Method Not Allowed: POST something\n")
        }
        (_, "/stream") => stream(environ, start_response),
        (_, "/panic") => panic!("this application always panics"),
        _ => {
            start_response("404 Not Found", &[TEXT]);
            whole("404 Not Found\n")
        }
    }
}

/// `/sleep?ms=500`: takes its time, then tells who slept and when.
fn sleep(environ: &Environ, start_response: StartResponse) -> Body {
    let started = milliseconds_since_1970();
    thread::sleep(Duration::from_millis(number(environ, "ms", 500)));
    let finished = milliseconds_since_1970();
    let (pid, thread) = (process::id(), thread::current());
    let name = thread.name().unwrap_or("unnamed");
    start_response("200 OK", &[("Content-Type", "application/json")]);
    whole(format!(
        "{{\"pid\": {pid}, \"thread\": {name:?}, \
         \"started_ms\": {started:.3}, \"finished_ms\": {finished:.3}}}\n"
    ))
}

/// `/stream?n=5&ms=200`: lines, each made only when the one before it is on its way.
fn stream(environ: &Environ, start_response: StartResponse) -> Body {
    let (count, time) = (number(environ, "n", 5), number(environ, "ms", 200));
    start_response("200 OK", &[TEXT]);
    Box::new((1..=count).map(move |line| {
        if line > 1 {
            thread::sleep(Duration::from_millis(time));
        }
        format!("line {line} of {count}\n").into_bytes()
    }))
}

/// A body in one piece.
fn whole(body: impl Into<Vec<u8>>) -> Body {
    Box::new(std::iter::once(body.into()))
}

/// A number in the query, such as 5 in `n=5&ms=200`.
fn number(environ: &Environ, name: &str, default: u64) -> u64 {
    let mut pairs = environ["QUERY_STRING"]
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let value = pairs
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.parse().ok());
    value.unwrap_or(default)
}

fn milliseconds_since_1970() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1000.0
}
