//! A bounded queue, and the rules by which its workers come and go.

// ANCHOR: imports
use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
// ANCHOR_END: imports

// ANCHOR: pool
/// A client that was accepted and waits for a worker.
#[derive(Debug)]
pub struct Client {
    /// Its connection.
    pub stream: TcpStream,
    /// Its address.
    pub peer: SocketAddr,
}

/// The queue between the one who accepts and those who work.
///
/// It is bounded: a queue without an end hides overload until the memory is gone, and everybody
/// in it has given up long before. One lock guards the queue and the numbers, so that no decision
/// is made on numbers that are no longer true.
#[derive(Debug)]
pub struct Pool {
    state: Mutex<State>,
    /// Something to do, or a reason to go.
    work: Condvar,
    /// Room in the queue.
    room: Condvar,
    crowded: AtomicBool,
    queue_size: usize,
    min_workers: usize,
    max_workers: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Client>,
    /// Workers that exist, or are about to.
    live: usize,
    /// Workers that sleep until there is something to do.
    asleep: usize,
    /// Those of them that were woken and have not come to the lock yet.
    waking: usize,
    /// Workers with a client. The others sleep, or are about to look for one.
    busy: usize,
    /// Workers that shall go and have not gone yet. A pool that shrinks by twos must not count
    /// the same worker twice.
    leaving: usize,
    /// Since when the queue has been full, if it is.
    full_since: Option<Instant>,
    closed: bool,
}

/// That a worker is done with a client that [`Pool::next`] gave it.
#[derive(Clone, Copy, Debug)]
pub struct Served;

/// Whether the pool wants another worker for what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It has enough.
    Nothing,
    /// It has counted one more: whoever asked starts it, or takes it back with
    /// [`Pool::worker_left`].
    AnotherWorker,
}

impl State {
    /// Workers without a client.
    fn idle(&self) -> usize {
        self.live.saturating_sub(self.busy)
    }
}

impl Pool {
    /// A pool without workers.
    pub fn new(queue_size: usize, min_workers: usize, max_workers: usize) -> Pool {
        Pool {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            crowded: AtomicBool::new(false),
            queue_size,
            min_workers,
            max_workers: max_workers.max(min_workers),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of ours panics with the lock held; if it did, the numbers would still be the
        // best that there are.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: pool

// ANCHOR: submit
impl Pool {
    /// Queues a client. If there is no room, and none has come for `patience`, the client comes
    /// back. The wait begins when the queue gets full and not with each client, or the tenth one
    /// would hear after ten waits that it has come in vain.
    pub fn submit(&self, client: Client, patience: Duration) -> Result<Need, Client> {
        let mut state = self.lock();
        while state.queue.len() >= self.queue_size {
            let now = Instant::now();
            let deadline = *state.full_since.get_or_insert(now) + patience;
            let left = deadline.saturating_duration_since(now);
            if left.is_zero() {
                return Err(client);
            }
            let waited = self.room.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.queue.push_back(client);
        // Asked after the client is queued: more clients than idle workers, so one has to wait.
        let short = self.note_crowd(&state) && !state.closed;
        let need = match short && state.live < self.max_workers {
            true => Need::AnotherWorker,
            false => Need::Nothing,
        };
        state.live += usize::from(need == Need::AnotherWorker);
        self.unlock_and_wake(state);
        Ok(need)
    }

    /// The next client for a worker, or `None` if the worker shall go: the pool is closed and
    /// empty, it has shrunk, or there are more workers than the least number and nobody came for
    /// `patience`. `after` is the worker's last client, if it had one.
    pub fn next(&self, patience: Duration, after: Option<Served>) -> Option<Client> {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        state.busy -= usize::from(after.is_some());
        loop {
            if state.leaving > 0 {
                state.leaving -= 1;
                state.live -= 1;
                return None;
            }
            if let Some(client) = state.queue.pop_front() {
                state.busy += 1;
                state.full_since = None;
                self.note_crowd(&state);
                self.unlock_and_wake(state);
                self.room.notify_one();
                return Some(client);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let spare = state.live > self.min_workers;
            if state.closed || spare && left.is_zero() {
                // Counted here, with the lock still held, or two workers that give up together
                // would both find that there is one too many.
                state.live -= 1;
                return None;
            }
            state.asleep += 1;
            state = match spare {
                true => {
                    let waited = self.work.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                false => self
                    .work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
            state.asleep -= 1;
            state.waking = state.waking.saturating_sub(1);
        }
    }

    /// Wakes a worker if there is something left to do and none is waking already. The one that
    /// wakes takes a client, comes by here, and wakes the next. So all wake if there is work for
    /// all, and a client that the first can serve at once costs one wake and not eight.
    fn unlock_and_wake(&self, mut state: MutexGuard<'_, State>) {
        let wake = !state.queue.is_empty() && state.asleep > 0 && state.waking == 0;
        state.waking += usize::from(wake);
        // A worker that is woken while the lock is held goes back to sleep in front of it.
        drop(state);
        if wake {
            self.work.notify_one();
        }
    }

    /// Notes, and tells, whether more clients wait than workers are about to take.
    fn note_crowd(&self, state: &State) -> bool {
        let crowded = state.queue.len() > state.idle();
        self.crowded.store(crowded, Ordering::Relaxed);
        crowded
    }

    /// Whether somebody has to wait for a worker. It is asked for each request, and so without
    /// the lock that everybody wants; an answer that is a moment old does no harm.
    pub fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }

    /// Lets no worker wait any longer than the queue lasts.
    pub fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }
}
// ANCHOR_END: submit

// ANCHOR: grow
impl Pool {
    /// Counts up to `count` further workers, and says how many may be started.
    pub fn grow(&self, count: usize) -> usize {
        let mut state = self.lock();
        let room = self.max_workers.saturating_sub(state.live);
        let count = count.min(room);
        state.live += count;
        count
    }

    /// Sends up to `count` workers away, as far as the least number allows.
    pub fn shrink(&self, count: usize) {
        let mut state = self.lock();
        let staying = state.live - state.leaving;
        state.leaving += count.min(staying.saturating_sub(self.min_workers));
        self.work.notify_all();
    }

    /// Takes a worker off the count that could not be started, or ended without being told to,
    /// perhaps with a client in its hands.
    pub fn worker_left(&self, with: Option<Served>) {
        let mut state = self.lock();
        state.live = state.live.saturating_sub(1);
        state.busy -= usize::from(with.is_some());
        // It may be one of those who were to be sent away.
        let spare = state.live.saturating_sub(self.min_workers);
        state.leaving = state.leaving.min(spare);
    }

    /// How many clients wait, how many workers there are, and how many of them are idle.
    pub fn numbers(&self) -> Numbers {
        let state = self.lock();
        Numbers {
            waiting: state.queue.len(),
            live: state.live,
            idle: state.idle(),
        }
    }
}

/// A pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Clients in the queue.
    pub waiting: usize,
    /// Workers.
    pub live: usize,
    /// Workers without a client.
    pub idle: usize,
}
// ANCHOR_END: grow

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    const NO_TIME: Duration = Duration::ZERO;

    fn client() -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = stream.local_addr().unwrap();
        Client { stream, peer }
    }

    #[test]
    fn a_full_queue_gives_the_client_back() {
        let pool = Pool::new(2, 0, 0);
        assert_eq!(pool.submit(client(), NO_TIME).unwrap(), Need::Nothing);
        pool.submit(client(), NO_TIME).unwrap();
        assert!(pool.submit(client(), Duration::from_millis(5)).is_err());
        assert!(pool.next(NO_TIME, None).is_some());
        assert!(pool.submit(client(), NO_TIME).is_ok());
        assert_eq!(pool.numbers().waiting, 2);
    }

    #[test]
    fn a_queue_that_stays_full_is_waited_for_once_and_not_by_each_client() {
        let pool = Pool::new(1, 0, 0);
        pool.submit(client(), NO_TIME).unwrap();
        let patience = Duration::from_millis(200);
        let started = Instant::now();
        for _ in 0..10 {
            assert!(pool.submit(client(), patience).is_err());
        }
        let waited = started.elapsed();
        assert!(waited >= patience && waited < 5 * patience, "{waited:?}");
        // Somebody has left: the next one may hope again.
        assert!(pool.next(NO_TIME, None).is_some());
        pool.submit(client(), NO_TIME).unwrap();
        assert!(pool.submit(client(), patience).is_err());
        assert!(started.elapsed() >= 2 * patience);
    }

    #[test]
    fn the_pool_grows_when_more_wait_than_are_idle_and_only_so_far() {
        let pool = Pool::new(10, 1, 2);
        assert_eq!(pool.grow(5), 2);
        pool.worker_left(None);
        // A worker that has not looked around yet will find this one.
        assert_eq!(pool.submit(client(), NO_TIME).unwrap(), Need::Nothing);
        assert_eq!(pool.submit(client(), NO_TIME).unwrap(), Need::AnotherWorker);
        assert_eq!(pool.submit(client(), NO_TIME).unwrap(), Need::Nothing);
        assert_eq!((pool.numbers().live, pool.numbers().idle), (2, 2));
        assert!(pool.next(NO_TIME, None).is_some());
        assert_eq!((pool.numbers().live, pool.numbers().idle), (2, 1));
        assert!(pool.next(NO_TIME, Some(Served)).is_some());
        assert_eq!(pool.numbers().idle, 1);
    }

    #[test]
    fn shrinking_counts_the_workers_that_are_about_to_go() {
        let pool = Pool::new(10, 2, 5);
        assert_eq!(pool.grow(5), 5);
        pool.shrink(2);
        pool.shrink(2); // Only one more: two have to stay.
        for _ in 0..3 {
            assert!(pool.next(NO_TIME, None).is_none());
        }
        assert_eq!(pool.numbers().live, 2);
        pool.submit(client(), NO_TIME).unwrap();
        assert!(pool.next(NO_TIME, None).is_some());
    }

    #[test]
    fn a_worker_too_many_goes_when_nobody_comes_and_the_others_stay() {
        let pool = Pool::new(10, 0, 1);
        pool.grow(1);
        assert!(pool.next(Duration::from_millis(5), None).is_none());
    }

    #[test]
    fn workers_that_give_up_together_do_not_all_go() {
        let pool = Pool::new(10, 1, 3);
        assert_eq!(pool.grow(3), 3);
        // Neither has said that it is gone when the other one asks.
        assert!(pool.next(NO_TIME, None).is_none());
        assert!(pool.next(NO_TIME, None).is_none());
        assert_eq!(pool.numbers().live, 1);
    }

    #[test]
    fn a_closed_pool_serves_its_queue_and_then_lets_everybody_go() {
        let pool = Pool::new(10, 2, 2);
        pool.grow(2);
        pool.submit(client(), NO_TIME).unwrap();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| std::iter::from_fn(|| pool.next(NO_TIME, None)).count()))
                .collect();
            pool.close();
            let served: usize = workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum();
            assert_eq!(served, 1);
        });
    }
}
