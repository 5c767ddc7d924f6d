//! A member of the chat: a socket, and everything that it has heard.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use kit::patience::{GUARD, until};

pub(crate) struct Member {
    stream: TcpStream,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Member {
    pub(crate) fn join(address: SocketAddr, name: &str) -> Member {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        let head = format!(
            "GET /ws/chat?name={name}&room=tea HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (listening, into) = (stream.try_clone().unwrap(), Arc::clone(&heard));
        thread::spawn(move || listen(listening, &into));
        let member = Member { stream, heard };
        member.hears(&format!("\"came\",\"name\":\"{name}\""));
        member
    }

    /// One text frame. A client's is masked, here with zeros, which change nothing.
    pub(crate) fn say(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat();
        self.stream.write_all(&frame).unwrap();
    }

    /// Waits until it has heard something with this in it.
    pub(crate) fn hears(&self, what: &str) {
        until(what, || self.count(what) > 0);
    }

    /// In how many messages that was.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.heard()
            .iter()
            .filter(|text| text.contains(what))
            .count()
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Vec<String>> {
        self.heard.lock().unwrap()
    }
}

/// Frames without masks, until the end. Short pings are passed over: nobody stays for so long.
fn listen(mut stream: TcpStream, heard: &Mutex<Vec<String>>) {
    loop {
        let mut head = [0; 2];
        if stream.read_exact(&mut head).is_err() {
            return;
        }
        let mut length = usize::from(head[1]);
        if length == 126 {
            let mut longer = [0; 2];
            stream.read_exact(&mut longer).unwrap();
            length = u16::from_be_bytes(longer).into();
        }
        let mut text = vec![0; length];
        if stream.read_exact(&mut text).is_err() {
            return;
        }
        if head[0] == 0x81 {
            heard.lock().unwrap().push(String::from_utf8(text).unwrap());
        }
    }
}
