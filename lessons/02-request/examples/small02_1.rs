//! The small server of lesson 2, first step: read until the empty line.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{thread, time::Duration};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 13\r\n\
    Connection: close\r\n\
    \r\n\
    Hello, World!";

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
    while !received.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte)? == 0 {
            return Ok(()); // it left before the empty line
        }
        received.extend(byte);
    }
    client.write_all(ANSWER)
}
