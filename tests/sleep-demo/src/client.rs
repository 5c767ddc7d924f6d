//! The client: all requests at once, each on a thread and a connection of its own.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::answer;
use check::client::GUARD;

use crate::plan::Load;
use crate::request::{Outcome, Request, Seen};
use crate::target::Target;

/// What happens to a request, told while it happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// It is on its way since this time.
    Sent(f64),
    /// It has come to an end.
    Ended(Request),
}

/// The same zero on two clocks: one that never jumps, and the one that servers tell.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    instant: Instant,
    unix_ms: f64,
}

impl Origin {
    /// Now is zero.
    pub fn now() -> Origin {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Origin {
            instant: Instant::now(),
            unix_ms: since.unwrap_or_default().as_secs_f64() * 1000.0,
        }
    }

    /// Milliseconds since zero.
    pub fn elapsed_ms(&self) -> f64 {
        self.instant.elapsed().as_secs_f64() * 1000.0
    }
}

/// Sends all requests at once. What happens to which of them comes through the channel, which
/// closes when all have ended. The receiver may go earlier.
pub fn fire(target: &Target, load: &Load, origin: Origin) -> io::Result<Receiver<(usize, Event)>> {
    let (sender, receiver) = mpsc::channel();
    let barrier = Arc::new(Barrier::new(load.requests));
    let patience = Duration::from_millis(load.sleep_ms) * number(load.requests) * 2 + GUARD;
    for index in 0..load.requests {
        let client = Client {
            target: target.clone(),
            patience,
            sleep_ms: load.sleep_ms as f64,
            origin,
        };
        let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
        thread::Builder::new().spawn(move || {
            barrier.wait();
            client.ask(index, &sender);
        })?;
    }
    Ok(receiver)
}

fn number(requests: usize) -> u32 {
    u32::try_from(requests).unwrap_or(u32::MAX)
}

struct Client {
    target: Target,
    /// Enough for a server that serves one at a time, twice. To wait longer is a failure.
    patience: Duration,
    sleep_ms: f64,
    origin: Origin,
}

impl Client {
    fn ask(&self, index: usize, sender: &Sender<(usize, Event)>) {
        let sent_ms = self.origin.elapsed_ms();
        // Nobody listening is no reason to stop: the server's load must not depend on it.
        let _ = sender.send((index, Event::Sent(sent_ms)));
        let mut first_byte_ms = None;
        let answer = self.answer(&mut first_byte_ms);
        let end_ms = self.origin.elapsed_ms();
        let seen = Seen {
            sent_ms,
            end_ms,
            sleep_ms: self.sleep_ms,
            origin_unix_ms: self.origin.unix_ms,
        };
        let outcome = match answer {
            Ok(answer) if answer.status == 200 => Outcome::Served(seen.service(&answer.body)),
            Ok(answer) => Outcome::Refused(answer.status),
            Err(reason) => Outcome::Failed(reason),
        };
        let request = Request {
            sent_ms,
            first_byte_ms,
            end_ms,
            outcome,
        };
        let _ = sender.send((index, Event::Ended(request)));
    }

    /// The whole answer: from then on the client has what it wanted, whenever the server closes.
    fn answer(&self, first_byte_ms: &mut Option<f64>) -> Result<answer::Answer, String> {
        let give_up = Instant::now() + self.patience;
        let mut stream = TcpStream::connect_timeout(&self.target.address, GUARD).map_err(why)?;
        stream.set_nodelay(true).map_err(why)?;
        stream
            .write_all(self.target.question().as_bytes())
            .map_err(why)?;
        let mut received = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            // A timeout of zero would mean none.
            let left = left.max(Duration::from_millis(1));
            stream.set_read_timeout(Some(left)).map_err(why)?;
            let count = match stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.map_err(why)?,
            };
            if first_byte_ms.is_none() && count > 0 {
                *first_byte_ms = Some(self.origin.elapsed_ms());
            }
            received.extend_from_slice(&buffer[..count]);
            match answer::parse(&received, count == 0, false)? {
                Some((answer, used)) if answer.status < 200 => drop(received.drain(..used)),
                Some((answer, _)) => return Ok(answer),
                None if count == 0 => return Err("closed without an answer".to_owned()),
                None if Instant::now() >= give_up => return Err("no answer".to_owned()),
                None => {}
            }
        }
    }
}

/// In few words: they stand in a lane.
fn why(error: io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "refused".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "reset".to_owned(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    }
}
