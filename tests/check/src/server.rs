//! A server in a child process: listened to, looked into, and ended with certainty.

mod launch;
mod start;

use std::net::SocketAddr;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use kit::keeper::Keeper;

use crate::client::{Client, GUARD};
use crate::process::{Processes, is_shell};
use crate::said::Said;
use crate::transcript::Transcript;

pub use launch::{Launch, StartError};
pub use start::free_port;

/// A running server. Dropping it ends it, and everything that its command has started.
pub struct Server {
    address: SocketAddr,
    launch: Launch,
    child: Mutex<Child>,
    keeper: Keeper,
    said: Said,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of the process that was started; others may descend from it.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// The process at the top of it: the supervisor, if it has one. A shell that has read the
    /// command and stays is none.
    pub fn top(&self) -> u32 {
        let id = self.id();
        match is_shell(id) {
            true => kit::process::children(id).next().unwrap_or(id),
            false => id,
        }
    }

    /// How it was started.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Its processes.
    pub fn processes(&self) -> Processes {
        match self.launch {
            Launch::Lesson { .. } => Processes::one(self.child().id()).with_workers(),
            // The shell that reads the command is no part of the server.
            Launch::Command(_) => {
                Processes::these(self.keeper.kept()).without_shell(self.child().id())
            }
        }
    }

    /// Whether it has ended by itself. A command that ends may leave its server running.
    pub fn has_exited(&self) -> bool {
        let ended = matches!(self.child().try_wait(), Ok(Some(_)));
        match self.launch {
            Launch::Lesson { .. } => ended,
            Launch::Command(_) => ended && self.keeper.kept().is_empty(),
        }
    }

    /// How it ended, if it has. Of a command only its shell could be asked.
    pub fn exit_code(&self) -> Option<i32> {
        let status = match self.launch {
            Launch::Lesson { .. } => self.child().try_wait(),
            Launch::Command(_) => return None,
        };
        status.ok().flatten()?.code()
    }

    /// Whether a signal has ended it, or its shell says so.
    pub fn is_killed(&self) -> bool {
        // What a shell adds to the number of the signal that has ended its command.
        const BY_SIGNAL: i32 = 128;
        let status = self.child().try_wait().ok().flatten();
        status.is_some_and(|status| status.code().is_none_or(|code| code > BY_SIGNAL))
    }

    /// The last of what it has written on standard error so far.
    pub fn said(&self) -> String {
        self.said.text()
    }

    /// Ends it. The result is the last of what it has written on standard error.
    pub fn end(self) -> String {
        let said = self.said.clone();
        drop(self);
        said.text_at_end()
    }

    /// Asks until there is an answer, or the command has ended.
    fn answers_within(&self, guard: Duration) -> bool {
        let until = Instant::now() + guard;
        while Instant::now() < until && !self.has_exited() {
            // One that listens and says nothing is ready as well: the probes have their patience.
            let patience = guard.min(GUARD / 4);
            let client = Client::connect(1, self.address, patience, Transcript::default());
            if let Ok(mut client) = client {
                let question = format!(
                    "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                    self.address
                );
                // Whatever it answers, and even if it does not: it listens, and the probes will
                // tell the rest.
                let _ = client.send(question.as_bytes());
                client.answer_by(Instant::now() + patience);
                return !self.has_exited();
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn never_ready(self, reason: &str) -> StartError {
        let said = self.end();
        let words = match said.trim() {
            "" => "It wrote nothing on standard error.".to_owned(),
            said => format!("It wrote:\n{said}"),
        };
        StartError::new(format!("the server was never ready: {reason}. {words}"))
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        // No panic can happen while the lock is held.
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.keeper.end();
        // It fails only for a child that is reaped already, which is what we want.
        let _ = self.child().wait();
    }
}
