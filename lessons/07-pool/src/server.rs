//! The server: one thread accepts, the others work.

// ANCHOR: imports
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use lesson01::recover;
use lesson03::{Address, Application, Desk, Gateway, Options};
use lesson05::{Bell, Ended, accept_last, let_nobody_in, turn_away};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::Socket;
use terminal::say;

use crate::conversation::Seat;
use crate::persistence::staying_lines;
use crate::pool::{Client, Need, Pool, Served};
use crate::settings::PoolSettings;
use crate::stats::Stats;
// ANCHOR_END: imports

// ANCHOR: house
/// What the accepting thread and the workers share.
pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) settings: PoolSettings,
    pub(crate) pool: Pool,
    pub(crate) stats: Stats,
    pub(crate) stays: String,
    app: RwLock<Arc<dyn Application>>,
    seats: Mutex<Vec<Arc<Seat>>>,
    stop: Arc<Bell>,
}

impl House {
    pub(crate) fn get_app(&self) -> Arc<dyn Application> {
        Arc::clone(&self.app.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.stop.has_rung()
    }

    /// How long a client that says nothing may still begin a request once we stop.
    pub(crate) fn last_moment(&self) -> Duration {
        Duration::from_secs(1).min(self.settings.stop_timeout / 2)
    }

    pub(crate) fn stats_json(&self) -> String {
        let seats = self.seats();
        let by_worker: Vec<u64> = seats
            .iter()
            .map(|seat| seat.requests.load(Ordering::Relaxed))
            .collect();
        self.stats.json(self.pool.numbers(), &by_worker)
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: house

// ANCHOR: worker
/// A worker for as long as it lives. However that ends, the pool learns of it.
struct Worker {
    house: Arc<House>,
    seat: Arc<Seat>,
    /// Whether the pool counts it still.
    is_counted: bool,
    /// Whether it has had a client of which the pool does not know that it has been served.
    serves: Option<Served>,
}

impl Worker {
    /// Starts a worker that the pool has counted already.
    fn start(house: &Arc<House>) -> io::Result<()> {
        let seat = Arc::new(Seat::default());
        let number = {
            let mut seats = house.seats();
            seats.push(Arc::clone(&seat));
            seats.len()
        };
        let worker = Worker {
            house: Arc::clone(house),
            seat,
            is_counted: true,
            serves: None,
        };
        let named = thread::Builder::new().name(format!("worker {number}"));
        // Should it not start, `worker` is dropped, and so counted as gone.
        named.spawn(move || worker.work()).map(drop)
    }

    fn work(mut self) {
        const PATIENCE: Duration = Duration::from_secs(10);
        let mut desk = Desk::default();
        loop {
            let next = self.house.pool.next(PATIENCE, self.serves.take());
            let Some(Client { stream, peer }) = next else {
                break;
            };
            self.serves = Some(Served);
            let converse = || self.house.converse(stream, peer, &mut desk, &self.seat);
            // An application's panic ends in the gateway. One of ours ends this connection, and
            // not the worker.
            if catch_unwind(AssertUnwindSafe(converse)).is_err() {
                self.house.stats.panics.add(1);
                self.seat.leave();
                desk = Desk::default();
            }
        }
        self.is_counted = false; // The pool has taken us off its count.
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.house
            .seats()
            .retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        if self.is_counted {
            self.house.pool.worker_left(self.serves.take());
        }
        // A panic that got this far must not make the pool smaller for good.
        if thread::panicking() && self.house.pool.grow(1) == 1 {
            let _ = Worker::start(&self.house);
        }
    }
}
// ANCHOR_END: worker

// ANCHOR: server
/// A server with a pool of workers (CherryPy's `CherryPyWSGIServer`).
pub struct PoolServer {
    house: Arc<House>,
    listener: Mutex<Option<Socket>>,
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
        let (listener, address, mut gateway) = options.listen(address)?;
        listener.set_nonblocking(true)?;
        gateway.deployment.multithread = true;
        let PoolSettings {
            queue_size,
            threads,
            max_threads,
            ..
        } = settings;
        let house = House {
            gateway,
            pool: Pool::new(queue_size, threads, max_threads),
            stats: Stats::default(),
            stays: staying_lines(settings.timeout),
            settings,
            app: RwLock::new(app),
            seats: Mutex::default(),
            stop,
        };
        let listener = Mutex::new(Some(listener));
        Ok(PoolServer {
            house: Arc::new(house),
            listener,
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
        for _ in 0..self.house.pool.grow(self.house.settings.threads) {
            Worker::start(&self.house)?;
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
        *self
            .house
            .app
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
    }

    /// The current application.
    pub fn get_app(&self) -> Arc<dyn Application> {
        self.house.get_app()
    }

    /// The pool, to look at its numbers or to change them.
    pub fn pool(&self) -> &Pool {
        &self.house.pool
    }

    /// What was done so far.
    pub fn stats(&self) -> &Stats {
        &self.house.stats
    }
}
// ANCHOR_END: server

// ANCHOR: serve
impl PoolServer {
    /// The loop of the accepting thread, and the end.
    pub fn serve(&self) -> Result<Ended, Box<dyn Error>> {
        let taken = self
            .listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let listener = taken.ok_or("this server has served already, or serves now")?;
        let mut desk = Desk::default();
        while !self.house.is_closing() {
            match listener.accept() {
                Ok((client, peer)) => self.enqueue(client, peer.as_socket(), &mut desk),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let stop = PollFd::new(&*self.house.stop, PollFlags::IN);
                    // An error (EINTR, mostly) is a reason to look around again.
                    let _ = poll(&mut [PollFd::new(&listener, PollFlags::IN), stop], None);
                }
                Err(error) => recover(&error),
            }
        }
        Ok(self.finish(listener, &mut desk))
    }

    /// Puts a client into the queue, or turns it away.
    fn enqueue(&self, client: Socket, peer: Option<SocketAddr>, desk: &mut Desk) {
        self.house.stats.accepted.add(1);
        // Our listeners are IPv4 or IPv6, and so are their clients.
        let Some(peer) = peer else { return };
        match self.house.pool.submit(
            Client {
                stream: client.into(),
                peer,
            },
            self.house.settings.queue_timeout,
        ) {
            Ok(Need::Nothing) => {}
            Ok(Need::AnotherWorker) => {
                if let Err(error) = Worker::start(&self.house) {
                    say(format_args!(
                        "no further worker: {error}; those that there are go on"
                    ));
                }
            }
            Err(client) => {
                let count = self.house.settings.queue_size;
                say(format_args!(
                    "the queue is full ({count} clients); {peer} is turned away"
                ));
                self.house.stats.turned_away.add(1);
                turn_away(client.stream, &self.house.gateway, desk);
            }
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
        let_nobody_in(&listener);
        let deadline = Instant::now() + self.house.settings.stop_timeout;
        // The kernel holds one client more than the backlog says.
        for _ in 0..=self.house.settings.backlog {
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
        self.house.pool.close();
        let numbers = self.house.pool.numbers();
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
            self.house.seats().iter().for_each(|seat| seat.end_idling());
            wait = self.wait_for_workers(deadline);
        }
        if wait == Wait::AllLeft {
            return Ended::Clean;
        }
        self.house
            .seats()
            .iter()
            .for_each(|seat| seat.end_reading());
        self.wait_for_workers(Instant::now() + Duration::from_millis(200));
        Ended::Forced
    }

    /// Waits until every worker has left, but not beyond the deadline or the next ring.
    fn wait_for_workers(&self, deadline: Instant) -> Wait {
        while self.house.pool.numbers().live > 0 {
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
