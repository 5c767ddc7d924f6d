//! The real binary in a child process, or a loop in this one for an application of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use check::answer::Answer;
use check::client::{Client, GUARD};
use check::process::Processes;
use check::slow_reader::narrow_client;
use check::transcript::Transcript;
use kit::patience::until;
use lesson02::Settings;
use lesson03::{Application, Bell, Options};
use lesson05::Ended;
use lesson07::Rules;
use lesson10::{LoopServer, LoopSettings};
use rustix::process::{Pid, Signal, kill_process};

/// A request for `target` with more header lines.
pub(crate) fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// The head of a `POST` with a body of so many bytes.
pub(crate) fn post(target: &str, length: usize) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

/// A client that has sent `bytes`.
pub(crate) fn ask(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Client {
    let mut client = Client::connect(1, address, GUARD, Transcript::default()).unwrap();
    // A server may answer and close before it has everything: the answer counts.
    let _ = client.send(bytes.as_ref());
    client
}

/// A client that wants all of a body back that is too large for the kernel, and reads nothing of
/// it. The server's limit for bodies has to be [`LARGE`].
pub(crate) fn deaf_client(address: SocketAddr) -> TcpStream {
    let mut client = narrow_client(address, &post("/echo", LARGE));
    client.write_all(&vec![b'x'; LARGE]).unwrap();
    client
}

/// Larger than all the buffers of a connection.
pub(crate) const LARGE: usize = 12_000_000;

/// Asserts that `client` gets another answer with this status, and gives it.
#[track_caller]
pub(crate) fn expect(client: &mut Client, status: u16) -> Answer {
    match client.answer() {
        Ok(answer) if answer.status == status => answer,
        other => panic!("wanted {status}, got {other:?}"),
    }
}

/// Asserts that the connection ends, and that nothing more comes before.
#[track_caller]
pub(crate) fn expect_end(client: &mut Client) {
    let end = client.wait_for_end();
    assert_eq!(String::from_utf8_lossy(client.received()), "");
    assert!(end.is_some(), "the connection stays open");
}

/// The real binary, in a process of its own.
pub(crate) struct Lesson {
    child: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<String>>,
}

impl Lesson {
    /// Starts the lesson with these flags, and without a log.
    pub(crate) fn start(flags: &str) -> Lesson {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lesson10"))
            .args(["--addr", "127.0.0.1:0", "--quiet"])
            .args(flags.split_whitespace())
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (kept, errors) = (Arc::clone(&said), child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        let mut ready = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut ready).unwrap();
        thread::spawn(move || output.read_to_end(&mut Vec::new()));
        let (_, address) = ready.trim().split_once("http://").expect(&ready);
        Lesson {
            child,
            address: address.parse().unwrap(),
            said,
        }
    }

    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> Client {
        ask(self.address, bytes)
    }

    /// Asserts that an ordinary client is served.
    #[track_caller]
    pub(crate) fn expect_hello(&self) {
        let mut client = self.ask(get("/", "Connection: close\r\n"));
        assert_eq!(expect(&mut client, 200).text(), "Hello, World!");
    }

    /// Everything on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end, and gives the exit code.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let mut code = None;
        until("its end", || {
            let status = self.child.try_wait().unwrap();
            code = status.and_then(|status| status.code());
            status.is_some()
        });
        code
    }

    pub(crate) fn processes(&self) -> Processes {
        Processes::one(self.child.id())
    }

    /// How much processor time it has used, in ticks of 10 ms.
    pub(crate) fn ticks(&self) -> u64 {
        self.processes().ticks().values().sum()
    }

    /// How often its first thread has gone to sleep.
    pub(crate) fn sleeps(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt_switches"));
        line.unwrap()
            .rsplit('\t')
            .next()
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }
}

impl Drop for Lesson {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loop in this process.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Arc<Bell>,
    thread: Option<JoinHandle<Ended>>,
}

/// Serves `app`, after `prepare` has had a look at the server.
pub(crate) fn serve(
    app: impl Application + 'static,
    settings: LoopSettings,
    prepare: impl FnOnce(&LoopServer),
) -> Served {
    let options = Options {
        settings: Settings {
            quiet: true,
            ..Settings::default()
        },
        software: "test",
        ..Options::default()
    };
    let stop = Arc::new(Bell::new().unwrap());
    let (app, rung) = (Arc::new(app), Arc::clone(&stop));
    let server = LoopServer::bind(
        "127.0.0.1:0",
        app,
        options,
        Rules::default(),
        settings,
        rung,
    );
    let server = server.unwrap();
    prepare(&server);
    Served {
        address: server.address(),
        stop,
        thread: Some(thread::spawn(move || server.start().unwrap())),
    }
}

impl Served {
    /// Stops it, and tells how it ended.
    pub(crate) fn end(mut self) -> Ended {
        self.stop.ring();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.ring();
        self.stop.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
