//! A WebSocket client that shows every byte: `echo_client [--addr HOST:PORT] /ws/echo Hello`.
//!
//! It sends each word as a message, waits for what comes back, and says goodbye. Without a word it
//! stays and says nothing until the server ends it.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

use lesson09::frame::{Opcode, encode, unmask};

/// A browser makes up a new one for each frame, which nobody can guess. This is the one of the
/// example in RFC 6455 §5.7, so that you can compare.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (address, words) = match &words[..] {
        [flag, address, words @ ..] if flag == "--addr" => (address.as_str(), words),
        words => ("127.0.0.1:8888", words),
    };
    let [path, texts @ ..] = words else {
        return Err("echo_client [--addr HOST:PORT] PATH [TEXT]...".into());
    };
    let mut server = TcpStream::connect(address)?;
    write!(
        server,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        server.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    println!("{}", head.lines().next().unwrap_or_default());
    if texts.is_empty() {
        // Whether it ends in order or with a reset, it has ended.
        let _ = server.read_to_end(&mut Vec::new());
        return Ok(());
    }
    for text in texts {
        send(&mut server, Opcode::Text, text.as_bytes())?;
        receive(&mut server)?;
    }
    send(&mut server, Opcode::Close, &1000u16.to_be_bytes())?;
    receive(&mut server)?;
    Ok(())
}

fn send(server: &mut TcpStream, opcode: Opcode, payload: &[u8]) -> std::io::Result<()> {
    let mut frame = Vec::new();
    encode(opcode, payload, &mut frame);
    // The same frame, with a mask between its head and its payload.
    let head = frame.len() - payload.len();
    frame[1] |= 0x80;
    unmask(&mut frame[head..], MASK, 0);
    frame.splice(head..head, MASK);
    println!("> {}", bytes(&frame));
    server.write_all(&frame)
}

fn receive(server: &mut TcpStream) -> std::io::Result<()> {
    let mut head = [0; 2];
    server.read_exact(&mut head)?;
    let mut payload = vec![0; usize::from(head[1])];
    server.read_exact(&mut payload)?;
    let frame = [&head[..], &payload].concat();
    println!("< {}  {}", bytes(&frame), payload.escape_ascii());
    Ok(())
}

fn bytes(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
