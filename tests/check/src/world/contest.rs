//! Who is answered first? The question behind every probe about waiting.

use std::time::{Duration, Instant};

use super::World;
use crate::client::{Client, wait_for_any};
use crate::outcome::{Finding, Verdict};

/// How long to wait for news before the next look.
const GLANCE: Duration = Duration::from_millis(25);

impl World {
    /// Two clients, the second of which has sent its whole request: who is answered first?
    ///
    /// The order tells, not the clock. *Ok*: the second is answered while the first still holds.
    /// *Waits*: the server itself is done with the first before. *Stalls*: the first must leave.
    /// `hold` is what the first client goes on doing, again and again.
    pub fn contest(
        &self,
        first: Client,
        second: Client,
        hold: impl FnMut(&mut Client) -> Verdict,
    ) -> Verdict {
        self.contest_for(self.hold, first, second, hold)
    }

    /// The same with a first client that holds on for so long.
    pub(crate) fn contest_for(
        &self,
        time: Duration,
        mut first: Client,
        mut second: Client,
        mut hold: impl FnMut(&mut Client) -> Verdict,
    ) -> Verdict {
        let mut until = Instant::now() + time;
        let mut over = false;
        while Instant::now() < until {
            // What the server did to the first client before it answered the second has arrived
            // before. So what the second has got stays where it is until the first was looked at.
            let news = second.has_news();
            if !over {
                hold(&mut first)?;
                over = is_over(&mut first);
                if over {
                    until = Instant::now() + self.patience;
                }
            }
            if news && second.take_answer(false)?.is_some() {
                return match over {
                    true => Err(Finding::Waits),
                    false => Ok(()),
                };
            }
            match over {
                true => wait_for_any(&[&second], GLANCE),
                false => wait_for_any(&[&first, &second], GLANCE),
            }
        }
        first.leave();
        match second.answer() {
            Ok(_) => Err(Finding::Stalls),
            Err(_) => Err(Finding::wrong(
                "the second client is not answered, even after the first has left",
            )),
        }
    }

    /// Several clients are connected, and only `newest` has asked: is it answered while the
    /// others still hold?
    pub fn is_served_before(&self, mut newest: Client, others: &mut Vec<Client>) -> Verdict {
        let until = Instant::now() + self.hold;
        let finding = loop {
            let news = newest.has_news();
            if others.iter_mut().any(|other| other.end().is_some()) {
                break Finding::Waits;
            }
            if news && newest.take_answer(false)?.is_some() {
                return Ok(());
            }
            if Instant::now() >= until {
                break Finding::Stalls;
            }
            wait_for_any(&[&newest], GLANCE);
        };
        others.drain(..).for_each(Client::leave);
        newest.answer()?;
        Err(finding)
    }
}

/// Whether the server is done with a client: it has answered or closed.
fn is_over(client: &mut Client) -> bool {
    client.is_answered() || client.end().is_some()
}
