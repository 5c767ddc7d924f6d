//! The small server of lesson 3: whatever takes an environ and a start_response can be served.

mod routes;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};
use std::{str, thread};

use chrono::{DateTime, Utc};
use httparse::{EMPTY_HEADER, Error, Request, Status};

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(8888)))?;
    println!("small03 listening on http://{}", listener.local_addr()?);
    loop {
        let Ok((client, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(100)); // until a descriptor is free
            continue;
        };
        let _ = catch_unwind(|| serve(client)); // an error belongs to its client, and a panic too
    }
}

fn serve(mut client: TcpStream) -> io::Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    let mut received = Vec::new();
    let asked = loop {
        if let Some(asked) = asked_in(&received) {
            break asked;
        }
        if !read_more(&mut client, &mut received, until)? {
            return Ok(()); // it left before the empty line
        }
    };
    match asked {
        Ok((environ, end)) => respond(&client, &environ, &received[end..])?,
        Err(status) => client.write_all(&refusal(status, received.starts_with(b"HEAD ")))?,
    }
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

type Environ = BTreeMap<String, String>;

fn respond(mut client: &TcpStream, environ: &Environ, begun: &[u8]) -> io::Result<()> {
    let length = environ
        .get("CONTENT_LENGTH")
        .map_or(Ok(0), |text| text.parse());
    let mut input = begun.chain(client).take(length.unwrap_or(0));
    let mut head = String::new();
    let mut start_response = |status: &str, fields: &[(&str, &str)]| {
        head = head_for(status);
        for (name, value) in fields {
            head += &format!("{name}: {value}\r\n");
        }
    };
    let run = || routes::application(environ, &mut input, &mut start_response);
    let is_head = environ["REQUEST_METHOD"] == "HEAD";
    let Ok(body) = catch_unwind(AssertUnwindSafe(run)) else {
        return client.write_all(&refusal("500 Internal Server Error", is_head));
    };
    client.write_all((head + "\r\n").as_bytes())?;
    for piece in body.take_while(|_| !is_head) {
        client.write_all(&piece)?;
    }
    Ok(())
}

fn asked_in(received: &[u8]) -> Option<Result<(Environ, usize), &'static str>> {
    let mut fields = [EMPTY_HEADER; 100];
    let mut request = Request::new(&mut fields);
    match request.parse(received) {
        Ok(Status::Complete(end)) => Some(match status_of(&request) {
            "200 OK" => Ok((environ_of(&request), end)),
            status => Err(status),
        }),
        Ok(Status::Partial) if received.len() < 16 * 1024 => None,
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Some(Err("431 Head Too Large")),
        Err(Error::Version) => Some(Err("505 HTTP Version Not Supported")),
        Err(_) => Some(Err("400 Bad Request")),
    }
}

fn environ_of(request: &Request) -> Environ {
    let mut target = request.path.unwrap_or("/");
    if let Some((_, rest)) = target.split_once("://") {
        target = rest.find('/').map_or("/", |at| &rest[at..]); // a whole URL
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut environ = Environ::from([
        ("REQUEST_METHOD".into(), request.method.unwrap_or("").into()),
        ("PATH_INFO".into(), path.into()),
        ("QUERY_STRING".into(), query.into()),
        (
            "SERVER_PROTOCOL".into(),
            format!("HTTP/1.{}", request.version.unwrap_or(1)),
        ),
    ]);
    for field in request
        .headers
        .iter()
        .filter(|field| !field.name.contains('_'))
    {
        let mut name = field.name.to_uppercase().replace('-', "_");
        if !["CONTENT_TYPE", "CONTENT_LENGTH"].contains(&&name[..]) {
            name = format!("HTTP_{name}");
        }
        environ.insert(name, String::from_utf8_lossy(field.value).into());
    }
    environ
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

fn refusal(status: &str, is_head: bool) -> Vec<u8> {
    let head = format!(
        "Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        status.len()
    );
    let body = if is_head { "" } else { status };
    (head_for(status) + &head + body).into_bytes()
}

fn head_for(status: &str) -> String {
    let date = DateTime::<Utc>::from(SystemTime::now()).format("%a, %d %b %Y %T GMT");
    format!("HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: close\r\n")
}
