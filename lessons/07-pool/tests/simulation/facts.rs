//! What the record says about each request.

use super::asked::{Asked, Sent};
use super::kernel::Kernel;
use super::record::{Event, Failing};

/// What happened, in all and to each request.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) parts: Vec<Part>,
    /// Reading or writing failed.
    pub(crate) client_left: bool,
    pub(crate) send_failed: bool,
    /// An application was reading when the client left.
    pub(crate) left_in_call: bool,
    pub(crate) ended: bool,
    pub(crate) timed_out: bool,
    pub(crate) upgraded: Option<usize>,
}

/// What happened to one request.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) called: bool,
    /// The application is done with it, except for its body.
    pub(crate) returned: bool,
    /// Bytes of a body that the application made before anything went wrong.
    pub(crate) made: usize,
    pub(crate) fails: Option<Failing>,
    /// It could not read its request.
    read_fails: bool,
    pub(crate) drop_failed: bool,
    /// Its body came to its end.
    pub(crate) exhausted: bool,
    /// It has returned something that can be dropped.
    pub(crate) has_body: bool,
    pub(crate) dropped: Vec<Dropped>,
    begun: bool,
    /// What it makes is for its client: it has begun, and not with a switch.
    counts: bool,
}

#[derive(Debug)]
pub(crate) struct Dropped {
    /// How much had been sent by then.
    pub(crate) sent: usize,
    /// Whether the connection was closed.
    pub(crate) closed: bool,
}

impl Part {
    /// The statuses of the page that takes the place of the answer, if one does.
    pub(crate) fn page(&self) -> Option<Vec<u16>> {
        let own = match self.fails {
            _ if self.made > 0 => return None,
            Some(Failing::Page) => 409,
            None if self.begun => return None,
            _ => 500,
        };
        match self.read_fails {
            // What the client did wrong; or that it left, which is nothing to blame it for.
            true => Some(vec![own, 400, 408, 413]),
            false => Some(vec![own]),
        }
    }

    /// Whether the answer breaks off, so that only a reset can say so.
    pub(crate) fn breaks_off(&self) -> bool {
        self.fails.is_some() && self.made > 0
    }
}

impl Facts {
    /// The statuses with which a request is refused of which no application hears.
    pub(crate) fn refusal(&self, number: usize, asked: &Asked) -> Vec<u16> {
        let is_last = self.parts.iter().skip(number + 1).all(|part| !part.called);
        let mut codes: Vec<u16> = asked.refused.into_iter().collect();
        if let Sent::Faulty(status) = asked.body {
            codes.push(status);
        }
        if self.timed_out && is_last {
            codes.push(408);
        }
        if self.ended && is_last {
            codes.push(400);
        }
        codes
    }
}

/// Reads the record once.
pub(crate) fn gather(kernel: &Kernel) -> Facts {
    let mut facts = Facts::default();
    let mut closed = false;
    facts
        .parts
        .resize_with(kernel.talk.requests.len(), Part::default);
    for (number, part) in facts.parts.iter_mut().enumerate() {
        let plan = &kernel.talk.plans[number];
        part.begun = plan.acts.contains(&super::plan::Act::Begin);
        part.counts = part.begun && plan.code() != 101;
    }
    let mut before = None;
    for entry in &kernel.record {
        match entry.event {
            Event::Ended => facts.ended = true,
            Event::TimedOut => facts.timed_out = true,
            Event::Failed => facts.client_left = true,
            Event::SendFailed => (facts.client_left, facts.send_failed) = (true, true),
            Event::ReadFails(number) => {
                facts.parts[number].read_fails = true;
                facts.left_in_call |= before == Some(&Event::Failed);
            }
            Event::Called(number) => facts.parts[number].called = true,
            Event::Made(number, count) if facts.parts[number].counts => {
                facts.parts[number].made += count;
            }
            Event::Fails(number, Failing::Drop) => facts.parts[number].drop_failed = true,
            Event::Fails(number, how) => {
                facts.parts[number].fails = Some(how);
                facts.parts[number].returned = true;
            }
            Event::Returned(number, has_body) => {
                facts.parts[number].has_body = has_body;
                facts.parts[number].returned = true;
            }
            Event::Dropped(number) => facts.parts[number].dropped.push(Dropped {
                sent: entry.sent,
                closed,
            }),
            Event::Exhausted(number) => facts.parts[number].exhausted = true,
            Event::TookOver(number, _) => facts.upgraded = Some(number),
            Event::Closed(_) => closed = true,
            _ => {}
        }
        before = Some(&entry.event);
    }
    facts
}
