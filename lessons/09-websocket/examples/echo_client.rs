//! A WebSocket client that shows every byte: `echo_client [--addr HOST:PORT] /ws/echo Hello`.
//!
//! It sends each word as a message, waits for what comes back, and says goodbye. Without a word it
//! stays, shows what comes, and answers nothing but the server's goodbye.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

use lesson09::frame::{Opcode, encode, unmask};

/// A browser makes up a new one for each frame, which nobody can guess. This is the one of the
/// example in RFC 6455 §5.7, so that you can compare.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The opcode of a close frame.
const CLOSE: u8 = 0x8;

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
    if !head.starts_with("HTTP/1.1 101 ") {
        return Err("this is no WebSocket".into());
    }
    if texts.is_empty() {
        return stay(&mut server);
    }
    for text in texts {
        send(&mut server, Opcode::Text, text.as_bytes())?;
        receive(&mut server)?;
    }
    send(&mut server, Opcode::Close, &1000u16.to_be_bytes())?;
    receive(&mut server)?;
    Ok(())
}

fn stay(server: &mut TcpStream) -> Result<(), Box<dyn Error>> {
    // Whether it ends in order or with a reset, it has ended.
    while let Ok(frame) = receive(server) {
        if frame.opcode == CLOSE {
            send(server, Opcode::Close, &frame.payload)?;
            break;
        }
    }
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

struct Frame {
    opcode: u8,
    payload: Vec<u8>,
}

fn receive(server: &mut TcpStream) -> std::io::Result<Frame> {
    let mut frame = vec![0; 2];
    server.read_exact(&mut frame)?;
    // A length from 126 on stands behind these two bytes, in two or eight more.
    let more = match frame[1] {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    frame.resize(2 + more, 0);
    server.read_exact(&mut frame[2..])?;
    let long = frame[2..]
        .iter()
        .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let length = if more == 0 {
        usize::from(frame[1])
    } else {
        long
    };
    let head = frame.len();
    frame.resize(head + length, 0);
    server.read_exact(&mut frame[head..])?;
    let payload = frame.split_off(head);
    let opcode = frame[0] & 0x0f;
    frame.extend(&payload);
    println!("< {}  {}", bytes(&frame), payload.escape_ascii());
    Ok(Frame { opcode, payload })
}

fn bytes(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
