//! Threads for applications that take their time, so that the loop does not have to.

// ANCHOR: imports
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lesson03::Transport;
use lesson07::{House, Pool, Post};

use crate::calls::{Away, Call, Calls};
use lesson09::Token;
// ANCHOR_END: imports

// ANCHOR: kitchen
/// Where the application works while the loop waits on the guests.
///
/// The loop brings an order, a conversation whose turn it is to work, and goes on. A worker of
/// lesson 7's pool takes that one turn (the call of the application, or one more piece of its
/// answer) and gives the conversation back. So a worker is owned by an application for as long as
/// it computes or sleeps, and never by a client.
pub(crate) struct Kitchen {
    pool: Arc<Pool<Order>>,
}

/// A conversation whose application has its turn, and whose it is.
struct Order {
    token: Token,
    away: Box<Away>,
}

impl Kitchen {
    /// A kitchen with so many workers, for a loop with so many connections: no connection has more
    /// than one order, so there is always room for another one.
    pub(crate) fn new(
        workers: usize,
        connections: usize,
        house: &Arc<House>,
        calls: &Arc<Calls<Call>>,
    ) -> io::Result<Kitchen> {
        // Nobody owns a worker here by keeping a connection: a crowd is no reason to close any.
        let pool = Pool::new(connections, workers, workers, Arc::default())?;
        let pool = Arc::new(pool);
        for number in 1..=workers {
            let Some(post) = pool.grow() else { break };
            let (house, calls) = (Arc::clone(house), Arc::clone(calls));
            let named = thread::Builder::new().name(format!("worker {number}"));
            named.spawn(move || work(post, &house, &calls))?;
        }
        Ok(Kitchen { pool })
    }

    /// Takes an order, if there is room for it, and there always is.
    pub(crate) fn takes(&self, token: Token, away: Box<Away>) -> bool {
        self.pool.submit(Order { token, away }).is_ok()
    }
}

impl Drop for Kitchen {
    fn drop(&mut self) {
        self.pool.close();
    }
}

/// A worker's whole life.
fn work(mut post: Post<Order>, house: &House, calls: &Calls<Call>) {
    // Only workers above the least number lose it, and there are none here.
    const PATIENCE: Duration = Duration::from_secs(10);
    while let Some(Order { token, mut away }) = post.next_client(PATIENCE) {
        let turn = || {
            let nobody_waits = None::<&mut dyn Transport>;
            away.conversation
                .work(house, &mut away.papers, nobody_waits);
        };
        // An application's panic ends in the gateway. One of ours ends this connection, and not
        // the worker.
        let outcome = catch_unwind(AssertUnwindSafe(turn));
        calls.call(Call::Back(token, outcome.is_ok().then_some(away)));
    }
}
// ANCHOR_END: kitchen
