//! Workers, from their first moment to their last.

// ANCHOR: imports
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use lesson03::Client;

use crate::conversation::Conversation;
use crate::house::House;
use crate::papers::Papers;
use crate::pool::{Pool, Post};
use crate::seat::Seat;
use crate::worker::{Seated, converse};
// ANCHOR_END: imports

// ANCHOR: crew
/// Those who work in a house, and what they share.
pub(crate) struct Crew {
    pub(crate) house: Arc<House>,
    pub(crate) pool: Arc<Pool>,
    seats: Mutex<Vec<Arc<Seat>>>,
    /// What is done around a worker's life, if anything.
    pub(crate) around: OnceLock<Box<Around>>,
}

/// Something that a thread needs before it works and after: it gets a worker's whole life as a
/// function to call.
pub type Around = dyn Fn(&mut dyn FnMut()) + Send + Sync;

impl Crew {
    pub(crate) fn new(house: Arc<House>, pool: Pool) -> Arc<Crew> {
        Arc::new(Crew {
            house,
            pool: Arc::new(pool),
            seats: Mutex::default(),
            around: OnceLock::new(),
        })
    }

    pub(crate) fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been done so far, as JSON.
    pub(crate) fn stats_json(&self) -> String {
        let requests = |seat: &Arc<Seat>| seat.requests.load(Ordering::Relaxed);
        let by_worker: Vec<u64> = self.seats().iter().map(requests).collect();
        self.house.stats.json(self.pool.numbers(), &by_worker)
    }
}
// ANCHOR_END: crew

// ANCHOR: worker
/// A worker for as long as it lives.
struct Worker {
    crew: Arc<Crew>,
    seat: Arc<Seat>,
    /// However its life ends, the pool learns of it when this is dropped.
    post: Option<Post>,
}

impl Crew {
    /// Starts a worker on its post. Should it not start, the post is dropped with it.
    pub(crate) fn start_worker(self: &Arc<Crew>, post: Post) -> io::Result<()> {
        let seat = Arc::new(Seat::default());
        let number = {
            let mut seats = self.seats();
            seats.push(Arc::clone(&seat));
            seats.len()
        };
        let mut worker = Worker {
            crew: Arc::clone(self),
            seat,
            post: Some(post),
        };
        let live = move || match Arc::clone(&worker.crew).around.get() {
            Some(around) => around(&mut || worker.work()),
            None => worker.work(),
        };
        let named = thread::Builder::new().name(format!("worker {number}"));
        named.spawn(live).map(drop)
    }
}

impl Worker {
    /// Serves client after client, until the pool has none for it.
    fn work(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(10);
        let house = &*self.crew.house;
        let new_papers = || Papers::new(house.gateway.settings.limits.head_bytes);
        let mut papers = new_papers();
        while let Some(client) = self
            .post
            .as_mut()
            .and_then(|post| post.next_client(PATIENCE))
        {
            let serve = || serve(house, &self.seat, client, &mut papers);
            // An application's panic ends in the gateway. One of ours ends this connection, and
            // not the worker.
            if catch_unwind(AssertUnwindSafe(serve)).is_err() {
                house.stats.panics.add(1);
                self.seat.leave();
                papers = new_papers();
            }
        }
    }
}

fn serve(house: &House, seat: &Seat, client: Client, papers: &mut Papers) {
    let conversation = Conversation::new(client.peer, client.accepted, house);
    let before = papers.answered;
    converse(
        house,
        Seated::new(house, seat, client),
        conversation,
        papers,
    );
    seat.requests
        .fetch_add(papers.answered - before, Ordering::Relaxed);
}

impl Drop for Worker {
    fn drop(&mut self) {
        let own = |seat: &Arc<Seat>| Arc::ptr_eq(seat, &self.seat);
        self.crew.seats().retain(|seat| !own(seat));
        let post = self.post.take();
        let is_missed = thread::panicking() && post.as_ref().is_some_and(Post::is_needed);
        drop(post);
        // A panic that got this far must not make the pool smaller for good.
        if is_missed && let Some(post) = self.crew.pool.grow() {
            let _ = self.crew.start_worker(post);
        }
    }
}
// ANCHOR_END: worker
