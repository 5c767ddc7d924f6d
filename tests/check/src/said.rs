//! What a child process says: all of it read, the last of it kept.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The last lines of a stream, read by a thread of their own so that the pipe never fills up.
#[derive(Clone, Default)]
pub(crate) struct Said(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Said {
    const MOST: usize = 64 * 1024;

    /// Reads the stream to its end, on a thread.
    pub(crate) fn listen_to(stream: Option<impl Read + Send + 'static>) -> Said {
        let said = Said::default();
        let kept = said.clone();
        if let Some(mut stream) = stream {
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    kept.add(&buffer[..count]);
                }
                kept.kept().ended = true;
            });
        }
        said
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.kept();
        kept.bytes.extend(bytes);
        let excess = kept.bytes.len().saturating_sub(Said::MOST);
        kept.bytes.drain(..excess);
    }

    /// What is kept, as text.
    pub(crate) fn text(&self) -> String {
        let bytes: Vec<u8> = self.kept().bytes.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The same once the stream has ended. Somebody who fled from the process group may hold it
    /// open, so the wait is short.
    pub(crate) fn text_at_end(&self) -> String {
        let until = Instant::now() + Duration::from_secs(1);
        while !self.kept().ended && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
        self.text()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_of_what_a_server_says_is_kept() {
        let said = Said::default();
        for _ in 0..100 {
            said.add(&[b'x'; 1024]);
        }
        said.add(b"the end");
        let text = said.text();
        assert_eq!(text.len(), Said::MOST);
        assert!(text.ends_with("the end"));
    }
}
