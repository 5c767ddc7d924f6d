//! The server: a loop that forks.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson01::recover;
use lesson02::{Desk, Scanner};
use lesson03::{Application, Bell, Client, Gateway};
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockAddr, Socket};
use terminal::say;

use crate::lost_lines::LostLines;
use crate::{
    Children, Closing, Forks, Side, accept_last, child_bell, exit_child, fork, let_nobody_in,
    only_thread, stop_bell, turn_away,
};
// ANCHOR_END: imports

// ANCHOR: server
/// A server that forks for each connection (Python's `ForkingMixIn`).
pub struct ForkingServer {
    gateway: Gateway,
    app: Arc<dyn Application>,
    forks: Forks,
    children: Children,
    child_bell: Bell,
    stop_bell: Bell,
    closing: Closing,
    lost_lines: LostLines,
    desk: Desk,
    fork: fn() -> nix::Result<Side>,
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Whoever was being served was served to the end.
    Clean,
    /// Somebody was in a hurry, or a request took too long.
    Forced,
}

impl ForkingServer {
    /// A server for `app`. It must be made and run on the only thread of its process.
    pub fn new(
        mut gateway: Gateway,
        app: Arc<dyn Application>,
        forks: Forks,
    ) -> io::Result<ForkingServer> {
        if !only_thread()? {
            return Err(io::Error::other(
                "only a process with a single thread may fork",
            ));
        }
        gateway.deployment.multiprocess = true;
        let desk = warm_up(&gateway);
        Ok(ForkingServer {
            gateway,
            app,
            forks,
            children: Children::default(),
            child_bell: child_bell()?,
            stop_bell: stop_bell()?,
            closing: Closing::new(forks.stop_timeout)?,
            lost_lines: LostLines::new()?,
            desk,
            fork,
        })
    }

    /// The same server with another way to fork, to see what it does when forking fails.
    pub fn with_fork(self, fork: fn() -> nix::Result<Side>) -> ForkingServer {
        ForkingServer { fork, ..self }
    }
}

/// As many bytes of an answer have room on an inherited desk. A larger one makes its own.
const ROOM_FOR_AN_ANSWER: usize = 2048;

/// Does once what every child would do again, and lays the desk that they inherit.
///
/// A library that asks the processor what it can do remembers the answer, and a child inherits
/// what its parent remembers. Asking takes longer than a small answer where the processor is a
/// virtual one. A head is parsed here, so that the parser has asked before the first fork.
///
/// Memory that the parent has taken costs a child one page for each page that it writes on.
/// Memory that the child takes itself costs that, and the pages on which the allocator keeps its
/// books.
fn warm_up(gateway: &Gateway) -> Desk {
    let limits = &gateway.settings.limits;
    let mut desk = Desk::default();
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    if let Ok(Some(extent)) = Scanner::default().scan(request, limits) {
        // Whatever comes of it has been thought through once.
        let _ = desk.head.parse_into(request, extent, limits);
    }
    desk.input.reset(limits.head_bytes);
    desk.output.reserve(ROOM_FOR_AN_ANSWER);
    desk
}
// ANCHOR_END: server

// ANCHOR: serve
impl ForkingServer {
    /// Serves until a signal says stop. The listener must not block.
    pub fn serve(mut self, listener: Socket) -> Ended {
        while !self.stop_bell.has_rung() {
            self.children.reap();
            self.children.end_older_than(self.forks.child_timeout);
            let has_room = self.children.count() < self.forks.max_children;
            match has_room.then(|| listener.accept()) {
                Some(Ok((client, peer))) => {
                    if let Some(client) = self.fork_for(client, peer) {
                        drop(listener); // We are the child: accepting is not our business.
                        self.be_the_child(client);
                    }
                }
                Some(Err(error)) if error.kind() != ErrorKind::WouldBlock => recover(&error),
                Some(Err(_)) => self.wait(Some(&listener), Duration::MAX),
                None => self.wait(None, Duration::MAX),
            }
        }
        self.finish(listener)
    }

    /// Forks for a client, and returns it in the child, where it is to be served. The parent
    /// closes its copy of the descriptor: the connection ends when all copies are closed, so a
    /// server that kept its own would keep the client waiting for the end.
    fn fork_for(&mut self, client: Socket, peer: SockAddr) -> Option<Client> {
        // Our listeners are IPv4 or IPv6, and so are their clients.
        let client = Client::new(client, peer.as_socket()?);
        self.desk.clock.date(); // The child inherits the date as well.
        match (self.fork)() {
            Ok(Side::Child) => return Some(client),
            Ok(Side::Parent(pid)) => {
                self.children.add(pid);
                self.lost_lines.leave_to_child();
            }
            Err(error) => {
                say(format_args!("fork: {error}; a client is turned away"));
                turn_away(client.stream, &self.gateway, &mut self.desk);
            }
        }
        None
    }

    /// The life of a child: one conversation. It never returns into the parent's loop.
    fn be_the_child(mut self, client: Client) -> ! {
        let (gateway, app, desk) = (&self.gateway, &*self.app, &mut self.desk);
        let peer = client.peer;
        if !gateway.settings.quiet {
            say(format_args!(
                "child {} of {}: serves {peer}",
                getpid(),
                getppid()
            ));
        }
        let patience = gateway.settings.limits.head_timeout;
        let served = catch_unwind(AssertUnwindSafe(|| {
            if self.closing.lets_begin(&client, patience) {
                gateway.converse(client, app, desk);
            } // Otherwise nothing was asked, and the connection closes as it is dropped.
        }));
        self.lost_lines.bring_home();
        exit_child(if served.is_ok() { 0 } else { 1 })
    }
}
// ANCHOR_END: serve

// ANCHOR: wait
impl ForkingServer {
    /// Sleeps until a client comes (if somebody waits for one), a child ends, a signal says stop,
    /// a child gets too old, or the time is up.
    fn wait(&self, listener: Option<&Socket>, at_most: Duration) {
        // Looking at the children's age once a second is often enough.
        let nap = if self.children.count() > 0 {
            Duration::from_secs(1)
        } else {
            Duration::MAX
        };
        // A duration that the kernel cannot express is as good as none.
        let at_most = Timespec::try_from(at_most.min(nap)).ok();
        let child = PollFd::new(&self.child_bell, PollFlags::IN);
        let stop = PollFd::new(&self.stop_bell, PollFlags::IN);
        // An error (EINTR, mostly) is a reason to look around again, like everything else.
        let _ = match listener {
            Some(listener) => {
                let client = PollFd::new(listener, PollFlags::IN);
                poll(&mut [child, stop, client], at_most.as_ref())
            }
            None => poll(&mut [child, stop], at_most.as_ref()),
        };
        if self.child_bell.rings() > 0 {
            self.lost_lines.collect();
        }
    }
    // ANCHOR_END: wait

    // ANCHOR: finish
    /// Ends the server: the clients that the kernel has accepted for us are served as well, the
    /// children get their time, and what is left after that is ended.
    fn finish(mut self, listener: Socket) -> Ended {
        // One ring says stop, and any further one says at once.
        let mut in_time = self.stop_bell.rings() <= 1;
        let_nobody_in(&listener);
        self.closing.begin();
        self.children.have_lost_one(); // What was before the stop is another story.
        let count = self.children.count();
        say(format_args!(
            "stopping; connections: {count}; once more to stop at once"
        ));
        let deadline = Instant::now() + self.forks.stop_timeout;
        // The kernel holds one client more than the backlog says.
        for _ in 0..=self.gateway.settings.backlog {
            in_time = in_time && self.fewer_before(self.forks.max_children, deadline);
            if !in_time {
                break;
            }
            match accept_last(&listener) {
                Ok(Some((client, peer))) => {
                    if let Some(client) = self.fork_for(client, peer) {
                        drop(listener);
                        self.be_the_child(client);
                    }
                }
                Ok(None) => break,
                Err(error) => recover(&error),
            }
        }
        // A child that has not closed its copy yet would keep the socket listening, for nobody.
        let _ = listener.shutdown(Shutdown::Both);
        drop(listener);
        if in_time && self.fewer_before(1, deadline) {
            return match self.children.have_lost_one() {
                true => Ended::Forced,
                false => Ended::Clean,
            };
        }
        self.children.end_all(Signal::SIGTERM);
        if !self.fewer_before(1, Instant::now() + Duration::from_secs(1)) {
            self.children.end_all(Signal::SIGKILL);
            // Nothing survives that, so this ends.
            while self.children.count() > 0 {
                self.wait(None, Duration::from_millis(100));
                self.children.reap();
            }
        }
        Ended::Forced
    }

    /// Waits until there are fewer children than `count`, but not beyond the deadline or the next
    /// signal to stop.
    fn fewer_before(&mut self, count: usize, deadline: Instant) -> bool {
        loop {
            self.children.reap();
            self.lost_lines.collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if self.children.count() < count {
                return true;
            }
            if left.is_zero() || self.stop_bell.rings() > 0 {
                return false;
            }
            self.wait(None, left);
        }
    }
}
// ANCHOR_END: finish
