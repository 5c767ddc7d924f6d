//! The small server of lesson 2, fifth step: a deadline, and an end that loses no answer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime};
use std::{str, thread};

use chrono::{DateTime, Utc};
use httparse::{EMPTY_HEADER, Error, Request, Status};

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(8888)))?;
    println!("small02 listening on http://{}", listener.local_addr()?);
    loop {
        let Ok((client, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(100)); // until a descriptor is free
            continue;
        };
        let _ = serve(client); // an error belongs to its client
    }
}

fn serve(mut client: TcpStream) -> io::Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    let mut received = Vec::new();
    let status = loop {
        if let Some(status) = status_for(&received) {
            break status;
        }
        if !read_more(&mut client, &mut received, until)? {
            return Ok(()); // it left before the empty line
        }
    };
    client.write_all(&answer(status, received.starts_with(b"HEAD ")))?;
    client.shutdown(Shutdown::Write)?;
    let until = Instant::now() + Duration::from_secs(2);
    while read_more(&mut client, &mut Vec::new(), until)? {} // read, and forget
    Ok(())
}

fn read_more(client: &mut TcpStream, received: &mut Vec<u8>, until: Instant) -> io::Result<bool> {
    let left = until.saturating_duration_since(Instant::now());
    client.set_read_timeout(Some(left.max(Duration::from_millis(1))))?; // zero is an error
    let mut piece = [0; 4096];
    let count = client.read(&mut piece)?;
    received.extend_from_slice(&piece[..count]);
    Ok(count > 0)
}

fn status_for(received: &[u8]) -> Option<&'static str> {
    let mut fields = [EMPTY_HEADER; 100];
    let mut request = Request::new(&mut fields);
    match request.parse(received) {
        Ok(Status::Complete(_)) => Some(status_of(&request)),
        Ok(Status::Partial) if received.len() < 16 * 1024 => None,
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Some("431 Head Too Large"),
        Err(Error::Version) => Some("505 HTTP Version Not Supported"),
        Err(_) => Some("400 Bad Request"),
    }
}

fn status_of(request: &Request) -> &'static str {
    let hosts = values(request, "Host");
    let lengths = values(request, "Content-Length");
    let codings = values(request, "Transfer-Encoding");
    match (&hosts[..], &lengths[..], &codings[..]) {
        _ if request.method == Some("CONNECT") => "501 Not Implemented",
        ([], [], []) if request.version == Some(0) => "200 OK",
        ([host], [], []) if is_host(host) => "200 OK",
        ([host], [length], []) if is_host(host) && is_length(length) => "200 OK",
        ([_], [], [_]) => "501 Not Implemented",
        _ => "400 Bad Request",
    }
}

fn is_host(host: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    host.bytes().all(is_fine)
}

fn is_length(length: &str) -> bool {
    length.parse::<u64>().is_ok() && !length.starts_with('+')
}

fn values<'a>(request: &'a Request, name: &str) -> Vec<&'a str> {
    let fields = request.headers.iter();
    let named = fields.filter(|field| field.name.eq_ignore_ascii_case(name));
    named
        .map(|field| str::from_utf8(field.value).unwrap_or("?"))
        .collect()
}

fn answer(status: &str, is_head: bool) -> Vec<u8> {
    let date = DateTime::<Utc>::from(SystemTime::now()).format("%a, %d %b %Y %T GMT");
    let body = if status == "200 OK" {
        "Hello, World!"
    } else {
        status
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         Date: {date}\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    let body = if is_head { "" } else { body };
    (head + body).into_bytes()
}
