//! A pool: greenlets that somebody waits for.

// ANCHOR: imports
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Instant;

use lesson09::Token;

use crate::hub::{Woken, spawn};
use crate::wait::{current, wait, wake};
// ANCHOR_END: imports

// ANCHOR: pool
/// At most so many greenlets, which are counted until the last of them is done (gevent's `Pool`).
#[derive(Clone)]
pub struct Pool {
    members: Rc<Members>,
}

struct Members {
    most: usize,
    count: Cell<usize>,
    /// Who waits for one of them to leave.
    waiting: RefCell<Vec<Token>>,
}

impl Pool {
    /// A pool for so many.
    pub fn new(most: usize) -> Pool {
        Pool {
            members: Rc::new(Members {
                most,
                count: Cell::new(0),
                waiting: RefCell::default(),
            }),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.count.get()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there are as many as there may be.
    pub fn is_full(&self) -> bool {
        self.len() >= self.members.most
    }

    /// Spawns another one, even if the pool is full: it counts, and does not wait.
    pub fn spawn(&self, work: impl FnOnce() + 'static) -> io::Result<()> {
        let member = self.track();
        spawn(move || {
            let _member = member;
            work();
        })
    }

    /// Counts somebody, for as long as what is returned lives (ws4py's `pool.track`).
    pub fn track(&self) -> Member {
        let members = &self.members;
        members.count.set(members.count.get() + 1);
        Member(Rc::clone(members))
    }

    /// Waits until one of them has left, but not beyond that moment. It may also have been
    /// somebody who called.
    pub fn wait_for_one(&self, until: Option<Instant>) -> io::Result<Woken> {
        self.members.waiting.borrow_mut().push(current()?);
        wait(until)
    }

    /// Waits until all of them have left, but not beyond that moment. Says whether they have.
    pub fn join(&self, until: Instant) -> bool {
        while !self.is_empty() {
            if Instant::now() >= until || self.wait_for_one(Some(until)).is_err() {
                return false;
            }
        }
        true
    }
}

/// Somebody who counts.
pub struct Member(Rc<Members>);

impl Drop for Member {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
        for waiting in self.0.waiting.take() {
            wake(waiting);
        }
    }
}
// ANCHOR_END: pool

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::run;
    use crate::wait::pause;
    use std::time::Duration;

    #[test]
    fn a_pool_counts_its_greenlets_and_is_joined_when_the_last_is_done() {
        run(64 * 1024, || {
            let pool = Pool::new(2);
            let done = Rc::new(Cell::new(0));
            for _ in 0..3 {
                let done = Rc::clone(&done);
                let work = move || {
                    pause(Duration::from_millis(5));
                    done.set(done.get() + 1);
                };
                pool.spawn(work).unwrap();
            }
            assert!(pool.is_full() && pool.len() == 3);
            assert!(!pool.join(Instant::now()), "they have not had a turn yet");
            assert!(pool.join(Instant::now() + Duration::from_secs(60)));
            assert_eq!((done.get(), pool.len()), (3, 0));
        })
        .unwrap();
    }

    #[test]
    fn a_panic_leaves_the_pool_like_everybody_else() {
        run(64 * 1024, || {
            let pool = Pool::new(9);
            pool.spawn(|| panic!("on purpose")).unwrap();
            assert!(pool.join(Instant::now() + Duration::from_secs(60)));
        })
        .unwrap();
    }
}
