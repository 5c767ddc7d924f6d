//! Who works, who watches, who stands by: several threads and one interpreter lock.
//!
//! ```text
//! worker    holds the interpreter's lock, gives turns to those who are ready
//!   └─ nobody is ready: lets go of the lock and becomes the
//! watcher   sleeps in epoll_wait; wakes, takes the lock, is the worker again
//! deputy    while somebody works, asks for the lock now and then. It gets it when an application
//!           waits for something else, and then there are two workers, and another deputy
//! spare     everybody else, asleep
//! ```
//!
//! The lock is the baton of a relay: whoever has it runs. With one thread there is no deputy, and
//! an application that waits makes everybody wait.

// ANCHOR: imports
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lesson09::Token;
use pyo3::prelude::*;

use crate::edges::News;
use crate::floor::Turn;
use crate::hall::Hall;
use crate::line::{Stage, Workplace};
// ANCHOR_END: imports

// ANCHOR: baton
/// What the threads of a server agree on.
pub(crate) struct Baton {
    hall: Arc<Hall>,
    roles: Mutex<Roles>,
    /// Where spare threads sleep.
    spares: Condvar,
    /// Where the deputy sleeps.
    deputy: Condvar,
    threads: usize,
    /// How many turns have begun.
    turns: AtomicU64,
}

/// Who does what.
#[derive(Default)]
struct Roles {
    /// Whether somebody sleeps in `epoll_wait`. If so, nobody works, or nobody has anything to do.
    has_watcher: bool,
    has_deputy: bool,
    /// Whether the deputy sleeps until it is woken, because nothing has happened for a while.
    deputy_sleeps: bool,
    is_over: bool,
}

/// So long an application may keep everybody else waiting before the deputy asks for the lock. To
/// ask at once would be a trip between two threads for each request.
const TICK: Duration = Duration::from_millis(1);

/// After so many ticks in which nothing has happened the deputy sleeps until somebody wakes it.
const QUIET_TICKS: u32 = 50;

impl Baton {
    /// The baton for so many threads in a hall.
    pub(crate) fn new(hall: &Arc<Hall>, threads: usize) -> Baton {
        Baton {
            hall: Arc::clone(hall),
            roles: Mutex::default(),
            spares: Condvar::new(),
            deputy: Condvar::new(),
            threads,
            turns: AtomicU64::new(0),
        }
    }

    /// A thread's work, until everybody has gone home.
    pub(crate) fn run(&self, py: Python<'_>, stage: &dyn Stage) {
        let mut workplace = Workplace::new(&self.hall.house);
        let mut told = Vec::new();
        while let Some(mut turn) = self.next_turn(py, &mut workplace, &mut told) {
            let next = turn.play(&self.hall.edges, stage, &mut workplace);
            let gone = self.hall.lock().floor.give_back(turn, next);
            if let Some(mut line) = gone {
                line.lost();
            }
        }
    }

    /// The next turn that somebody can have. Waits for it, without the lock.
    fn next_turn(
        &self,
        py: Python<'_>,
        workplace: &mut Workplace,
        told: &mut Vec<(Token, News)>,
    ) -> Option<Turn> {
        loop {
            let quiet = {
                let mut inside = self.hall.lock();
                inside.look_at_the_door(&self.hall, workplace.now);
                if let Some(turn) = inside.floor.take() {
                    self.turns.fetch_add(1, Ordering::Relaxed);
                    return Some(turn);
                }
                if inside.is_over() {
                    self.go_home();
                    return None;
                }
                inside.floor.quiet_for(workplace.now)
            };
            match self.may_watch() {
                true => {
                    let edges = &self.hall.edges;
                    // Should the kernel have no memory to tell us anything, we ask again.
                    let _ = py.detach(|| edges.wait(quiet, told));
                    self.stop_watching();
                    workplace.now = Instant::now();
                    let mut inside = self.hall.lock();
                    self.hall.take_in(&mut inside, told, workplace.now);
                }
                false if self.threads > 1 => {
                    if !self.stand_by(py) {
                        return None;
                    }
                    workplace.now = Instant::now();
                }
                false => return None,
            }
        }
    }
}
// ANCHOR_END: baton

// ANCHOR: roles
impl Baton {
    fn roles(&self) -> MutexGuard<'_, Roles> {
        self.roles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Becomes the watcher, if there is none.
    fn may_watch(&self) -> bool {
        let mut roles = self.roles();
        if roles.has_watcher || roles.is_over {
            return false;
        }
        roles.has_watcher = true;
        true
    }

    /// The watcher has something to do.
    fn stop_watching(&self) {
        let mut roles = self.roles();
        roles.has_watcher = false;
        if roles.deputy_sleeps {
            self.deputy.notify_one();
        }
    }

    /// Everybody shall go home.
    fn go_home(&self) {
        self.roles().is_over = true;
        self.spares.notify_all();
        self.deputy.notify_all();
        self.hall.wake();
    }

    /// Sleeps, first as a spare thread and then as the deputy, until an application waits and
    /// nobody works. False: everybody goes home.
    fn stand_by(&self, py: Python<'_>) -> bool {
        if !py.detach(|| self.become_deputy()) {
            return false;
        }
        loop {
            // The way back to the interpreter waits for its lock, and that is the point of it.
            if !py.detach(|| self.doze()) {
                return false;
            }
            let mut roles = self.roles();
            if !roles.has_watcher {
                roles.has_deputy = false;
                self.spares.notify_one();
                return true;
            }
        }
    }

    /// Sleeps until a deputy is needed.
    fn become_deputy(&self) -> bool {
        let mut roles = self.roles();
        while roles.has_deputy && !roles.is_over {
            roles = wait(&self.spares, roles);
        }
        roles.has_deputy = true;
        !roles.is_over
    }

    /// Waits until somebody works, and has done so for a tick in one and the same turn.
    fn doze(&self) -> bool {
        let mut roles = self.roles();
        let (mut turns, mut quiet, mut works) = (self.turns(), 0, false);
        loop {
            let is_same = std::mem::replace(&mut turns, self.turns()) == turns;
            match (roles.is_over, roles.has_watcher) {
                (true, _) => return false,
                (false, false) if works && is_same => return true,
                (false, has_watcher) => works = !has_watcher,
            }
            quiet = match is_same && !works {
                true => quiet + 1,
                false => 0,
            };
            roles = match quiet > QUIET_TICKS {
                true => {
                    roles.deputy_sleeps = true;
                    let mut roles = wait(&self.deputy, roles);
                    roles.deputy_sleeps = false;
                    quiet = 0;
                    roles
                }
                false => wait_a_tick(&self.deputy, roles),
            };
        }
    }
}

fn wait<'r>(place: &Condvar, roles: MutexGuard<'r, Roles>) -> MutexGuard<'r, Roles> {
    place.wait(roles).unwrap_or_else(PoisonError::into_inner)
}

fn wait_a_tick<'r>(place: &Condvar, roles: MutexGuard<'r, Roles>) -> MutexGuard<'r, Roles> {
    let waited = place.wait_timeout(roles, TICK);
    waited.unwrap_or_else(PoisonError::into_inner).0
}
// ANCHOR_END: roles
