//! Waiting, on whatever serves us.

// ANCHOR: pause
use std::cell::Cell;
use std::thread;
use std::time::Duration;

thread_local! {
    /// How this thread pauses.
    static HOW: Cell<fn(Duration)> = const { Cell::new(thread::sleep) };
}

/// Does nothing for a while.
///
/// An application calls this in place of `thread::sleep`, so that a server whose threads must not
/// sleep can do something better meanwhile. Python's gevent puts its own `sleep` in the place of
/// the library's behind everybody's back, which is called *monkey-patching*; here it is said.
pub fn pause(time: Duration) {
    HOW.get()(time);
}

/// Lets everybody on this thread pause like that from now on.
pub fn pause_with(how: fn(Duration)) {
    HOW.set(how);
}
// ANCHOR_END: pause

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_pauses_as_it_was_told_and_the_others_as_ever() {
        thread_local!(static ASKED: Cell<Duration> = const { Cell::new(Duration::ZERO) });
        pause_with(|time| ASKED.set(time));
        pause(Duration::from_secs(3600));
        assert_eq!(ASKED.get(), Duration::from_secs(3600));
        let other = thread::spawn(|| {
            pause(Duration::ZERO);
            ASKED.get()
        });
        assert_eq!(other.join().unwrap(), Duration::ZERO);
    }
}
