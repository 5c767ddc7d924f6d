//! The server: a loop that starts threads.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lesson01::recover;
use lesson02::Desk;
use lesson03::{Application, Bell, Client, Gateway};
use lesson05::{Closing, Ended, accept_last, let_nobody_in, turn_away};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockAddr, Socket};
use terminal::say;

use crate::Threads;
// ANCHOR_END: imports

// ANCHOR: server
/// A server with a thread for each connection (Python's `ThreadingMixIn`).
pub struct ThreadingServer {
    gateway: Arc<Gateway>,
    app: RwLock<Arc<dyn Application>>,
    threads: Threads,
    /// Rung by a thread that ends, when the server waits for one to do so.
    room: Arc<Bell>,
    alive: Arc<AtomicUsize>,
    closing: Arc<Closing>,
}

impl ThreadingServer {
    /// A server for `app`.
    pub fn new(
        mut gateway: Gateway,
        app: Arc<dyn Application>,
        threads: Threads,
    ) -> io::Result<ThreadingServer> {
        gateway.deployment.multithread = true;
        Ok(ThreadingServer {
            gateway: Arc::new(gateway),
            app: RwLock::new(app),
            threads,
            room: Arc::new(Bell::new()?),
            alive: Arc::default(),
            closing: Arc::new(Closing::new(threads.stop_timeout)?),
        })
    }

    /// Replaces the application, from the next connection on.
    pub fn set_app(&self, app: impl Application + 'static) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
    }

    /// The current application.
    pub fn get_app(&self) -> Arc<dyn Application> {
        Arc::clone(&self.app.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many threads serve a client now.
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }
}
// ANCHOR_END: server

// ANCHOR: serve
impl ThreadingServer {
    /// Serves until the bell rings. The listener must not block.
    pub fn serve(&self, listener: Socket, stop: &Bell) -> Ended {
        let mut handles = Vec::new();
        let mut desk = Desk::default();
        while !stop.has_rung() {
            let has_room = self.alive() < self.threads.max_threads;
            match has_room.then(|| listener.accept()) {
                Some(Ok((client, peer))) => {
                    reap(&mut handles);
                    handles.extend(self.start_thread(client, peer, &mut desk));
                }
                Some(Err(error)) if error.kind() != ErrorKind::WouldBlock => recover(&error),
                Some(Err(_)) => self.wait(Some(&listener), stop),
                None => self.wait(None, stop),
            }
        }
        self.finish(listener, stop, handles)
    }

    /// Starts a thread for a client. If there is none to be had, the client is turned away.
    fn start_thread(
        &self,
        client: Socket,
        peer: SockAddr,
        desk: &mut Desk,
    ) -> Option<JoinHandle<()>> {
        // Our listeners are IPv4 or IPv6, and so are their clients.
        let client = Client::new(client, peer.as_socket()?);
        let peer = client.peer;
        let present = Present::new(&self.alive, &self.room, self.threads.max_threads);
        let (gateway, app) = (Arc::clone(&self.gateway), self.get_app());
        let closing = Arc::clone(&self.closing);
        // What a thread is started with is lost if it does not start, so the client waits where
        // both can reach it.
        let seat = Arc::new(Mutex::new(Some(client)));
        let taken = Arc::clone(&seat);
        let work = move || {
            let _present = present;
            let mut desk = Desk::default();
            if let Some(client) = take(&taken) {
                let patience = gateway.settings.limits.head_timeout;
                let converse = || {
                    if closing.lets_begin(&client, patience) {
                        gateway.converse(client, &*app, &mut desk);
                    } // Otherwise nothing was asked.
                };
                // The application's panics end in the gateway. One of ours would end this
                // connection, and is said by the panic hook; there is nothing to add.
                let _ = catch_unwind(AssertUnwindSafe(converse));
            }
        };
        let named = thread::Builder::new().name(format!("client {peer}"));
        match named.stack_size(self.threads.stack_size).spawn(work) {
            Ok(handle) => Some(handle),
            Err(error) => {
                say(format_args!("no thread: {error}; a client is turned away"));
                if let Some(client) = take(&seat) {
                    turn_away(client.stream, &self.gateway, desk);
                }
                None
            }
        }
    }
}

/// The client, for whoever comes first.
fn take(seat: &Mutex<Option<Client>>) -> Option<Client> {
    seat.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Lets go of the threads that have ended: the system frees what a thread without a handle leaves
/// behind. To join them here would be to wait for their last steps.
fn reap(handles: &mut Vec<JoinHandle<()>>) {
    handles.retain(|handle| !handle.is_finished());
}

/// Counts a thread from before its start to its very end, whatever that is.
struct Present {
    alive: Arc<AtomicUsize>,
    room: Arc<Bell>,
    max: usize,
}

impl Present {
    fn new(alive: &Arc<AtomicUsize>, room: &Arc<Bell>, max: usize) -> Present {
        alive.fetch_add(1, Ordering::SeqCst);
        Present {
            alive: Arc::clone(alive),
            room: Arc::clone(room),
            max,
        }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        if self.alive.fetch_sub(1, Ordering::SeqCst) == self.max {
            self.room.ring();
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: finish
impl ThreadingServer {
    /// Sleeps until a client comes (if somebody waits for one), a thread makes room, or the bell
    /// rings.
    fn wait(&self, listener: Option<&Socket>, stop: &Bell) {
        let mut descriptors = vec![
            PollFd::new(stop, PollFlags::IN),
            PollFd::new(&*self.room, PollFlags::IN),
        ];
        descriptors.extend(listener.map(|listener| PollFd::new(listener, PollFlags::IN)));
        // An error (EINTR, mostly) is a reason to look around again, like everything else.
        let _ = poll(&mut descriptors, None);
        self.room.rings();
    }

    /// Ends the server: clients that the kernel has accepted for us are served as well, and the
    /// threads get their time.
    fn finish(&self, listener: Socket, stop: &Bell, mut handles: Vec<JoinHandle<()>>) -> Ended {
        // One ring says stop, and any further one says at once.
        let mut in_time = stop.rings() <= 1;
        let_nobody_in(&listener);
        self.closing.begin();
        if self.threads.daemon_threads || !self.threads.block_on_close {
            return Ended::Clean;
        }
        say(format_args!(
            "stopping; connections: {}; once more to stop at once",
            self.alive()
        ));
        let deadline = Instant::now() + self.threads.stop_timeout;
        let mut desk = Desk::default();
        // The kernel holds one client more than the backlog says.
        for _ in 0..=self.gateway.settings.backlog {
            in_time = in_time && self.fewer_before(self.threads.max_threads, deadline, stop);
            if !in_time {
                break;
            }
            match accept_last(&listener) {
                Ok(Some((client, peer))) => {
                    handles.extend(self.start_thread(client, peer, &mut desk));
                }
                Ok(None) => break,
                Err(error) => recover(&error),
            }
        }
        drop(listener);
        if !in_time || !self.fewer_before(1, deadline, stop) {
            return Ended::Forced;
        }
        for handle in handles {
            // It ends without a panic: see above.
            let _ = handle.join();
        }
        Ended::Clean
    }

    /// Waits until there are fewer threads than `count`, but not beyond the deadline or the next
    /// signal to stop.
    fn fewer_before(&self, count: usize, deadline: Instant, stop: &Bell) -> bool {
        while self.alive() >= count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || stop.rings() > 0 {
                return false;
            }
            // A thread cannot be waited for together with a bell, so this looks now and then.
            let nap = Timespec::try_from(left.min(Duration::from_millis(20))).ok();
            let _ = poll(&mut [PollFd::new(stop, PollFlags::IN)], nap.as_ref());
        }
        true
    }
}
// ANCHOR_END: finish
