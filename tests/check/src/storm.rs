//! Clients that keep coming while a server stops.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::GUARD;
use crate::unread_log::UnreadLog;

/// How it went for all clients of a storm.
#[derive(Debug, Default)]
pub struct Storm {
    /// They had a whole answer.
    pub answered: AtomicUsize,
    /// They could not connect: nobody listened any more, or nobody replied.
    pub not_let_in: AtomicUsize,
    /// They were connected, and got nothing.
    pub betrayed: AtomicUsize,
}

/// Asserts that whoever is connected when the server stops is answered, a hundred times over;
/// `ROUNDS=1000` in the environment for the long run.
pub fn nobody_is_betrayed(binary: &str) {
    let rounds = std::env::var("ROUNDS").map_or(100, |rounds| rounds.parse().unwrap());
    let storm = storm(binary, "--quiet", rounds);
    let count = |clients: &AtomicUsize| clients.load(Ordering::SeqCst);
    assert_eq!(count(&storm.betrayed), 0, "{storm:?}");
    assert_eq!(count(&storm.not_let_in), 8 * rounds, "{storm:?}");
    assert!(count(&storm.answered) >= 40 * rounds, "{storm:?}");
}

/// Starts the server so many times, and stops it each time while eight clients ask without a
/// pause. Everybody has to get a whole answer, or no connection. The server has to end with 0.
pub fn storm(binary: impl AsRef<Path> + Sync, flags: &str, rounds: usize) -> Storm {
    // A round is mostly a wait: for clients that nobody lets in any more.
    const AT_A_TIME: usize = 10;
    let storm = Storm::default();
    let begun = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while begun.fetch_add(1, Ordering::SeqCst) < rounds {
                    storm.round(binary.as_ref(), flags);
                }
            });
        }
    });
    storm
}

impl Storm {
    fn round(&self, binary: &Path, flags: &str) {
        let mut server = UnreadLog::of(binary, flags);
        let (address, answers) = (server.address(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| self.keep_asking(address, &answers));
            }
            let until = Instant::now() + GUARD;
            while answers.load(Ordering::SeqCst) < 40 && Instant::now() < until {
                thread::yield_now();
            }
            server.signal(Signal::TERM);
        });
        assert_eq!(server.exit().code(), Some(0));
    }

    /// Asks, each time on a connection of its own, until there is none to be had.
    fn keep_asking(&self, address: SocketAddr, answers: &AtomicUsize) {
        loop {
            // Whoever is not heard would try for a minute, and so would this test.
            let connected = TcpStream::connect_timeout(&address, Duration::from_millis(300));
            let Ok(client) = connected else {
                self.not_let_in.fetch_add(1, Ordering::SeqCst);
                return;
            };
            if ask(client).is_empty() {
                self.betrayed.fetch_add(1, Ordering::SeqCst);
                return;
            }
            answers.fetch_add(1, Ordering::SeqCst);
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The whole answer, or nothing.
fn ask(mut client: TcpStream) -> String {
    client
        .set_read_timeout(Some(GUARD))
        .expect("a socket has timeouts");
    let mut answer = Vec::new();
    let asked = client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let read = client.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("an answer is text");
    let failed = asked.and(read.map(drop)).map_err(|error| error.kind());
    match (failed, answer.is_empty()) {
        (Err(ErrorKind::WouldBlock), _) => panic!("an answer that never comes"),
        (_, true) => {}
        (Ok(()), false) => assert!(answer.ends_with("\r\n\r\nHello, World!"), "{answer:?}"),
        (Err(kind), false) => panic!("{kind} in the middle of {answer:?}"),
    }
    answer
}
