//! A bounded queue, and the rules by which its workers come and go.

// ANCHOR: imports
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lesson03::{Bell, Client};
// ANCHOR_END: imports

// ANCHOR: pool
/// The queue between the one who accepts and those who work.
///
/// It is bounded: a queue without an end hides overload until the memory is gone, and everybody
/// in it has given up long before. One lock guards the queue and the numbers, so that no decision
/// is made on numbers that are no longer true.
///
/// Clients wait in it here. To the pool it is all the same what does, and in lesson 10 it is
/// something else.
#[derive(Debug)]
pub struct Pool<T = Client> {
    state: Mutex<State<T>>,
    /// Something to do, or a reason to go.
    work: Condvar,
    /// Rung when there is room in a queue that was full.
    room: Bell,
    crowded: Arc<AtomicBool>,
    queue_size: usize,
    min_workers: usize,
    max_workers: usize,
}

#[derive(Debug)]
struct State<T> {
    queue: VecDeque<T>,
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
    /// Nobody else will come than those who are there already, so there is no bound any more.
    is_last_call: bool,
    closed: bool,
}

impl<T> Default for State<T> {
    fn default() -> State<T> {
        State {
            queue: VecDeque::new(),
            live: 0,
            asleep: 0,
            waking: 0,
            busy: 0,
            leaving: 0,
            full_since: None,
            is_last_call: false,
            closed: false,
        }
    }
}

impl<T> State<T> {
    /// Workers without a client.
    fn idle(&self) -> usize {
        self.live.saturating_sub(self.busy)
    }
}

impl<T> Pool<T> {
    /// A pool without workers. `crowded` tells everybody whether somebody waits for one.
    pub fn new(
        queue_size: usize,
        min_workers: usize,
        max_workers: usize,
        crowded: Arc<AtomicBool>,
    ) -> io::Result<Pool<T>> {
        Ok(Pool {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Bell::new()?,
            crowded,
            queue_size,
            min_workers,
            max_workers: max_workers.max(min_workers),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code of ours panics with the lock held; if it did, the numbers would still be the
        // best that there are.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: pool

// ANCHOR: submit
/// A client for whom there is no room.
#[derive(Debug)]
pub struct Full<T = Client> {
    /// The client.
    pub client: T,
    /// Since when nobody has left the queue. The wait for room begins here and not with each
    /// client, or the tenth one would hear after ten waits that it has come in vain.
    pub since: Instant,
}

impl<T> Pool<T> {
    /// Queues a client, if there is room. It never waits. With the post comes the wish for another
    /// worker: more clients wait than workers are about to take.
    pub fn submit(self: &Arc<Pool<T>>, client: T) -> Result<Option<Post<T>>, Full<T>> {
        let mut state = self.lock();
        if state.queue.len() >= self.queue_size && !state.is_last_call {
            let since = *state.full_since.get_or_insert_with(Instant::now);
            return Err(Full { client, since });
        }
        state.queue.push_back(client);
        // Asked after the client is queued: more clients than idle workers, so one has to wait.
        let short = self.note_crowd(&state) && !state.closed;
        let post = match short && state.live < self.max_workers {
            true => Some(self.count_one_more(&mut state)),
            false => None,
        };
        self.unlock_and_wake(state);
        Ok(post)
    }

    /// Rung when there is room again.
    pub fn room(&self) -> &Bell {
        &self.room
    }

    /// Lets everybody into the queue who comes from now on.
    pub fn last_call(&self) {
        self.lock().is_last_call = true;
    }

    /// Lets no worker wait any longer than the queue lasts.
    pub fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }

    /// Takes everybody out of the queue who has waited in vain.
    pub fn give_up(&self) -> VecDeque<T> {
        std::mem::take(&mut self.lock().queue)
    }

    /// Wakes a worker if there is something left to do and none is waking already. The one that
    /// wakes takes a client, comes by here, and wakes the next. So all wake if there is work for
    /// all, and a client that the first can serve at once costs one wake and not eight.
    fn unlock_and_wake(&self, mut state: MutexGuard<'_, State<T>>) {
        let wake = !state.queue.is_empty() && state.asleep > 0 && state.waking == 0;
        state.waking += usize::from(wake);
        // A worker that is woken while the lock is held goes back to sleep in front of it.
        drop(state);
        if wake {
            self.work.notify_one();
        }
    }

    /// Notes, and tells, whether more clients wait than workers are about to take. It is read for
    /// each request, and so without the lock that everybody wants; an answer that is a moment old
    /// does no harm.
    fn note_crowd(&self, state: &State<T>) -> bool {
        let crowded = state.queue.len() > state.idle();
        self.crowded.store(crowded, Ordering::Relaxed);
        crowded
    }
}
// ANCHOR_END: submit

// ANCHOR: post
/// A worker's place in the pool, from before its thread is started to its very end. It is counted
/// for as long as it lives, however that ends.
#[derive(Debug)]
pub struct Post<T = Client> {
    pool: Arc<Pool<T>>,
    /// Whether the pool counts it still.
    is_counted: bool,
    /// Whether it has had a client of which the pool does not know that it has been served.
    is_busy: bool,
}

impl<T> Post<T> {
    /// The next client, or `None` if the worker shall go: the pool is closed and empty, it has
    /// shrunk, or there are more workers than the least number and nobody came for `patience`.
    pub fn next_client(&mut self, patience: Duration) -> Option<T> {
        let deadline = Instant::now() + patience;
        let pool = &*self.pool;
        let mut state = pool.lock();
        state.busy -= usize::from(std::mem::take(&mut self.is_busy));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let spare = state.live > pool.min_workers;
            let client = match state.leaving {
                0 => state.queue.pop_front(),
                _ => None,
            };
            if client.is_some() {
                self.is_busy = true;
                state.busy += 1;
                let was_full = state.full_since.take().is_some();
                pool.note_crowd(&state);
                pool.unlock_and_wake(state);
                if was_full {
                    pool.room.ring();
                }
                return client;
            }
            if state.leaving > 0 || state.closed || spare && left.is_zero() {
                // Counted here, with the lock still held, or two workers that give up together
                // would both find that there is one too many.
                state.leaving = state.leaving.saturating_sub(1);
                state.live -= 1;
                self.is_counted = false;
                return None;
            }
            state = pool.sleep(state, spare.then_some(left));
        }
    }

    /// Whether somebody must take this place if it is left now: the worker was not told to go, and
    /// there may be something to do.
    pub fn is_needed(&self) -> bool {
        let state = self.pool.lock();
        self.is_counted && !(state.closed && state.queue.is_empty())
    }
}

impl<T> Pool<T> {
    fn sleep<'s>(
        &self,
        mut state: MutexGuard<'s, State<T>>,
        at_most: Option<Duration>,
    ) -> MutexGuard<'s, State<T>> {
        state.asleep += 1;
        state = match at_most {
            Some(time) => {
                let waited = self.work.wait_timeout(state, time);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.work.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        state.asleep -= 1;
        state.waking = state.waking.saturating_sub(1);
        state
    }
}

impl<T> Drop for Post<T> {
    fn drop(&mut self) {
        if !self.is_counted {
            return;
        }
        let mut state = self.pool.lock();
        state.live -= 1;
        state.busy -= usize::from(self.is_busy);
        // It may be one of those who were to be sent away.
        let spare = state.live.saturating_sub(self.pool.min_workers);
        state.leaving = state.leaving.min(spare);
    }
}
// ANCHOR_END: post

// ANCHOR: grow
impl<T> Pool<T> {
    /// A post for one more worker, if there may be one.
    pub fn grow(self: &Arc<Pool<T>>) -> Option<Post<T>> {
        let mut state = self.lock();
        (state.live < self.max_workers).then(|| self.count_one_more(&mut state))
    }

    fn count_one_more(self: &Arc<Pool<T>>, state: &mut State<T>) -> Post<T> {
        state.live += 1;
        Post {
            pool: Arc::clone(self),
            is_counted: true,
            is_busy: false,
        }
    }

    /// Sends up to `count` workers away, as far as the least number allows.
    pub fn shrink(&self, count: usize) {
        let mut state = self.lock();
        let staying = state.live - state.leaving;
        state.leaving += count.min(staying.saturating_sub(self.min_workers));
        self.work.notify_all();
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
    use kit::patience::until;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    const NO_TIME: Duration = Duration::ZERO;

    fn client() -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = stream.local_addr().unwrap();
        Client::new(stream, peer)
    }

    fn pool(queue_size: usize, min_workers: usize, max_workers: usize) -> Arc<Pool> {
        let crowded = Arc::default();
        Arc::new(Pool::new(queue_size, min_workers, max_workers, crowded).unwrap())
    }

    fn posts(pool: &Arc<Pool>, count: usize) -> Vec<Post> {
        (0..count).filter_map(|_| pool.grow()).collect()
    }

    #[test]
    fn a_full_queue_gives_the_client_back_and_rings_when_there_is_room() {
        let pool = pool(2, 1, 1);
        let mut post = pool.grow().unwrap();
        pool.submit(client()).unwrap();
        pool.submit(client()).unwrap();
        let full = pool.submit(client()).unwrap_err();
        assert!(!pool.room().has_rung());
        assert!(post.next_client(NO_TIME).is_some());
        assert!(pool.room().has_rung());
        assert!(pool.submit(full.client).is_ok());
        assert_eq!(pool.numbers().waiting, 2);
    }

    #[test]
    fn the_wait_for_room_begins_when_the_queue_gets_full_and_not_with_each_client() {
        let pool = pool(1, 1, 1);
        let mut post = pool.grow().unwrap();
        pool.submit(client()).unwrap();
        let first = pool.submit(client()).unwrap_err().since;
        assert_eq!(pool.submit(client()).unwrap_err().since, first);
        // Somebody has left: the next one may hope again.
        assert!(post.next_client(NO_TIME).is_some());
        pool.submit(client()).unwrap();
        assert!(pool.submit(client()).unwrap_err().since > first);
    }

    #[test]
    fn the_last_call_has_no_bound() {
        let pool = pool(1, 0, 0);
        pool.submit(client()).unwrap();
        assert!(pool.submit(client()).is_err());
        pool.last_call();
        assert!(pool.submit(client()).is_ok());
        assert_eq!(pool.give_up().len(), 2);
        assert_eq!(pool.numbers().waiting, 0);
    }

    #[test]
    fn the_pool_grows_when_more_wait_than_are_idle_and_only_so_far() {
        let pool = pool(10, 1, 2);
        let mut workers = posts(&pool, 5);
        assert_eq!(workers.len(), 2);
        workers.pop();
        // A worker that has not looked around yet will find this one.
        assert!(pool.submit(client()).unwrap().is_none());
        workers.extend(pool.submit(client()).unwrap());
        assert_eq!(workers.len(), 2, "another worker is wanted");
        assert!(pool.submit(client()).unwrap().is_none());
        assert_eq!((pool.numbers().live, pool.numbers().idle), (2, 2));
        assert!(workers[0].next_client(NO_TIME).is_some());
        assert_eq!((pool.numbers().live, pool.numbers().idle), (2, 1));
        assert!(workers[0].next_client(NO_TIME).is_some());
        assert_eq!(pool.numbers().idle, 1);
        // A worker that ends with a client in its hands takes both off the count.
        workers.remove(0);
        assert_eq!((pool.numbers().live, pool.numbers().idle), (1, 1));
    }

    #[test]
    fn shrinking_counts_the_workers_that_are_about_to_go() {
        let pool = pool(10, 2, 5);
        let mut workers = posts(&pool, 5);
        pool.shrink(2);
        pool.shrink(2); // Only one more: two have to stay.
        for worker in &mut workers[..3] {
            assert!(worker.next_client(NO_TIME).is_none());
        }
        assert_eq!(pool.numbers().live, 2);
        pool.submit(client()).unwrap();
        assert!(workers[4].next_client(NO_TIME).is_some());
        drop(workers);
        assert_eq!(pool.numbers().live, 0, "each is counted once");
    }

    #[test]
    fn workers_too_many_go_when_nobody_comes_and_the_others_stay() {
        let pool = pool(10, 2, 4);
        let mut workers = posts(&pool, 4);
        // Neither has said that it is gone when the other one asks.
        assert!(workers[0].next_client(NO_TIME).is_none());
        assert!(workers[1].next_client(NO_TIME).is_none());
        assert_eq!(pool.numbers().live, 2);
        // The others wait for as long as it takes, and not only for as long as they were told.
        let others = workers.drain(2..).map(|mut post| {
            thread::spawn(move || {
                let client = post.next_client(NO_TIME);
                (client.is_some(), post)
            })
        });
        let others: Vec<_> = others.collect();
        until("both sleep", || pool.lock().asleep == 2);
        assert_eq!(pool.numbers().live, 2, "they have stayed");
        for _ in &others {
            pool.submit(client()).unwrap();
        }
        // Each keeps its post until all are back, so that none could take two clients.
        let back: Vec<_> = others.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(back.iter().all(|(has_client, _)| *has_client));
    }

    #[test]
    fn a_closed_pool_serves_its_queue_and_then_lets_everybody_go() {
        let pool = pool(10, 2, 2);
        let workers = posts(&pool, 2);
        pool.submit(client()).unwrap();
        let workers: Vec<_> = workers
            .into_iter()
            .map(|mut post| {
                thread::spawn(move || std::iter::from_fn(|| post.next_client(NO_TIME)).count())
            })
            .collect();
        pool.close();
        let served = workers.into_iter().map(|worker| worker.join().unwrap());
        assert_eq!(served.sum::<usize>(), 1);
        assert_eq!(pool.numbers().live, 0);
    }
}
