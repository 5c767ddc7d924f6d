//! Whether a connection was closed as it must be.

use lesson02::Ending;

use super::behind::{half_is_no_whole, last_is_last};
use super::facts::{Facts, Part};
use super::judge::{Finding, Promise};
use super::kernel::Kernel;
use super::record::Event;

pub(crate) fn ending_is_right(kernel: &Kernel, facts: &Facts) -> Result<(), Finding> {
    if let Some(number) = facts.upgraded {
        return handed_over_is_what_came(kernel, number);
    }
    let mut closed = kernel.record.iter().filter_map(|entry| match entry.event {
        Event::Closed(ending) => Some(ending),
        _ => None,
    });
    let found = closed.next();
    last_is_last(kernel)?;
    half_is_no_whole(kernel)?;
    let (expected, why) = expect(kernel, facts);
    match found.is_some_and(|found| expected.contains(&found)) {
        true => Ok(()),
        false => {
            let what = format!("{found:?} in place of {expected:?}: {why}");
            Err(Promise::RightEnding.broken(what))
        }
    }
}

/// How the connection must end, and why.
fn expect(kernel: &Kernel, facts: &Facts) -> (&'static [Ending], &'static str) {
    use Ending::{Clean, Drain, Reset};
    let complete = kernel.reader.complete;
    // The answer that was on its way, or else the last one.
    let is_halfway = kernel.reader.is_halfway();
    let last = match is_halfway || facts.send_failed {
        true => Some(complete),
        false => complete.checked_sub(1),
    };
    let last = last.filter(|&last| last < facts.parts.len());
    let part = last.map(|last| &facts.parts[last]);
    let called = part.is_some_and(|part| part.called);
    if facts.send_failed {
        return match called {
            true => (&[Reset], "the client left in the middle of an answer"),
            false => (&[Clean], "the client left and had asked nothing"),
        };
    }
    // A body that only the end of the connection ends is whole when its application says so.
    let open = kernel
        .reader
        .answers
        .last()
        .is_some_and(|seen| seen.is_open);
    let is_short = |part: &Part| is_halfway && !(open && part.exhausted);
    if part.is_some_and(|part| part.breaks_off() || is_short(part) && part.drop_failed) {
        return (&[Reset], "the application broke off");
    }
    if facts.left_in_call {
        return (&[Reset], "the client left before it was answered");
    }
    if facts.client_left {
        return (&[Clean, Drain], "the client left, and no answer suffers");
    }
    let Some(number) = last else {
        return (&[Clean], "nothing was asked");
    };
    let asked = &kernel.talk.requests[number];
    let says_stay = kernel.reader.answers[number].says == super::seen::Says::Stay;
    if !called {
        let in_head = kernel.came < asked.head_end && asked.refused.is_none();
        let is_late = kernel.reader.answers[number].code == 408 && kernel.came < asked.head_end;
        return match is_late && (in_head || asked.refused.is_some()) {
            true => (&[Clean], "the time for a head was up"),
            false => (&[Drain], "nobody knows what else a refused client has sent"),
        };
    }
    let has_next = kernel.talk.requests.get(number + 1);
    let is_quiet =
        kernel.came >= asked.body_end && has_next.is_none_or(|next| kernel.came <= next.start);
    match (says_stay, is_quiet) {
        (true, true) if facts.ended || facts.timed_out => (&[Clean], "it was quiet"),
        (_, _) if kernel.came == asked.body_end => (&[Clean], "everything was read"),
        _ => (&[Drain], "there may be unread input"),
    }
}

fn handed_over_is_what_came(kernel: &Kernel, number: usize) -> Result<(), Finding> {
    let end = kernel.talk.requests[number].body_end;
    let expected = &kernel.talk.stream[end.min(kernel.came)..kernel.came];
    let mut taken = kernel.record.iter().filter_map(|entry| match &entry.event {
        Event::TookOver(_, received) => Some(received.as_slice()),
        _ => None,
    });
    match taken.next() == Some(expected) {
        true => Ok(()),
        false => Err(Promise::RightEnding.broken("a protocol was given other bytes than came")),
    }
}
