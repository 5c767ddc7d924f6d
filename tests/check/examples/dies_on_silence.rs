//! A server with the classic mistake: it believes that every client asks something, and panics
//! when one connects and leaves. The tests show that the checker sees it die.
//!
//! `dies_on_silence PORT`

use std::io::{Read, Write};
use std::net::TcpListener;

fn main() {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let port: u16 = port.expect("usage: dies_on_silence PORT");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    loop {
        let (mut client, _) = listener.accept().expect("a client");
        let mut buffer = [0; 1024];
        let count = client.read(&mut buffer).expect("some bytes");
        assert!(count > 0, "a client that says nothing?");
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n";
        client.write_all(answer.as_bytes()).expect("a reader");
    }
}
