//! The small server of lesson 2, second step: a parser, and statuses.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{thread, time::Duration};

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
    let mut received = Vec::new();
    let status = loop {
        if let Some(status) = status_for(&received) {
            break status;
        }
        if !read_more(&mut client, &mut received)? {
            return Ok(()); // it left before the empty line
        }
    };
    client.write_all(&answer(status))
}

fn read_more(client: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 4096];
    let count = client.read(&mut piece)?;
    received.extend_from_slice(&piece[..count]);
    Ok(count > 0)
}

fn status_for(received: &[u8]) -> Option<&'static str> {
    let mut fields = [EMPTY_HEADER; 100];
    let mut request = Request::new(&mut fields);
    match request.parse(received) {
        Ok(Status::Complete(_)) => Some("200 OK"),
        Ok(Status::Partial) if received.len() < 16 * 1024 => None,
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Some("431 Head Too Large"),
        Err(Error::Version) => Some("505 HTTP Version Not Supported"),
        Err(_) => Some("400 Bad Request"),
    }
}

fn answer(status: &str) -> Vec<u8> {
    let body = if status == "200 OK" {
        "Hello, World!"
    } else {
        status
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    (head + body).into_bytes()
}
