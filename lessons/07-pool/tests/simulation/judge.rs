//! Judges what happened in one conversation, from the record alone.

use std::fmt::{self, Display};

use super::deadlines::deadlines_are_kept;
use super::endings::ending_is_right;
use super::facts::{Facts, gather};
use super::kernel::Kernel;
use super::letters::stretch;
use super::record::Event;
use super::seen::Says;
use super::words::words_are_kept;

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) promise: Promise,
    pub(crate) what: String,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Nothing in our own code panics, and everything ends.
    NoPanic,
    /// What is sent is a sequence of answers.
    LegalBytes,
    /// Each answer is the one that its application has given.
    RightAnswer,
    /// What says that the connection stays, or does not, is true.
    WordIsKept,
    /// Each body is dropped once, and not before its last piece was sent.
    BodyIsDropped,
    /// Nobody waits longer than was agreed, or shorter.
    DeadlineIsKept,
    /// An end is clean, a drain or a reset, as it must be.
    RightEnding,
    /// Memory is bounded.
    MemoryIsBounded,
    /// However the conversation is driven, the client gets the same bytes.
    DriversAgree,
}

impl Promise {
    pub(crate) fn broken(self, what: impl Into<String>) -> Finding {
        Finding {
            promise: self,
            what: what.into(),
        }
    }
}

impl Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} is broken: {}", self.promise, self.what)
    }
}

/// Whether every promise was kept.
pub(crate) fn judge(kernel: &Kernel) -> Result<(), Finding> {
    let facts = gather(kernel);
    nothing_was_noticed(kernel)?;
    answers_are_right(kernel, &facts)?;
    bodies_are_dropped(kernel, &facts)?;
    deadlines_are_kept(kernel, &facts)?;
    words_are_kept(kernel, &facts)?;
    ending_is_right(kernel, &facts)
}

fn nothing_was_noticed(kernel: &Kernel) -> Result<(), Finding> {
    for entry in &kernel.record {
        match &entry.event {
            Event::Illegal(reason) => return Err(Promise::LegalBytes.broken(reason)),
            Event::Noticed(text) => return Err(Promise::MemoryIsBounded.broken(text)),
            Event::ReadWrong(number) => {
                let what = format!("request {number} was read with other bytes than were sent");
                return Err(Promise::RightAnswer.broken(what));
            }
            _ => {}
        }
    }
    let last = kernel.record.iter().rev().map(|entry| &entry.event);
    let mut ends = last.filter(|it| matches!(it, Event::Closed(_) | Event::TookOver(..)));
    match (ends.next(), ends.next()) {
        (Some(_), None) => Ok(()),
        _ => Err(Promise::NoPanic.broken("the conversation has no end, or two")),
    }
}

fn answers_are_right(kernel: &Kernel, facts: &Facts) -> Result<(), Finding> {
    for (number, seen) in kernel.reader.answers.iter().enumerate() {
        let wrong = |what: String| Err(Promise::RightAnswer.broken(format!("{number}: {what}")));
        let (asked, plan) = (&kernel.talk.requests[number], &kernel.talk.plans[number]);
        let part = &facts.parts[number];
        if seen.says == Says::Nothing {
            continue; // Its head is not whole.
        }
        if seen.marker.is_some_and(|marker| marker != number) {
            return wrong(format!("the answer to {:?}", seen.marker));
        }
        let expected = match (part.called, part.page()) {
            (false, _) => facts.refusal(number, asked),
            (true, Some(page)) => page,
            (true, None) => vec![plan.code()],
        };
        let may_fail = part.called && plan.code() == 101 && part.made == 0;
        if !(expected.contains(&seen.code) || may_fail && seen.code == 500) {
            return wrong(format!("{} in place of {expected:?}", seen.code));
        }
        if seen.marker.is_none() {
            continue; // A page of the server's.
        }
        let most = plan
            .announces
            .map_or(part.made, |length| part.made.min(length as usize));
        if seen.body.len() > most || seen.body != stretch(number, 0, seen.body.len()) {
            return wrong(format!("{} bytes of {most}, or others", seen.body.len()));
        }
        let is_all = !seen.has_body || seen.code == 205 || seen.body.len() == most;
        if !facts.client_left && part.fails.is_none() && !is_all {
            return wrong(format!("only {} bytes of {most}", seen.body.len()));
        }
    }
    Ok(())
}

fn bodies_are_dropped(kernel: &Kernel, facts: &Facts) -> Result<(), Finding> {
    for (number, part) in facts.parts.iter().enumerate() {
        let expected = usize::from(part.has_body);
        let at_the_end = part.dropped.len();
        let wrong = |what: String| Err(Promise::BodyIsDropped.broken(format!("{number}: {what}")));
        if at_the_end != expected {
            return wrong(format!("dropped {at_the_end} times of {expected}"));
        }
        let Some(drop) = part.dropped.first() else {
            continue;
        };
        if drop.closed && facts.upgraded.is_none() {
            return wrong("dropped only after the connection was closed".to_owned());
        }
        let Some(seen) = kernel.reader.answers.get(number) else {
            continue;
        };
        let end = seen.end.unwrap_or(kernel.out.len());
        if end > drop.sent && part.page().is_none() && seen.marker.is_some() {
            return wrong(format!("dropped at {} of {end}", drop.sent));
        }
    }
    Ok(())
}
