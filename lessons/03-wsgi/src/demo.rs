//! The demo application: the same on every server of the course.

// ANCHOR: imports
use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{process, thread};

use lesson02::Page;

use crate::{AppError, Body, Environ, StartResponse, check_header, pause};
// ANCHOR_END: imports

// ANCHOR: application
const PLAIN: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

/// All the applications below, each at its path.
pub fn application(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    match environ.path_utf8_lossy().as_ref() {
        "" | "/" => hello(environ, start_response),
        "/environ" => self::environ(environ, start_response),
        "/sleep" => sleep(environ, start_response),
        "/echo" => echo(environ, start_response),
        "/stream" => stream(environ, start_response),
        "/panic" => panic(environ, start_response),
        "/primes" => primes(environ, start_response),
        _ => {
            start_response.begin("404 Not Found", &[PLAIN])?;
            Ok("404 Not Found\n".into())
        }
    }
}

// ANCHOR: hello
/// `/`: says hello.
pub fn hello(_environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    start_response.begin("200 OK", &[PLAIN])?;
    Ok("Hello, World!".into())
}
// ANCHOR_END: hello
// ANCHOR_END: application

// ANCHOR: environ
/// `/environ`: shows what an application is told, like the demo of Python's `wsgiref`.
pub fn environ(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let mut text = String::from("Hello world!\n\n");
    for (name, value) in environ.iter() {
        text.push_str(&format!("{name} = {value}\n"));
    }
    start_response.begin("200 OK", &[PLAIN])?;
    Ok(text.into())
}
// ANCHOR_END: environ

// ANCHOR: sleep
/// `/sleep?ms=500`: takes its time, then tells who slept and when.
pub fn sleep(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let time = milliseconds(&query(environ), 500)?;
    let started = unix_milliseconds();
    pause(time);
    start_response.begin("200 OK", &[("Content-Type", "application/json")])?;
    Ok(slept_since(started).into())
}

/// Who has slept, from when until now.
pub fn slept_since(started: f64) -> String {
    let finished = unix_milliseconds();
    let thread = thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let pid = process::id();
    // A thread's name is chosen by our own servers, and Rust's quoting of it is JSON's.
    format!(
        "{{\"pid\": {pid}, \"thread\": {name:?}, \
         \"started_ms\": {started:.3}, \"finished_ms\": {finished:.3}}}\n"
    )
}

/// What time it is, for somebody in another process.
pub fn unix_milliseconds() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1000.0
}
// ANCHOR_END: sleep

// ANCHOR: echo
/// `POST /echo`: sends the body back.
///
/// It reads everything before it answers. An echo that writes while it reads would wait for ever
/// on a client that sends everything before it reads.
pub fn echo(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    if environ.get("REQUEST_METHOD").as_deref() != Some("POST") {
        start_response.begin("405 Method Not Allowed", &[PLAIN, ("Allow", "POST")])?;
        return Ok("405 Method Not Allowed: POST something\n".into());
    }
    let mut body = Vec::new();
    environ.input().read_to_end(&mut body)?;
    let content_type = environ.get("CONTENT_TYPE");
    // A tab, which a client may send, is a control character, which an answer may not have.
    let content_type = content_type.filter(|text| check_header("Content-Type", text).is_ok());
    let content_type = content_type
        .as_deref()
        .unwrap_or("application/octet-stream");
    start_response.begin("200 OK", &[("Content-Type", content_type)])?;
    Ok(body.into())
}
// ANCHOR_END: echo

// ANCHOR: stream
/// `/stream?n=5&ms=200`: lines, each made only when the one before it is on its way.
pub fn stream(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let query = query(environ);
    let count = number(&query, "n", 5)?;
    let time = milliseconds(&query, 200)?;
    start_response.begin("200 OK", &[PLAIN])?;
    Ok(Body::chunks((1..=count).map(move |line| {
        if line > 1 {
            pause(time);
        }
        format!("line {line} of {count}\n").into_bytes()
    })))
}

/// `/panic`: begins a good answer, and then does what no application should.
pub fn panic(_environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    start_response.begin("200 OK", &[PLAIN])?;
    panic!("this application always panics");
}
// ANCHOR_END: stream

// ANCHOR: primes
/// `/primes?n=20000`: counts the primes below `n`, one division after the other. A request that
/// sleeps needs nobody; this one needs a processor.
pub fn primes(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let below = match number(&query(environ), "n", 20_000)? {
        below @ 0..=1_000_000 => below,
        _ => return Err(bad_request("n is at most 1000000")),
    };
    let count = (2..below).filter(|&number| is_prime(number)).count();
    start_response.begin("200 OK", &[PLAIN])?;
    Ok(format!("{count} primes below {below}\n").into())
}

fn is_prime(number: u64) -> bool {
    let mut divisors = (2..).take_while(|divisor| divisor * divisor <= number);
    !divisors.any(|divisor| number.is_multiple_of(divisor))
}
// ANCHOR_END: primes

// ANCHOR: query
fn query(environ: &Environ) -> String {
    let query = environ.get("QUERY_STRING");
    query.unwrap_or_default().into_owned()
}

/// The `ms` of a query, up to a minute.
pub fn milliseconds(query: &str, default: u64) -> Result<Duration, AppError> {
    match number(query, "ms", default)? {
        time @ 0..=60_000 => Ok(Duration::from_millis(time)),
        _ => Err(bad_request("ms is at most 60000")),
    }
}

/// A number in a query, such as 5 in `n=5&ms=200`.
pub fn number(query: &str, name: &str, default: u64) -> Result<u64, AppError> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    match pairs.find(|(key, _)| *key == name) {
        None => Ok(default),
        Some((_, value)) => value
            .parse()
            .map_err(|_| bad_request(&format!("{name} is a whole number"))),
    }
}

fn bad_request(why: &str) -> AppError {
    let page = Page::text("400 Bad Request", format!("400 Bad Request: {why}\n"));
    AppError::new(why.to_owned()).with_page(page)
}
// ANCHOR_END: query
