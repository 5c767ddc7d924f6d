//! What a probe is run against, and the means it has.

mod connecting;
mod contest;
mod routes;

use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::bound::Bound;
use crate::client::{GUARD, with_its_time};
use crate::outcome::{Finding, Verdict};
use crate::server::{Launch, Server};
use crate::transcript::Transcript;

/// How long "nothing happens" must last before it is believed, unless the caller says otherwise.
/// Deadlines of a server under test must be clearly shorter.
const PATIENCE: Duration = Duration::from_millis(2500);

/// How long a probe may take, unless the caller says otherwise: time enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Where a WebSocket is opened if nobody says otherwise: where lesson 9 sends messages back.
pub const SOCKET: &str = "/ws/echo";

/// A server under test and how to treat it.
pub struct World {
    address: SocketAddr,
    /// The server, if we started it and so may look into it, stop it and start it again.
    server: Mutex<Option<Server>>,
    /// How long to wait before "nothing happens" is believed.
    pub patience: Duration,
    /// How long a slow or silent client holds on before it leaves.
    pub hold: Duration,
    /// How long a probe may take.
    pub limit: Duration,
    /// How many random inputs the probe `garbage` sends.
    pub garbage: u32,
    /// How many requests the probe `many-requests` sends.
    pub requests: u32,
    /// How many clients the server can serve at a time, for probes that take all its workers.
    pub workers: usize,
    /// How to ask whether the server still answers, if plain HTTP is not its language.
    pub asks: Option<fn(&World) -> Verdict>,
    /// Where the server sends WebSocket messages back.
    pub socket: String,
    /// What has been said so far.
    pub transcript: Transcript,
    bound: Bound,
    clients: AtomicU32,
}

impl World {
    /// A server that somebody else has started.
    pub fn at(address: SocketAddr) -> World {
        World {
            address,
            server: Mutex::new(None),
            patience: PATIENCE,
            hold: PATIENCE,
            limit: LIMIT,
            garbage: 1000,
            requests: 2000,
            workers: 4,
            asks: None,
            socket: SOCKET.to_owned(),
            transcript: Transcript::default(),
            bound: Bound::default(),
            clients: AtomicU32::new(0),
        }
    }

    /// A server that we have started.
    pub fn with(server: Server) -> World {
        let world = World::at(server.address());
        *world.lock() = Some(server);
        world
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the server back.
    pub fn into_server(self) -> Option<Server> {
        let server = self.server.into_inner();
        server.unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a question that ends, whatever the server does.
    pub(crate) fn bounded(&self, question: impl FnOnce() -> Verdict) -> Verdict {
        let found = self.bound.keep(self.limit, question);
        found.map_err(|finding| with_its_time(finding, self.patience))
    }

    /// What the question at hand may cost.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// Waits for something that nobody will tell.
    pub(crate) fn pause(&self, time: Duration) {
        self.bound.check("looking at the server from time to time");
        std::thread::sleep(self.bound.clip(time));
    }

    /// Looks into the server, if it is ours to look into.
    pub fn server<T>(&self, look: impl FnOnce(&Server) -> T) -> Result<T, Finding> {
        self.lock().as_ref().map(look).ok_or_else(|| {
            Finding::NotApplicable(
                "the checker must have started the server itself: use --run".to_owned(),
            )
        })
    }

    /// Stops the server and starts it again on the same port.
    pub fn restart(&self) -> Verdict {
        let launch = self.server(|server| server.launch().clone())?;
        let mut server = self.lock();
        *server = None;
        self.wait_until_refused()?;
        match launch.start_within(Some(self.address.port()), self.bound.clip(GUARD)) {
            Ok(again) => *server = Some(again),
            Err(error) => return Err(Finding::wrong(format!("the second start failed: {error}"))),
        }
        Ok(())
    }

    /// A process that was killed may hold its port for a moment, until its last thread has gone.
    fn wait_until_refused(&self) -> Verdict {
        let until = Instant::now() + GUARD;
        while TcpStream::connect(self.address).is_ok() {
            if Instant::now() > until {
                return Err(Finding::wrong("the server cannot be stopped"));
            }
            self.pause(Duration::from_millis(1));
        }
        Ok(())
    }

    /// A whole request for `/`, with the right `Host`.
    pub fn hello(&self) -> String {
        self.request("GET", "/", "")
    }

    /// A request with the right `Host` and more header lines, each ended by CRLF.
    pub fn request(&self, method: &str, target: &str, fields: &str) -> String {
        let host = self.address;
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n")
    }

    /// One client that sends these bytes and reads one answer.
    pub fn ask(&self, bytes: impl AsRef<[u8]>) -> Result<Answer, Finding> {
        let mut client = self.connect()?;
        // A server may answer and close before it has everything: the answer counts.
        let _ = client.send(bytes.as_ref());
        Ok(client.answer()?)
    }

    /// Whoever comes next must be answered: the proof that a server is still alive.
    pub fn still_answers(&self) -> Verdict {
        if let Some(asks) = self.asks {
            return asks(self);
        }
        self.unrecorded().ask(self.hello()).map(drop)
    }

    /// Whether the server ended by itself.
    pub fn has_exited(&self) -> bool {
        self.server(Server::has_exited).unwrap_or(false)
    }

    /// Whether the server is one of ours and was started with this flag.
    pub fn launched_with(&self, flag: &str) -> bool {
        self.server(|server| match server.launch() {
            Launch::Lesson { flags, .. } => flags.iter().any(|given| given == flag),
            Launch::Command(_) => false,
        })
        .unwrap_or(false)
    }

    /// Whether the server is ending just now: a process that fails takes a moment to be gone, and
    /// until then the kernel accepts connections in its name.
    pub fn exits_soon(&self) -> bool {
        let until = Instant::now() + self.patience / 4;
        loop {
            let refused = matches!(self.unrecorded().connect(), Err(Finding::Died(_)));
            if refused || self.has_exited() {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            self.pause(Duration::from_millis(50));
        }
    }

    /// The same server, and a record that nobody will read.
    pub fn unrecorded(&self) -> World {
        World {
            patience: self.patience,
            hold: self.hold,
            limit: self.limit,
            bound: self.bound.clone(),
            garbage: self.garbage,
            requests: self.requests,
            workers: self.workers,
            asks: self.asks,
            socket: self.socket.clone(),
            ..World::at(self.address)
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Server>> {
        // A panic elsewhere cannot leave half a server here.
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
