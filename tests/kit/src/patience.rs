//! Waiting for something that nobody will tell: looking again and again until it is so.

use std::thread;
use std::time::{Duration, Instant};

/// Much longer than anything may take on the busiest machine. It keeps a wait from being endless;
/// how long it takes is never asserted.
pub const GUARD: Duration = Duration::from_secs(60);

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(3);

/// Looks until it is so. False: it is not, even after the guard.
pub fn eventually(mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + GUARD;
    while !is_so() {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}

/// Looks until it is so, and fails if it never is.
#[track_caller]
pub fn until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(eventually(is_so), "never: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_until_it_is_so_and_no_further() {
        let mut looks = 0;
        until("the third look", || {
            looks += 1;
            looks == 3
        });
        assert_eq!(looks, 3);
    }
}
