//! The demonstration itself: shapes, the command line, and what it left in the book.

mod book;
mod command;
mod fake;
mod left_behind;
mod rate;
mod shape;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Those who measure take turns: they would be in each other's way.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
