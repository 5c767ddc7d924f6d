//! Many connections need many descriptors, for as long as the load lasts.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but our connections.
const SPARE: u64 = 64;

/// A higher limit than before, until it is dropped: what is started later shall find the limit as it
/// was.
pub(crate) struct MoreDescriptors(Option<Rlimit>);

impl MoreDescriptors {
    pub(crate) fn for_lines(count: usize) -> MoreDescriptors {
        let before = getrlimit(Resource::Nofile);
        let wanted = count as u64 + SPARE;
        let least = |limit: Option<u64>| limit.map_or(wanted, |limit| limit.min(wanted));
        if before.current.is_none_or(|current| current >= wanted) {
            return MoreDescriptors(None);
        }
        let more = Rlimit {
            current: Some(least(before.maximum)),
            maximum: before.maximum,
        };
        // Without them some requests fail with EMFILE, and say so.
        let raised = setrlimit(Resource::Nofile, more);
        MoreDescriptors(raised.is_ok().then_some(before))
    }
}

impl Drop for MoreDescriptors {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            // It is lowered to what it was, which everybody may.
            let _ = setrlimit(Resource::Nofile, before);
        }
    }
}
