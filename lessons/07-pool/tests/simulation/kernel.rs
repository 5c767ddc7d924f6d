//! The kernel between one client and the server, its clock, and the record of what happened.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lesson03::Bell;

use super::reader::Reader;
use super::record::{Entry, Event};
use super::script::{HouseRules, KernelRules, Reading, Talk};
use super::time::WAY;

/// Everything about one connection but the server. Time passes here, and nowhere else.
pub(crate) struct Kernel {
    pub(crate) talk: Arc<Talk>,
    pub(crate) rules: HouseRules,
    stop: Arc<Bell>,
    crowded: Arc<AtomicBool>,
    base: Instant,
    pub(crate) now: Duration,
    /// What the client does next, and since when it could.
    pub(super) next_action: usize,
    pub(super) since: Duration,
    /// What was sent and has not come: each piece as the offset of its end.
    pub(super) on_its_way: Vec<usize>,
    pub(crate) came: usize,
    pub(super) has_ended: bool,
    pub(super) has_reset: bool,
    pub(super) left: Option<Duration>,
    pub(crate) out: Vec<u8>,
    pub(super) taken: usize,
    pub(super) stalled: Option<Duration>,
    pub(crate) reader: Reader,
    pub(crate) record: Vec<Entry>,
}

/// A kernel that the driver and its applications share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Kernel>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Kernel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This is the connection that is served now: its clock counts, and its house.
    pub(crate) fn enter(&self) {
        CURRENT.replace(Some(self.clone()));
        self.lock().set_house();
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// How applications sleep here: `pause_with(sleep)`.
pub(crate) fn sleep(time: Duration) {
    if let Some(kernel) = CURRENT.take() {
        kernel.lock().pass(time);
        CURRENT.replace(Some(kernel));
    }
}

impl Kernel {
    pub(crate) fn install(
        talk: &Arc<Talk>,
        rules: &HouseRules,
        stop: &Arc<Bell>,
        crowded: &Arc<AtomicBool>,
        base: Instant,
    ) -> Shared {
        let mut kernel = Kernel {
            talk: Arc::clone(talk),
            rules: rules.clone(),
            stop: Arc::clone(stop),
            crowded: Arc::clone(crowded),
            base,
            now: Duration::ZERO,
            next_action: 0,
            since: Duration::ZERO,
            on_its_way: Vec::new(),
            came: 0,
            has_ended: false,
            has_reset: false,
            left: None,
            out: Vec::new(),
            taken: 0,
            stalled: None,
            reader: Reader::new(Arc::clone(talk)),
            record: Vec::with_capacity(64),
        };
        let queued = talk.queued;
        kernel.pass(Duration::ZERO);
        kernel.pass(queued);
        Shared(Arc::new(Mutex::new(kernel)))
    }

    pub(crate) fn clock(&self) -> Instant {
        self.base + self.now
    }

    pub(crate) fn note(&mut self, event: Event) {
        self.record.push(Entry {
            at: self.now,
            came: self.came,
            sent: self.out.len(),
            complete: self.reader.complete,
            event,
        });
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.talk.stop.is_some_and(|stop| stop <= self.now)
    }

    pub(super) fn set_house(&self) {
        match self.has_stopped() {
            true if !self.stop.has_rung() => self.stop.ring(),
            true => {}
            false => self.stop.silence(),
        }
        let turns = self.talk.crowded.iter().filter(|&&at| at <= self.now);
        self.crowded
            .store(turns.count() % 2 == 1, Ordering::Relaxed);
    }
}

/// What a server asks of it.
impl Kernel {
    /// Reads without waiting; `WouldBlock` if nothing is there.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.has_reset {
            self.note(Event::Failed);
            return Err(ErrorKind::ConnectionReset.into());
        }
        let end = match self.talk.kernel.joins {
            true => self.on_its_way.last(),
            false => self.on_its_way.first(),
        };
        let Some(&end) = end else {
            return match self.has_ended {
                true => {
                    self.note(Event::Ended);
                    Ok(0)
                }
                false => Err(ErrorKind::WouldBlock.into()),
            };
        };
        let count = into.len().min(end - self.came);
        into[..count].copy_from_slice(&self.talk.stream[self.came..self.came + count]);
        self.came += count;
        let came = self.came;
        self.on_its_way.retain(|&end| end > came);
        self.note(Event::Came(count));
        Ok(count)
    }

    /// Reads, and waits for something to read. While a conversation is resting, a stop ends that
    /// after a last moment.
    pub(crate) fn receive(
        &mut self,
        into: &mut [u8],
        until: Instant,
        is_resting: bool,
    ) -> io::Result<usize> {
        let began = self.now;
        let until = until.saturating_duration_since(self.base);
        self.note(Event::Waits(until));
        loop {
            match self.read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            let last = match self.talk.stop {
                Some(stop) if is_resting && stop <= self.now => {
                    until.min(stop.max(began) + self.last_moment())
                }
                _ => until,
            };
            if self.now >= last {
                self.note(Event::TimedOut);
                return Err(ErrorKind::TimedOut.into());
            }
            self.pass_to_next(last);
        }
    }

    pub(crate) fn last_moment(&self) -> Duration {
        Duration::from_secs(1).min(self.rules.stop_timeout / 2)
    }

    /// Writes a part of `bytes`, and waits for room, but not longer than the write timeout.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let began = self.now;
        let until = began + self.rules.write_timeout;
        loop {
            let is_gone = self.left.is_some_and(|left| self.now >= left + WAY);
            if self.has_reset || is_gone {
                self.note(Event::SendFailed);
                return Err(ErrorKind::BrokenPipe.into());
            }
            let KernelRules { room, .. } = self.talk.kernel;
            let room = room.saturating_sub(self.out.len() - self.taken);
            if room > 0 || bytes.is_empty() {
                return Ok(self.put(bytes, room));
            }
            if self.now >= until {
                self.note(Event::SendFailed);
                return Err(ErrorKind::TimedOut.into());
            }
            if self.now == began {
                self.note(Event::Blocked);
            }
            self.pass_to_next(until);
        }
    }

    fn put(&mut self, bytes: &[u8], room: usize) -> usize {
        // Beyond a few hundred bytes nothing new is to be learned from tiny writes.
        let most = match self.out.len() < 400 {
            true => self.talk.kernel.most_per_write,
            false => usize::MAX,
        };
        let room = match self.talk.kernel.reader {
            Reading::AtOnce => usize::MAX,
            _ => room,
        };
        let count = bytes.len().min(most).min(room);
        self.out.extend_from_slice(&bytes[..count]);
        let read = self.reader.read(&bytes[..count], self.came);
        self.note(Event::Sent(count));
        if let Err(reason) = read {
            self.note(Event::Illegal(reason));
        }
        self.take(false);
        self.act();
        count
    }
}
