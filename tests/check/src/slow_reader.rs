//! A client that takes what it is sent as slowly as it may.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// A client with little room for what it has not read, which has sent `question`.
pub fn narrow_client(address: SocketAddr, question: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut client = TcpStream::from(socket);
    let guard = Some(Duration::from_secs(60));
    client.set_read_timeout(guard).unwrap();
    client.write_all(question.as_bytes()).unwrap();
    client
}

/// Asserts that a client gets everything that reads so many pieces slowly, and then the rest. With a
/// write timeout of two seconds it takes five times what it must.
pub fn gets_everything(address: SocketAddr, pieces: usize) {
    let question = "GET /stream?n=300000&ms=0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut client = narrow_client(address, question);
    let mut piece = [0; 8 * 1024];
    for _ in 0..pieces {
        client.read_exact(&mut piece).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    let end = String::from_utf8_lossy(&rest[rest.len() - 40..]).into_owned();
    let is_all = end.ends_with("line 300000 of 300000\n\r\n0\r\n\r\n");
    assert!(is_all, "{end}");
}
