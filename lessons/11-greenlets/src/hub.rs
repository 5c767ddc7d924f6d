//! The hub: whoever waits comes here, and whoever can go on leaves from here.
//!
//! ```text
//!   run ── spawn ──► ready ──► resume ═══ switch ═══► a greenlet works
//!            ▲         ▲                                  │
//!            │         │ wake, or the time is up          │ wait_for, wait, pause
//!            │         │                                  ▼
//!            └─────── sleep ◄══════════ switch ═══════ suspend
//! ```
//!
//! There is one hub for a thread, and it has the thread to itself: of all that is in here, nothing
//! is ever touched by two at once, and `RefCell` is all the locking there is. A borrow must never
//! be held across a switch, or the next greenlet would find it taken.

// ANCHOR: imports
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use lesson09::{Alarm, Deadlines, Places, Poller, Token, Wish};
use lesson10::Calls;
// ANCHOR_END: imports

// ANCHOR: hub
/// Why a greenlet goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// What it waited for has happened.
    Ready,
    /// Somebody called.
    Called,
    /// Nothing has happened, and the time is up.
    TimeUp,
}

/// Where all greenlets of a thread wait (gevent's word for it).
pub(crate) struct Hub {
    pub(crate) poller: RefCell<Poller>,
    pub(crate) greenlets: RefCell<Places<Greenlet>>,
    pub(crate) deadlines: RefCell<Deadlines>,
    /// Those who can go on, and have not had their turn yet.
    pub(crate) ready: RefCell<VecDeque<(Token, Woken)>>,
    /// Calls from other threads, each for a greenlet.
    pub(crate) calls: Arc<Calls<Token>>,
    /// Who runs at this moment.
    pub(crate) current: Cell<Option<Token>>,
    stack_size: usize,
    /// Stacks that nobody uses: to make one takes several system calls.
    pub(crate) spare: RefCell<Vec<DefaultStack>>,
    /// Nobody shall go on any more.
    is_over: Cell<bool>,
}

/// A function in the middle of its work, with a stack of its own to remember where.
pub(crate) struct Greenlet {
    /// Taken out while it runs.
    pub(crate) stack: Option<Coroutine<Woken, (), ()>>,
    /// Where it can suspend itself, from its first moment on.
    pub(crate) yielder: *const Yielder<Woken, ()>,
    /// Whether it waits, and until when.
    pub(crate) waits: bool,
    pub(crate) until: Option<Instant>,
    pub(crate) alarm: Alarm,
    /// Whether it would rather be woken than keep a server from stopping.
    pub(crate) is_resting: bool,
    /// What the poller watches for it, and for what.
    pub(crate) watched: Option<(Arc<dyn AsFd>, Wish)>,
}

thread_local! {
    static HUB: RefCell<Option<Rc<Hub>>> = const { RefCell::new(None) };
}

/// The token of the calls.
const CALLS: Token = Token::special(0);

/// The hub of this thread.
pub(crate) fn hub() -> io::Result<Rc<Hub>> {
    let outside = || io::Error::other("only a greenlet can wait in the hub");
    HUB.with_borrow(Option::clone).ok_or_else(outside)
}
// ANCHOR_END: hub

// ANCHOR: run
/// Runs `first` as a greenlet, and all that it spawns, until the last of them is done or somebody
/// calls [`leave`]. Each has a stack of so many bytes.
pub fn run(stack_size: usize, first: impl FnOnce() + 'static) -> io::Result<()> {
    if hub().is_ok() {
        return Err(io::Error::other("this thread has a hub already"));
    }
    let hub = Rc::new(Hub::new(stack_size)?);
    HUB.set(Some(Rc::clone(&hub)));
    let outcome = spawn(first).and_then(|()| hub.run());
    HUB.set(None);
    if hub.is_over.get() {
        // Those who are in the middle of something never go on. To drop them would mean to let
        // each of them unwind, and that is work again.
        std::mem::forget(hub);
    }
    outcome
}

/// Starts another greenlet. It has its first turn when the others have had theirs.
pub fn spawn(work: impl FnOnce() + 'static) -> io::Result<()> {
    let hub = hub()?;
    let spare = hub.spare.borrow_mut().pop();
    let stack = spare.map_or_else(|| DefaultStack::new(hub.stack_size), Ok)?;
    let begin = move |yielder: &Yielder<Woken, ()>, _: Woken| {
        if let Ok(hub) = self::hub() {
            hub.change_current(|greenlet| greenlet.yielder = yielder);
        }
        work();
    };
    let token = hub.greenlets.borrow_mut().seat(Greenlet {
        stack: Some(Coroutine::with_stack(stack, begin)),
        yielder: ptr::null(),
        waits: true,
        until: None,
        alarm: None,
        is_resting: false,
        watched: None,
    });
    hub.ready.borrow_mut().push_back((token, Woken::Ready));
    Ok(())
}

/// How many greenlets there are.
pub fn count() -> usize {
    hub().map_or(0, |hub| hub.greenlets.borrow().count())
}

/// Lets nobody go on: [`run`] returns as soon as the caller waits or is done.
pub fn leave() {
    if let Ok(hub) = hub() {
        hub.is_over.set(true);
    }
}

impl Hub {
    fn new(stack_size: usize) -> io::Result<Hub> {
        let (poller, calls) = (Poller::new()?, Calls::new()?);
        poller.change(&*calls, CALLS, Wish::Nothing, Wish::ToRead)?;
        Ok(Hub {
            poller: RefCell::new(poller),
            greenlets: RefCell::default(),
            deadlines: RefCell::default(),
            ready: RefCell::default(),
            calls,
            current: Cell::new(None),
            stack_size,
            spare: RefCell::default(),
            is_over: Cell::new(false),
        })
    }

    fn run(&self) -> io::Result<()> {
        while !self.is_over.get() && self.greenlets.borrow().count() > 0 {
            self.sleep()?;
            // Those who become ready meanwhile have their turn in the next round.
            let round = self.ready.take();
            for (token, woken) in round {
                if !self.is_over.get() {
                    self.resume(token, woken);
                }
            }
        }
        Ok(())
    }

    /// Sleeps until somebody can go on.
    fn sleep(&self) -> io::Result<()> {
        let now = Instant::now();
        let at_most = match self.ready.borrow().is_empty() {
            true => self.deadlines.borrow().next(),
            false => Some(now),
        };
        let mut poller = self.poller.borrow_mut();
        poller.wait(at_most.map(|at_most| at_most.saturating_duration_since(now)))?;
        while let Some((token, _)) = poller.next_ready() {
            match token {
                CALLS => self.take_calls(),
                greenlet => self.wake(greenlet, Woken::Ready),
            }
        }
        self.wake_late(Instant::now());
        Ok(())
    }

    /// Other threads have called.
    fn take_calls(&self) {
        for token in self.calls.take() {
            self.wake(token, Woken::Called);
        }
    }

    fn wake_late(&self, now: Instant) {
        let mut deadlines = self.deadlines.borrow_mut();
        while let Some((time, token)) = deadlines.due(now) {
            let mut greenlets = self.greenlets.borrow_mut();
            let Some(greenlet) = greenlets.get_mut(token) else {
                continue;
            };
            if greenlet.alarm != Some(time) {
                continue; // An earlier one was set since.
            }
            greenlet.alarm = None;
            match greenlet.until {
                Some(until) if until > now => deadlines.set(&mut greenlet.alarm, until, token),
                Some(_) => {
                    drop(greenlets);
                    self.wake(token, Woken::TimeUp);
                }
                None => {}
            }
        }
    }

    /// Notes that a greenlet can go on, if it waits.
    pub(crate) fn wake(&self, token: Token, woken: Woken) {
        if let Some(greenlet) = self.greenlets.borrow_mut().get_mut(token)
            && std::mem::take(&mut greenlet.waits)
        {
            greenlet.until = None;
            self.ready.borrow_mut().push_back((token, woken));
        }
    }
}
// ANCHOR_END: run
