//! A server in this process, and a client that speaks bytes: what the tests here stand on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lesson02::{Limits, Settings};
use lesson03::validator::{Complaints, Validator};
use lesson03::{Application, Handle, Options, Pace, ServeError, WsgiServer};

/// A running server. Dropping it stops it, and fails the test if it broke a rule.
pub(crate) struct Served {
    server: Arc<WsgiServer>,
    handle: Handle,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
    complaints: Complaints,
}

/// Deadlines short enough for a test that waits for one.
pub(crate) fn brief() -> Options {
    let brief = Duration::from_millis(300);
    let limits = Limits {
        head_timeout: brief,
        drain_timeout: brief,
        ..Limits::default()
    };
    Options {
        settings: Settings {
            limits,
            quiet: true,
            ..Settings::default()
        },
        pace: Pace {
            grace: brief,
            bytes_per_second: 1_000_000,
        },
        ..Options::default()
    }
}

/// Serves `app` behind the validator.
pub(crate) fn serve(app: impl Application + 'static) -> Served {
    let validator = Validator::new(app);
    let complaints = validator.complaints();
    serve_with(brief(), validator, complaints)
}

/// Serves an application that breaks a rule, so that the server is what notices.
pub(crate) fn serve_unchecked(app: impl Application + 'static) -> Served {
    serve_with(brief(), app, Complaints::default())
}

pub(crate) fn serve_with(
    options: Options,
    app: impl Application + 'static,
    complaints: Complaints,
) -> Served {
    let server = WsgiServer::bind("127.0.0.1:0", Arc::new(app), options).unwrap();
    let server = Arc::new(server);
    let handle = server.handle();
    let thread = {
        let server = Arc::clone(&server);
        std::thread::spawn(move || server.serve_forever())
    };
    Served {
        server,
        handle,
        thread: Some(thread),
        complaints,
    }
}

impl Served {
    pub(crate) fn server(&self) -> &WsgiServer {
        &self.server
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.server.address()).unwrap();
        // A guard against a hang, not a measurement.
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Client(stream)
    }

    /// Sends `request` and receives everything until the server closes.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.shutdown().unwrap();
        let outcome = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            assert_eq!(
                outcome.unwrap(),
                Ok(()),
                "the server must outlive every test"
            );
            assert_eq!(
                self.complaints.list(),
                [""; 0],
                "the server must keep to PEP 3333"
            );
        }
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn done_sending(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Receives until what has come ends with `end`.
    pub(crate) fn receive_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut byte = [0];
        while !text.ends_with(end) {
            let count = self.0.read(&mut byte).unwrap();
            assert_eq!(count, 1, "the connection ended before {end:?}: {text:?}");
            text.push(char::from(byte[0]));
        }
        text
    }

    /// Receives everything until the server closes or resets.
    pub(crate) fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        let was_reset = self.0.read_to_end(&mut bytes).is_err();
        let text: String = bytes.iter().copied().map(char::from).collect();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        Answer {
            head: head.to_owned(),
            body: body.to_owned(),
            was_reset,
        }
    }
}

/// An answer, byte for byte as characters.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
    /// Whether the connection ended in a reset.
    pub(crate) was_reset: bool,
}

impl Answer {
    pub(crate) fn status(&self) -> &str {
        self.head
            .split("\r\n")
            .next()
            .unwrap()
            .strip_prefix("HTTP/1.1 ")
            .unwrap_or("")
    }

    pub(crate) fn code(&self) -> &str {
        self.status().split(' ').next().unwrap()
    }

    /// All values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let lines = self
            .head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}
