//! Waiting: what a greenlet calls where a thread would block.

// ANCHOR: imports
use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use lesson09::{Token, Wish};
use lesson10::Calls;

use crate::hub::{Hub, Woken, hub};
// ANCHOR_END: imports

// ANCHOR: wait
/// Waits until `socket` is ready for this, but not beyond `until`. Meanwhile others have their
/// turn. Somebody may also have called [`wake`].
pub fn wait_for<S: AsFd + 'static>(
    socket: &Arc<S>,
    wish: Wish,
    until: Option<Instant>,
) -> io::Result<Woken> {
    let (hub, token) = here()?;
    hub.watch(token, socket, wish)?;
    hub.wait(token, until)
}

/// Waits until somebody calls [`wake`], but not beyond `until`.
pub fn wait(until: Option<Instant>) -> io::Result<Woken> {
    let (hub, token) = here()?;
    hub.watch_nothing(token)?;
    hub.wait(token, until)
}

/// Does nothing for a while, and lets the others go on: what gevent's monkey-patching makes of
/// `time.sleep`. Even a pause of no time at all lets everybody else who can have a turn.
pub fn pause(time: Duration) {
    let until = Instant::now() + time;
    let mut waited = give_way();
    while waited.is_ok() && Instant::now() < until {
        waited = wait(Some(until)).map(drop);
    }
    if waited.is_err() {
        std::thread::sleep(time); // Not in a greenlet: nobody else is kept waiting.
    }
}

/// Lets everybody else who can go on have a turn.
pub fn give_way() -> io::Result<()> {
    let (hub, token) = here()?;
    hub.ready.borrow_mut().push_back((token, Woken::Called));
    hub.suspend().map(drop)
}

/// The greenlet that runs at this moment.
pub fn current() -> io::Result<Token> {
    Ok(here()?.1)
}

/// Lets a greenlet of this thread go on that waits, whatever it waits for.
pub fn wake(token: Token) {
    if let Ok(hub) = hub() {
        hub.wake(token, Woken::Called);
    }
}

/// Something that lets the current greenlet go on when it waits, and may be called from any
/// thread.
pub fn waker() -> io::Result<Waker> {
    let (hub, token) = here()?;
    let calls = Arc::clone(&hub.calls);
    Ok(Waker::from(Arc::new(OneGreenlet { calls, token })))
}

struct OneGreenlet {
    calls: Arc<Calls<Token>>,
    token: Token,
}

impl Wake for OneGreenlet {
    fn wake(self: Arc<OneGreenlet>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<OneGreenlet>) {
        match hub() {
            // On its own thread there is nobody to be rung for.
            Ok(hub) if Arc::ptr_eq(&hub.calls, &self.calls) => hub.wake(self.token, Woken::Called),
            _ => self.calls.call(self.token),
        }
    }
}
// ANCHOR_END: wait

// ANCHOR: rest
/// The current greenlet could be woken without anybody's loss while it waits, or not any more.
pub fn rest(on: bool) {
    if let Ok(hub) = hub() {
        hub.change_current(|greenlet| greenlet.is_resting = on);
    }
}

/// Lets nobody rest beyond that moment.
pub fn end_rest(until: Instant) {
    let Ok(hub) = hub() else { return };
    let mut greenlets = hub.greenlets.borrow_mut();
    let all: Vec<Token> = greenlets.tokens().collect();
    for token in all {
        if let Some(greenlet) = greenlets.get_mut(token)
            && greenlet.is_resting
        {
            let until = greenlet.until.map_or(until, |earlier| earlier.min(until));
            greenlet.until = Some(until);
            let mut deadlines = hub.deadlines.borrow_mut();
            deadlines.set(&mut greenlet.alarm, until, token);
        }
    }
}
// ANCHOR_END: rest

// ANCHOR: watch
/// The hub, and the greenlet that runs at this moment.
fn here() -> io::Result<(Rc<Hub>, Token)> {
    let hub = hub()?;
    let token = hub.current.get();
    let token = token.ok_or_else(|| io::Error::other("the hub itself cannot wait"))?;
    Ok((hub, token))
}

impl Hub {
    /// Lets the poller watch a socket for a greenlet, and nothing else for it. It is told only of
    /// changes: nearly always a greenlet waits for the same thing again.
    fn watch<S: AsFd + 'static>(
        &self,
        token: Token,
        socket: &Arc<S>,
        wish: Wish,
    ) -> io::Result<()> {
        let watched = self.change(token, |greenlet| greenlet.watched.take());
        let before = match watched.flatten() {
            Some((watched, before))
                if Arc::as_ptr(&watched).addr() == Arc::as_ptr(socket).addr() =>
            {
                before
            }
            Some((another, before)) => {
                self.poller
                    .borrow()
                    .change(&*another, token, before, Wish::Nothing)?;
                Wish::Nothing
            }
            None => Wish::Nothing,
        };
        let outcome = self.poller.borrow().change(&**socket, token, before, wish);
        // What another greenlet has the poller watch is not ours to let go of later.
        let watched = if outcome.is_ok() { wish } else { before };
        self.change(token, |greenlet| {
            let socket = Arc::clone(socket) as Arc<dyn AsFd>;
            greenlet.watched = (watched != Wish::Nothing).then_some((socket, watched));
        });
        outcome
    }

    /// Lets the poller watch nothing for a greenlet. It would tell again and again of what nobody
    /// is going to read.
    pub(crate) fn watch_nothing(&self, token: Token) -> io::Result<()> {
        match self.change(token, |greenlet| greenlet.watched.take()) {
            Some(Some((socket, before))) => {
                self.poller
                    .borrow()
                    .change(&*socket, token, before, Wish::Nothing)
            }
            _ => Ok(()),
        }
    }

    /// Waits for a wake or for the moment, whichever comes first.
    fn wait(&self, token: Token, until: Option<Instant>) -> io::Result<Woken> {
        self.change(token, |greenlet| {
            greenlet.waits = true;
            greenlet.until = until;
            if let Some(until) = until {
                let mut deadlines = self.deadlines.borrow_mut();
                deadlines.set(&mut greenlet.alarm, until, token);
            }
        });
        self.suspend()
    }
}
// ANCHOR_END: watch

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::os::unix::net::UnixStream;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::hub::{count, leave, run, spawn};

    const STACK: usize = 128 * 1024;

    fn noted(notes: &Rc<RefCell<Vec<&'static str>>>, note: &'static str) {
        notes.borrow_mut().push(note);
    }

    #[test]
    fn greenlets_have_their_turns_in_order_and_a_pause_lets_the_others_go_first() {
        let notes = Rc::new(RefCell::new(Vec::new()));
        let all = Rc::clone(&notes);
        run(STACK, move || {
            for (begins, ends, time) in [("a", "A", 30), ("b", "B", 10), ("c", "C", 0)] {
                let notes = Rc::clone(&notes);
                let work = move || {
                    noted(&notes, begins);
                    pause(Duration::from_millis(time));
                    noted(&notes, ends);
                };
                spawn(work).unwrap();
            }
            assert_eq!(count(), 4);
        })
        .unwrap();
        assert_eq!(*all.borrow(), ["a", "b", "c", "C", "B", "A"]);
    }

    #[test]
    fn whoever_waits_for_a_socket_is_woken_by_bytes_or_by_the_time() {
        run(STACK, || {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let ours = Arc::new(ours);
            let soon = Some(Instant::now() + Duration::from_millis(5));
            assert_eq!(wait_for(&ours, Wish::ToRead, soon).unwrap(), Woken::TimeUp);
            let late = Some(Instant::now() + Duration::from_secs(3600));
            let write = move || {
                io::Write::write_all(&mut &theirs, b"x").unwrap();
            };
            spawn(write).unwrap();
            assert_eq!(wait_for(&ours, Wish::ToRead, late).unwrap(), Woken::Ready);
        })
        .unwrap();
    }

    #[test]
    fn a_waker_is_heard_from_this_thread_and_from_any_other() {
        run(STACK, || {
            let here = waker().unwrap();
            let call = here.clone();
            spawn(move || call.wake()).unwrap();
            assert_eq!(wait(None).unwrap(), Woken::Called);
            let other = std::thread::spawn(move || here.wake());
            assert_eq!(wait(None).unwrap(), Woken::Called);
            other.join().unwrap();
        })
        .unwrap();
    }

    #[test]
    fn a_call_for_a_greenlet_that_has_ended_wakes_nobody_who_has_its_place() {
        run(STACK, || {
            let stale = Rc::new(RefCell::new(None));
            let keeps = Rc::clone(&stale);
            spawn(move || *keeps.borrow_mut() = Some(waker().unwrap())).unwrap();
            give_way().unwrap();
            let stale = stale.take().unwrap();
            spawn(move || {
                let until = Some(Instant::now() + Duration::from_millis(5));
                assert_eq!(wait(until).unwrap(), Woken::TimeUp);
            })
            .unwrap();
            give_way().unwrap();
            stale.wake();
        })
        .unwrap();
    }

    #[test]
    fn a_panic_ends_its_greenlet_and_no_other() {
        let goes_on = Rc::new(Cell::new(false));
        let seen = Rc::clone(&goes_on);
        run(STACK, move || {
            spawn(|| panic!("on purpose")).unwrap();
            spawn(move || goes_on.set(!std::thread::panicking())).unwrap();
        })
        .unwrap();
        assert!(seen.get());
    }

    #[test]
    fn a_panic_may_be_caught_on_the_stack_on_which_others_have_paused_meanwhile() {
        run(STACK, || {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pause(Duration::from_millis(1));
                panic!("on purpose");
            }));
            assert!(caught.is_err());
            pause(Duration::from_millis(1));
        })
        .unwrap();
    }

    #[test]
    fn what_a_thread_remembers_is_shared_by_its_greenlets() {
        thread_local!(static WHOSE: Cell<u32> = const { Cell::new(0) });
        run(STACK, || {
            spawn(|| {
                WHOSE.set(1);
                give_way().unwrap();
                assert_eq!(WHOSE.get(), 2, "somebody else has been here");
            })
            .unwrap();
            spawn(|| WHOSE.set(2)).unwrap();
        })
        .unwrap();
    }

    #[test]
    fn outside_of_a_greenlet_nobody_can_wait_and_a_pause_is_a_sleep() {
        assert!(wait(None).is_err() && give_way().is_err() && waker().is_err());
        let before = Instant::now();
        pause(Duration::from_millis(5));
        assert!(before.elapsed() >= Duration::from_millis(5));
    }

    #[test]
    fn a_thread_has_one_hub() {
        run(STACK, || assert!(run(STACK, || {}).is_err())).unwrap();
    }

    #[test]
    fn whoever_leaves_takes_the_others_along() {
        let goes_on = Rc::new(Cell::new(false));
        let seen = Rc::clone(&goes_on);
        run(STACK, move || {
            spawn(move || {
                let _ = wait(None);
                goes_on.set(true);
            })
            .unwrap();
            give_way().unwrap();
            leave();
        })
        .unwrap();
        assert!(!seen.get());
    }

    #[test]
    fn two_who_wait_for_the_same_socket_do_not_take_it_from_each_other() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let near = Arc::new(near);
        let woken = Rc::new(Cell::new(0));
        let count = Rc::clone(&woken);
        run(STACK, move || {
            let first = (Arc::clone(&near), Rc::clone(&count));
            spawn(move || {
                wait_for(&first.0, Wish::ToRead, None).unwrap();
                first.1.set(first.1.get() + 1);
            })
            .unwrap();
            give_way().unwrap();
            let second = Arc::clone(&near);
            spawn(move || assert!(wait_for(&second, Wish::ToRead, None).is_err())).unwrap();
            give_way().unwrap();
            std::io::Write::write_all(&mut far, b"x").unwrap();
            let until = Instant::now() + Duration::from_secs(10);
            while count.get() == 0 && Instant::now() < until {
                pause(Duration::from_millis(1));
            }
            // The first has ended, and what it waited for is free for the next one.
            wait_for(&near, Wish::ToRead, Some(until)).unwrap();
            count.set(count.get() + 1);
        })
        .unwrap();
        assert_eq!(woken.get(), 2);
    }
}
