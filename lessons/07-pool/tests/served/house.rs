//! A server to ask: the real binary in a child process, or an application of the test's own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use check::answer::Answer;
use check::client::{Client, End, GUARD};
use check::transcript::Transcript;
use kit::patience::until;
use lesson02::{Limits, Settings};
use lesson03::{
    AppError, Application, Bell, Body, Environ, Options, Pace, StartResponse, application,
};
use lesson05::Ended;
use lesson07::{PoolServer, PoolSettings};
use rustix::process::{Pid, Signal, kill_process};

/// A request for `target` with more header lines.
pub(crate) fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// A `POST` to `target` with a chunked body.
pub(crate) fn post_chunked(target: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

/// A client of the server at `address`.
pub(crate) fn connect(address: SocketAddr) -> Client {
    Client::connect(1, address, GUARD, Transcript::default()).unwrap()
}

/// A client that has sent `bytes`.
pub(crate) fn ask(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Client {
    let mut client = connect(address);
    // A server may answer and close before it has everything: the answer counts.
    let _ = client.send(bytes.as_ref());
    client
}

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

/// Asserts an orderly end of the connection.
#[track_caller]
pub(crate) fn expect_close(client: &mut Client) {
    expect_end(client);
    assert_eq!(client.end(), Some(End::Closed));
}

/// The real binary, in a process of its own.
pub(crate) struct Lesson {
    child: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<String>>,
}

impl Lesson {
    pub(crate) fn start(flags: &str) -> Lesson {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lesson07"))
            .args(["--addr", "127.0.0.1:0"])
            .args(flags.split_whitespace())
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
        let lesson = Lesson {
            child,
            address: address.parse().unwrap(),
            said,
        };
        let mut words = flags.split_whitespace();
        let workers = words
            .find(|word| *word == "--threads")
            .map(|_| words.next());
        let workers = workers.map_or(8, |number| number.unwrap().parse().unwrap());
        // It listens before its workers are there. What is counted here is counted with them.
        until("the workers are there", || lesson.threads() == workers + 1);
        lesson
    }

    pub(crate) fn connect(&self) -> Client {
        connect(self.address)
    }

    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> Client {
        ask(self.address, bytes)
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
        let guard = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < guard, "it never ends");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn threads(&self) -> usize {
        self.entries("task")
    }

    pub(crate) fn descriptors(&self) -> usize {
        self.entries("fd")
    }

    fn entries(&self, folder: &str) -> usize {
        let path = format!("/proc/{}/{folder}", self.child.id());
        std::fs::read_dir(path).unwrap().count()
    }

    /// A number of `/__stats`, which has to be switched on. The question is counted as well.
    pub(crate) fn stat(&self, name: &str) -> u64 {
        let text = expect(&mut self.ask(get("/__stats", "Connection: close\r\n")), 200).text();
        let (_, rest) = text.split_once(&format!("\"{name}\": ")).expect(&text);
        let end = rest.find([',', '}']).unwrap();
        rest[..end].parse().unwrap()
    }
}

impl Drop for Lesson {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in this process, for an application of the test's own.
pub(crate) struct Served {
    pub(crate) server: Arc<PoolServer>,
    thread: Option<JoinHandle<Ended>>,
}

pub(crate) fn serve(app: impl Application + 'static) -> Served {
    serve_with(app, PoolSettings::default())
}

/// Deadlines short enough for a test that waits for one.
pub(crate) fn brief() -> Options {
    let brief = Duration::from_millis(500);
    Options {
        settings: Settings {
            limits: Limits {
                drain_timeout: brief,
                ..Limits::default()
            },
            quiet: true,
            ..Settings::default()
        },
        pace: Pace {
            grace: brief,
            ..Pace::default()
        },
        software: "test",
        ..Options::default()
    }
}

pub(crate) fn bind(app: impl Application + 'static, settings: PoolSettings) -> Arc<PoolServer> {
    bind_with(app, settings, brief())
}

pub(crate) fn bind_with(
    app: impl Application + 'static,
    settings: PoolSettings,
    options: Options,
) -> Arc<PoolServer> {
    let stop = Arc::new(Bell::new().unwrap());
    let server = PoolServer::bind("127.0.0.1:0", Arc::new(app), options, settings, stop);
    Arc::new(server.unwrap())
}

pub(crate) fn serve_with(app: impl Application + 'static, settings: PoolSettings) -> Served {
    start(bind(app, settings))
}

pub(crate) fn start(server: Arc<PoolServer>) -> Served {
    let thread = {
        let server = Arc::clone(&server);
        thread::spawn(move || server.start().unwrap())
    };
    Served {
        server,
        thread: Some(thread),
    }
}

impl Served {
    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> Client {
        ask(self.server.address(), bytes)
    }

    /// Stops it, and tells how it ended.
    pub(crate) fn end(mut self) -> Ended {
        self.server.stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) const PLAIN: (&str, &str) = ("Content-Type", "text/plain");

/// An application from a function of the path. (It is here so that the tests stay short.)
pub(crate) fn app(
    respond: impl Fn(&str, &mut Environ, StartResponse) -> Result<Body, AppError>
    + Send
    + Sync
    + 'static,
) -> impl Application + 'static {
    application(
        move |environ: &mut Environ, start_response: StartResponse| {
            let path = environ.path_utf8_lossy().into_owned();
            respond(&path, environ, start_response)
        },
    )
}
