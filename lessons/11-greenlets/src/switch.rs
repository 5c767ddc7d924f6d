//! The switch: from one stack to another, and back.
//!
//! A switch keeps the registers of the one side on its stack and takes up those of the other, some
//! twenty instructions without a system call. Everything that a greenlet remembers is on its stack;
//! what a *thread* remembers is not switched. A `thread_local!` is shared by all greenlets of a
//! thread, and so is the number of panics that are under way.

// ANCHOR: imports
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use corosensei::CoroutineResult;
use lesson09::Token;

use crate::hub::{Greenlet, Hub, Woken};
// ANCHOR_END: imports

// ANCHOR: switch
/// So many stacks are kept for those who come next. A crowd that has gone is not remembered.
const KEPT: usize = 64;

impl Hub {
    /// Switches to a greenlet's stack, until it waits again or is done.
    pub(crate) fn resume(&self, token: Token, woken: Woken) {
        let taken = self.change(token, |greenlet| {
            greenlet.waits = false;
            greenlet.stack.take()
        });
        let Some(mut stack) = taken.flatten() else {
            return;
        };
        self.current.set(Some(token));
        // A panic that nobody has caught ends this greenlet and no other.
        let outcome = catch_unwind(AssertUnwindSafe(|| stack.resume(woken)));
        self.current.set(None);
        match outcome {
            Ok(CoroutineResult::Yield(())) => {
                self.change(token, |greenlet| greenlet.stack = Some(stack));
            }
            Ok(CoroutineResult::Return(())) | Err(_) => {
                // What it waited for may be open still, in somebody else's hands.
                let _ = self.watch_nothing(token);
                self.greenlets.borrow_mut().leave(token);
                let mut spare = self.spare.borrow_mut();
                if spare.len() < KEPT {
                    spare.push(stack.into_stack());
                }
            }
        }
    }

    pub(crate) fn change<R>(
        &self,
        token: Token,
        with: impl FnOnce(&mut Greenlet) -> R,
    ) -> Option<R> {
        self.greenlets.borrow_mut().get_mut(token).map(with)
    }

    pub(crate) fn change_current<R>(&self, with: impl FnOnce(&mut Greenlet) -> R) -> Option<R> {
        self.current
            .get()
            .and_then(|token| self.change(token, with))
    }

    /// Switches from the current greenlet's stack to the hub's.
    #[allow(unsafe_code)]
    pub(crate) fn suspend(&self) -> io::Result<Woken> {
        let yielder = self.change_current(|greenlet| greenlet.yielder);
        let outside = || io::Error::other("the hub itself cannot wait");
        let yielder = yielder
            .filter(|yielder| !yielder.is_null())
            .ok_or_else(outside)?;
        // Safety: the yielder lives on the stack of the greenlet that runs at this moment, below
        // this very call, and was noted before anything else ran there. It is used on this thread
        // only, and a greenlet that has ended is nobody's current one.
        let yielder = unsafe { &*yielder };
        Ok(yielder.suspend(()))
    }
}
// ANCHOR_END: switch
