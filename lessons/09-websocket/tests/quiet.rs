//! What a quiet socket costs: memory, and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;

use check::server::{Launch, Server};

fn open(server: &Server) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket
        .write_all(
            b"GET /ws/echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let count = socket.read(&mut piece).unwrap();
        assert!(count > 0, "the server has closed");
        head.extend_from_slice(&piece[..count]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    socket
}

/// Sends something on it and gets it back, so that the socket has been used.
fn use_once(socket: &mut TcpStream) {
    socket.write_all(b"\x82\x82\0\0\0\0hi").unwrap();
    let mut echo = [0; 4];
    socket.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"\x82\x02hi");
}

#[test]
fn a_quiet_socket_costs_less_than_a_kibibyte_and_no_thread() {
    // As many as fit below the limit of 1,024 descriptors that many systems have.
    const WARM: usize = 100;
    const COUNT: usize = 800;
    let server = Launch::lesson(env!("CARGO_BIN_EXE_lesson09"), "--quiet");
    let server = server.start(None).unwrap();
    let mut sockets: Vec<TcpStream> = (0..WARM).map(|_| open(&server)).collect();
    sockets.iter_mut().for_each(use_once);
    let (memory, threads) = (server.processes().memory(), server.processes().threads());
    sockets.extend((WARM..COUNT).map(|_| open(&server)));
    sockets.iter_mut().for_each(use_once);
    let grown = server.processes().memory().saturating_sub(memory);
    // It is given in KiB.
    let each = grown * 1024 / (COUNT - WARM) as u64;
    assert!(each <= 1024, "{each} bytes for a quiet socket");
    assert_eq!(server.processes().threads(), threads);
}
