//! What a server has done so far.

// ANCHOR: imports
use std::sync::atomic::{AtomicU64, Ordering};

use crate::pool::Numbers;
// ANCHOR_END: imports

// ANCHOR: stats
/// Counters that every worker adds to.
#[derive(Debug, Default)]
pub struct Stats {
    /// Connections accepted.
    pub accepted: Counter,
    /// Connections answered 503, because the queue was full.
    pub turned_away: Counter,
    /// Requests answered, in whatever way.
    pub requests: Counter,
    /// Requests on connections that had served one before.
    pub kept_alive: Counter,
    /// Panics that reached a worker. Those of applications end in the gateway.
    pub panics: Counter,
    /// Bytes of requests, as far as they were read.
    pub bytes_in: Counter,
    /// Bytes of the bodies of answers.
    pub bytes_out: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        // Nothing is decided by these numbers, so their order does not matter.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stats {
    /// Everything as JSON; `by_worker` are the requests that each worker has answered.
    pub fn json(&self, numbers: Numbers, by_worker: &[u64]) -> String {
        format!(
            "{{\"accepted\": {}, \"turned_away\": {}, \"requests\": {}, \"kept_alive\": {}, \
             \"panics\": {}, \"bytes_in\": {}, \"bytes_out\": {}, \"waiting\": {}, \
             \"workers\": {}, \"idle\": {}, \"by_worker\": {by_worker:?}}}\n",
            self.accepted.get(),
            self.turned_away.get(),
            self.requests.get(),
            self.kept_alive.get(),
            self.panics.get(),
            self.bytes_in.get(),
            self.bytes_out.get(),
            numbers.waiting,
            numbers.live,
            numbers.idle,
        )
    }
}
// ANCHOR_END: stats
