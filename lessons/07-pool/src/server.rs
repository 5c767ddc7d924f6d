//! The server: one thread accepts, the others work.

// ANCHOR: imports
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use lesson01::recover;
use lesson02::Desk;
use lesson03::{
    Address, AppError, Application, Bell, Body, Client, Environ, Options, StartResponse,
    application,
};
use lesson05::{Ended, accept_last, let_nobody_in, turn_away};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::Socket;
use terminal::say;

use crate::crew::{Around, Crew};
use crate::house::{Adapter, House, Rules, Upgrader};
use crate::pool::{Full, Pool, Post};
use crate::settings::PoolSettings;
use crate::stats::Stats;
// ANCHOR_END: imports

// ANCHOR: server
/// A server with a pool of workers (CherryPy's `CherryPyWSGIServer`).
pub struct PoolServer {
    house: Arc<House>,
    crew: Arc<Crew>,
    settings: PoolSettings,
    listener: Mutex<Option<Socket>>,
    /// Whether somebody else may go on listening on the same socket.
    shares_listener: bool,
    address: SocketAddr,
    stopped: Once,
}

impl PoolServer {
    /// Makes a server for `app` that listens at `address`, and serves when it is started. It
    /// stops when `stop` rings.
    pub fn bind(
        address: impl Address,
        app: Arc<dyn Application>,
        options: Options,
        settings: PoolSettings,
        stop: Arc<Bell>,
    ) -> Result<PoolServer, Box<dyn Error>> {
        let shares_listener = options.inherited.is_some();
        let (listener, address, mut gateway) = options.listen(address)?;
        listener.set_nonblocking(true)?;
        gateway.deployment.multithread = true;
        let rules = Rules {
            whole_bodies: false, // A worker may wait.
            ..settings.rules
        };
        let house = Arc::new(House::new(gateway, app, rules, stop));
        let pool = Pool::new(
            settings.queue_size,
            settings.threads,
            settings.most_threads(),
            Arc::clone(&house.crowded),
        )?;
        let crew = Crew::new(Arc::clone(&house), pool);
        if settings.stats {
            house.set_stats_page(Arc::new(stats_page(&crew)));
        }
        Ok(PoolServer {
            house,
            crew,
            settings,
            listener: Mutex::new(Some(listener)),
            shares_listener,
            address,
            stopped: Once::new(),
        })
    }

    /// Starts the workers, and serves until [`PoolServer::stop`] is called or the bell rings.
    pub fn start(&self) -> Result<Ended, Box<dyn Error>> {
        self.prepare()?;
        self.serve()
    }

    /// Starts the workers.
    pub fn prepare(&self) -> io::Result<()> {
        for _ in 0..self.settings.threads {
            if let Some(post) = self.crew.pool.grow() {
                self.crew.start_worker(post)?;
            }
        }
        Ok(())
    }

    /// Asks the server to stop, from any thread, at any time, as often as you like. What is under
    /// way is finished; [`PoolServer::start`] returns when it is.
    pub fn stop(&self) {
        // A second ring of the bell means hurry, and a second call does not.
        self.stopped.call_once(|| self.house.stop.ring());
    }

    /// Where the server listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces the application, from the next request on.
    pub fn set_app(&self, app: impl Application + 'static) {
        self.house.set_app(Arc::new(app));
    }

    /// The current application.
    pub fn get_app(&self) -> Arc<dyn Application> {
        self.house.get_app()
    }

    /// The pool, to look at its numbers or to change them.
    pub fn pool(&self) -> &Pool {
        &self.crew.pool
    }

    /// What was done so far.
    pub fn stats(&self) -> &Stats {
        &self.house.stats
    }
}

/// The page of numbers: an application like any other.
fn stats_page(crew: &Arc<Crew>) -> impl Application + use<> {
    // The house keeps the page, and the crew the house: one of the three must let go.
    let crew = Arc::downgrade(crew);
    application(move |_: &mut Environ, start_response: StartResponse| {
        let json = crew.upgrade().map(|crew| crew.stats_json());
        start_response.begin("200 OK", &[("Content-Type", "application/json")])?;
        Ok::<Body, AppError>(json.unwrap_or_default().into())
    })
}
// ANCHOR_END: server

// ANCHOR: joints
impl PoolServer {
    /// Puts something between the server and the clients that come from now on, such as TLS.
    pub fn set_adapter(&self, adapter: Option<Arc<dyn Adapter>>) {
        self.house.set_adapter(adapter);
    }

    /// Lets somebody take over the connections that switch to another protocol.
    pub fn set_upgrader(&self, upgrader: Option<Arc<dyn Upgrader>>) {
        self.house.set_upgrader(upgrader);
    }

    /// Wraps the life of each worker that is started from now on. It can be said once.
    pub fn set_around(&self, around: Box<Around>) -> Result<(), Box<Around>> {
        self.crew.around.set(around)
    }
}
// ANCHOR_END: joints

// ANCHOR: serve
impl PoolServer {
    /// The loop of the accepting thread, and the end.
    pub fn serve(&self) -> Result<Ended, Box<dyn Error>> {
        let taken = self.listener.lock();
        let taken = taken.unwrap_or_else(PoisonError::into_inner).take();
        let listener = taken.ok_or("this server has served already, or serves now")?;
        let mut desk = Desk::default();
        loop {
            let client = PollFd::new(&listener, PollFlags::IN);
            // An error (EINTR, mostly) is a reason to look around again.
            let _ = poll(
                &mut [client, PollFd::new(&*self.house.stop, PollFlags::IN)],
                None,
            );
            if self.house.is_closing() {
                return Ok(self.finish(listener, &mut desk));
            }
            match listener.accept() {
                Ok((client, peer)) => self.enqueue(client, peer.as_socket(), &mut desk),
                Err(error) => recover(&error),
            }
        }
    }

    /// Puts a client into the queue, waits for room if there is none, or turns it away.
    fn enqueue(&self, client: Socket, peer: Option<SocketAddr>, desk: &mut Desk) {
        self.house.stats.accepted.add(1);
        // Our listeners are IPv4 or IPv6, and so are their clients.
        let Some(peer) = peer else { return };
        let mut client = Client::new(client, peer);
        loop {
            match self.crew.pool.submit(client) {
                Ok(None) => return,
                Ok(Some(post)) => return self.start_worker(post),
                Err(full) if self.room_comes(&full) => client = full.client,
                Err(full) => {
                    let count = self.settings.queue_size;
                    say(format_args!(
                        "the queue is full ({count} clients); {peer} is turned away"
                    ));
                    return self.turn_away(full.client, desk);
                }
            }
        }
    }

    fn start_worker(&self, post: Post) {
        if let Err(error) = self.crew.start_worker(post) {
            say(format_args!(
                "no further worker: {error}; those that there are go on"
            ));
        }
    }

    /// Waits for room in the queue, but not longer than it may be full. A server that is told to
    /// stop takes in everybody who is there.
    fn room_comes(&self, full: &Full) -> bool {
        let room = self.crew.pool.room();
        if room.rings() > 0 {
            return true;
        }
        let deadline = full.since + self.settings.queue_timeout;
        let left = deadline.saturating_duration_since(Instant::now());
        let left_for_poll = Timespec::try_from(left).ok();
        let _ = poll(
            &mut [
                PollFd::new(room, PollFlags::IN),
                PollFd::new(&*self.house.stop, PollFlags::IN),
            ],
            left_for_poll.as_ref(),
        );
        if self.house.is_closing() {
            self.crew.pool.last_call();
            return true;
        }
        !left.is_zero()
    }

    /// Tells a client that it cannot be served now. Through an adapter there is no telling: that
    /// would mean to wait.
    fn turn_away(&self, client: Client, desk: &mut Desk) {
        self.house.stats.turned_away.add(1);
        if self.house.speaks_plainly() {
            turn_away(client.stream, &self.house.gateway, desk);
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: finish
impl PoolServer {
    /// Ends the server, in this order: take the clients that the kernel has accepted for us;
    /// stop listening; let every answer from here on say `close`; let the workers finish; after
    /// a moment, wake those that only wait for another request; and after the deadline, go.
    fn finish(&self, listener: Socket, desk: &mut Desk) -> Ended {
        // One ring says stop, and any further one says at once.
        let mut hurry = self.house.stop.rings() > 1;
        if !self.shares_listener {
            let_nobody_in(&listener);
        }
        let deadline = Instant::now() + self.house.rules.stop_timeout;
        self.crew.pool.last_call();
        // The kernel holds one client more than the backlog says.
        for _ in 0..=self.house.gateway.settings.backlog {
            hurry |= self.house.stop.rings() > 0;
            if hurry || Instant::now() >= deadline {
                break;
            }
            match accept_last(&listener) {
                Ok(Some((client, peer))) => self.enqueue(client, peer.as_socket(), desk),
                Ok(None) => break,
                Err(error) => recover(&error),
            }
        }
        drop(listener);
        self.crew.pool.close();
        self.house.tell_upgraded();
        let numbers = self.crew.pool.numbers();
        let busy = numbers.live - numbers.idle;
        say(format_args!(
            "stopping; connections: {busy}; once more to stop at once"
        ));
        // Clients that are about to send another request on their connection get its answer.
        let mut wait = match hurry {
            true => Wait::Hurry,
            false => self.wait_for_workers(Instant::now() + self.house.last_moment()),
        };
        if wait == Wait::TimeIsUp {
            self.crew.seats().iter().for_each(|seat| seat.end_resting());
            wait = self.wait_for_workers(deadline);
        }
        if wait == Wait::AllLeft && self.upgraded_left(deadline) {
            return Ended::Clean;
        }
        for client in self.crew.pool.give_up() {
            self.turn_away(client, desk);
        }
        self.crew.seats().iter().for_each(|seat| seat.end_reading());
        let deadline = Instant::now() + Duration::from_millis(200);
        self.wait_for_workers(deadline);
        self.house.upgraded_left(deadline);
        Ended::Forced
    }

    /// Waits until those have left whose connections were taken over, but not beyond the deadline
    /// or the next ring.
    fn upgraded_left(&self, deadline: Instant) -> bool {
        loop {
            let nap = Instant::now() + Duration::from_millis(20);
            if self.house.upgraded_left(deadline.min(nap)) {
                return true;
            }
            if self.house.stop.rings() > 0 || Instant::now() >= deadline {
                return false;
            }
        }
    }

    /// Waits until every worker has left, but not beyond the deadline or the next ring.
    fn wait_for_workers(&self, deadline: Instant) -> Wait {
        while self.crew.pool.numbers().live > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.house.stop.rings() > 0 {
                return Wait::Hurry;
            }
            if left.is_zero() {
                return Wait::TimeIsUp;
            }
            // A thread cannot be waited for together with a bell, so this looks now and then.
            let nap = Timespec::try_from(left.min(Duration::from_millis(20))).ok();
            let _ = poll(
                &mut [PollFd::new(&*self.house.stop, PollFlags::IN)],
                nap.as_ref(),
            );
        }
        Wait::AllLeft
    }
}

/// How a wait for the workers ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    AllLeft,
    TimeIsUp,
    /// Somebody rang once more.
    Hurry,
}
// ANCHOR_END: finish
