//! The client: one thread that keeps so many connections busy for so long.
//!
//! It does as little as it can for each request, because on the other core the server does no
//! more either, and a server that waits for its client is not being measured. Its requests are
//! made once, and epoll tells it about the edges only.
//!
//! With a core of its own it does not even sleep. A client that sleeps has to be woken, the one who
//! answers pays for that, and it happens the more often the longer an answer takes: a slow server
//! would pay for its slowness twice.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use rustls::ClientConfig;

use crate::echo::{opening, question};
use crate::histogram::Histogram;
use crate::lane::{Lane, Step};

pub use crate::lane::{Failure, Mode};

/// How long the last answers of a round may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many requests may fail before it is worth asking whether any succeed.
const MANY: u64 = 100;

/// What to ask, how, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What opens a connection, if that is more than to connect.
    pub opening: Vec<u8>,
    /// The request, in bytes.
    pub request: Vec<u8>,
    /// How requests use connections.
    pub mode: Mode,
    /// How to speak TLS with the server, if it does.
    pub tls: Option<Arc<ClientConfig>>,
    /// How many connections are busy at any time.
    pub connections: usize,
    /// When to begin no further request.
    pub duration: Duration,
    /// Whether to look for answers all the time instead of sleeping until they come.
    pub spins: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Load {
    /// Requests with a whole, successful answer.
    pub requests: u64,
    /// Requests without.
    pub errors: u64,
    /// What was wrong with the first of these.
    pub first_error: Option<Failure>,
    /// Connections opened.
    pub connections: u64,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// From the connection, or from the request on a connection that was there, to the last byte.
    pub latencies: Histogram,
}

impl Plan {
    /// A plan for `GET path`, or for messages to there.
    pub fn get(address: SocketAddr, host: &str, path: &str, mode: Mode) -> Plan {
        let close = match mode {
            Mode::NewConnection => "Connection: close\r\n",
            Mode::KeepAlive | Mode::Messages(_) => "",
        };
        let get = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{close}\r\n");
        let (opening, request) = match mode {
            Mode::Messages(size) => (opening(host, path), question(size)),
            _ => (Vec::new(), get.into_bytes()),
        };
        Plan {
            address,
            opening,
            request,
            mode,
            tls: None,
            connections: 1,
            duration: Duration::from_secs(1),
            spins: false,
        }
    }

    /// Carries it out. The errors of single requests are counted; this fails only if the client
    /// itself does.
    pub fn run(&self) -> io::Result<Load> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let started = Instant::now();
        Crowd {
            plan: self,
            epoll,
            lanes: (0..self.connections).map(|_| None).collect(),
            free: (0..self.connections).collect(),
            room: vec![0; 64 * 1024],
            until: started + self.duration,
            last_answer: started,
            load: Load::default(),
        }
        .run(started)
    }
}

/// Lets the other half of the core, if it is half a core, do its work.
fn rest() {
    for _ in 0..64 {
        std::hint::spin_loop();
    }
}

/// All lanes of a client.
struct Crowd<'p> {
    plan: &'p Plan,
    epoll: OwnedFd,
    lanes: Vec<Option<Lane>>,
    /// The lanes without a connection.
    free: Vec<usize>,
    room: Vec<u8>,
    until: Instant,
    last_answer: Instant,
    load: Load,
}

impl Crowd<'_> {
    fn run(mut self, started: Instant) -> io::Result<Load> {
        let mut events: Vec<Event> = Vec::with_capacity(self.plan.connections.clamp(1, 1024));
        while !self.is_hopeless() {
            if Instant::now() < self.until {
                for index in mem::take(&mut self.free) {
                    self.open(index);
                }
            } else if self.free.len() == self.lanes.len() {
                break;
            }
            if !self.wait(&mut events)? {
                break;
            }
            if events.is_empty() && self.plan.spins {
                rest();
            }
            for event in events.drain(..) {
                // A token is the number of a lane.
                self.react(event.data.u64() as usize, event.flags);
            }
        }
        let late = self.lanes.len() - self.free.len();
        (0..late).for_each(|_| self.fail(Failure::Late));
        self.load.elapsed = self.last_answer - started;
        Ok(self.load)
    }

    /// Waits for events. False: nothing more will come.
    fn wait(&self, events: &mut Vec<Event>) -> io::Result<bool> {
        let now = Instant::now();
        let end = self.until + PATIENCE;
        let left = match self.free.is_empty() {
            _ if self.plan.spins => Duration::ZERO,
            true => end.saturating_duration_since(now),
            // A connection that failed at once is tried again, after a breath.
            false if now < self.until => Duration::from_millis(1),
            false => end.saturating_duration_since(now),
        };
        // No plan lasts so long that the kernel could not express it.
        let timeout = Timespec::try_from(left).unwrap_or_default();
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(Instant::now() < end),
            Err(error) => Err(error.into()),
        }
    }

    fn open(&mut self, index: usize) {
        self.load.connections += 1;
        let registration = (&self.epoll, index as u64);
        let Plan { address, mode, .. } = *self.plan;
        let first = match mode {
            Mode::Messages(_) => &self.plan.opening,
            _ => &self.plan.request,
        };
        match Lane::open(address, mode, first, self.plan.tls.as_ref(), registration) {
            Ok(lane) => self.lanes[index] = Some(lane),
            Err(failure) => {
                self.fail(failure);
                self.free.push(index);
            }
        }
    }

    fn react(&mut self, index: usize, seen: EventFlags) {
        let Some(mut lane) = self.lanes[index].take() else {
            return;
        };
        match self.advance(&mut lane, seen) {
            Ok(true) => self.lanes[index] = Some(lane),
            Ok(false) => self.free.push(index),
            Err(failure) => {
                self.fail(failure);
                self.free.push(index);
            }
        }
    }

    /// Lets a lane do what it can. False: its connection is of no more use.
    fn advance(&mut self, lane: &mut Lane, seen: EventFlags) -> Result<bool, Failure> {
        let request = &self.plan.request;
        let at_hand = match lane.is_opening() {
            true => &self.plan.opening,
            false => request,
        };
        match lane.advance(seen, at_hand, &mut self.room)? {
            Step::Waiting => Ok(true),
            Step::Opened => {
                lane.again(request)?;
                Ok(true)
            }
            Step::Over(took) => {
                self.count(took);
                Ok(false)
            }
            Step::Answered(took) => {
                self.count(took);
                if self.last_answer >= self.until {
                    return Ok(false);
                }
                lane.again(request)?;
                Ok(true)
            }
        }
    }

    fn count(&mut self, took: Duration) {
        self.load.requests += 1;
        self.load.latencies.record(took);
        self.last_answer = Instant::now();
    }

    fn fail(&mut self, failure: Failure) {
        self.load.errors += 1;
        self.load.first_error.get_or_insert(failure);
    }

    /// Whether the server fails more often than it answers.
    fn is_hopeless(&self) -> bool {
        self.load.errors > MANY.max(self.load.requests)
    }
}
