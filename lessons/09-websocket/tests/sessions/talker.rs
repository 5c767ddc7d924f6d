//! A client of a session, in memory, and a handler that notes what it is told.

use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::{Duration, Instant};

use lesson03::Protocol;
use lesson09::frame::unmask;
use lesson09::{Message, Session, Socket, SocketRules, WebSocket, WebSocketManager};

/// A client's frame, with a mask.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    let mut payload = payload.to_vec();
    unmask(&mut payload, MASK, 0);
    frame.extend(payload);
    frame
}

/// A close frame's payload.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    payload
}

/// What a server sent: the first byte and the payload of each frame.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, short, rest @ ..] = bytes {
        assert!(*short < 128, "a server does not mask");
        let (length, rest) = match short {
            126 => (u16::from_be_bytes([rest[0], rest[1]]) as usize, &rest[2..]),
            127 => {
                let length = u64::from_be_bytes(*rest.first_chunk().unwrap());
                (length as usize, &rest[8..])
            }
            short => (*short as usize, rest),
        };
        frames.push((*first, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}

/// What a handler was told.
pub(crate) type Told = Arc<Mutex<Vec<String>>>;

/// Echoes, and notes everything. Some messages are orders.
pub(crate) struct Noting(pub(crate) Told);

impl Noting {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl WebSocket for Noting {
    fn opened(&mut self, _socket: &mut Socket<'_>) {
        self.note("opened".into());
    }

    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>) {
        match message {
            Message::Text("panic") => panic!("as it was told to"),
            Message::Text("close") => {
                socket.close(3000, "as it was told to");
                assert!(socket.send("too late").is_err());
            }
            Message::Text("post to yourself") => {
                socket.handle().send("first").unwrap();
                socket.send("second").unwrap();
            }
            message => socket.send(message).unwrap(),
        }
        self.note(format!("{message:?}"));
    }

    fn ponged(&mut self, data: &[u8], _socket: &mut Socket<'_>) {
        self.note(format!("ponged {}", data.escape_ascii()));
    }

    fn closed(&mut self, code: u16, reason: &str) {
        self.note(format!("closed {code} {reason}"));
    }
}

/// A session, and the time that it is told.
pub(crate) struct Talker {
    pub(crate) session: Session,
    pub(crate) manager: WebSocketManager,
    pub(crate) told: Told,
    pub(crate) now: Instant,
    pub(crate) out: Vec<u8>,
    left: Vec<u8>,
}

impl Talker {
    pub(crate) fn new(rules: SocketRules) -> Talker {
        let manager = WebSocketManager::new(10);
        let told = Told::default();
        let session = Session::new(Noting(Arc::clone(&told)), &manager, &Arc::new(rules));
        let mut talker = Talker {
            session: session.unwrap(),
            manager,
            told,
            now: Instant::now(),
            out: Vec::new(),
            left: Vec::new(),
        };
        let waker = Waker::noop().clone();
        talker.session.open(waker, &mut talker.out);
        talker.poll();
        talker
    }

    /// These bytes come, as they would to a driver.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        self.left.extend_from_slice(bytes);
        loop {
            let used = self.session.receive(&mut self.left, &mut self.out);
            self.left.drain(..used);
            if used == 0 || self.left.is_empty() {
                break;
            }
        }
        self.poll();
    }

    pub(crate) fn poll(&mut self) -> Option<Instant> {
        self.session.poll(self.now, &mut self.out)
    }

    pub(crate) fn pass(&mut self, time: Duration) -> Option<Instant> {
        self.now += time;
        self.poll()
    }

    /// What it has sent since this was asked last.
    pub(crate) fn sent(&mut self) -> Vec<(u8, Vec<u8>)> {
        frames(&std::mem::take(&mut self.out))
    }

    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}
