//! Whether what an answer says about the connection is what the house wants, and then happens.

use super::asked::Sent;
use super::facts::{Facts, Part};
use super::judge::{Finding, Promise};
use super::kernel::Kernel;
use super::plan::Plan;
use super::record::Event;
use super::seen::Says;

/// An exception, and to whom it applies.
type Exception = (&'static str, fn(&Part, &Plan) -> bool);

/// Where a client that was told it may stay is sent away all the same. Both are an application's
/// fault that shows when the head has left.
const BREAKS_OFF: &[Exception] = &[
    (
        "an application that sends more than it has announced",
        |part, plan| {
            plan.announces
                .is_some_and(|length| part.made as u64 > length)
        },
    ),
    ("a body that panics as it is dropped", |part, _| {
        part.drop_failed
    }),
];

pub(crate) fn words_are_kept(kernel: &Kernel, facts: &Facts) -> Result<(), Finding> {
    words_are_wise(kernel, facts)?;
    let (mut has_closed, mut in_call) = (false, false);
    for entry in &kernel.record {
        match entry.event {
            Event::Called(_) if !has_closed => in_call = true,
            Event::Returned(..) | Event::Fails(..) => in_call = false,
            _ => {}
        }
        let last = entry
            .complete
            .checked_sub(1)
            .map(|last| &kernel.reader.answers[last]);
        has_closed |= last.is_some_and(|seen| seen.says != Says::Stay);
        let goes_on = matches!(
            entry.event,
            Event::Waits(_) | Event::Came(_) | Event::Called(_)
        );
        // An application that has sent its answer may still read its request.
        if has_closed && goes_on && !in_call {
            let what = format!("it said that it closes, and went on: {entry}");
            return Err(Promise::WordIsKept.broken(what));
        }
    }
    let complete = kernel.reader.complete;
    let is_broken = kernel.reader.is_halfway() || has_closed || complete == 0;
    let has_reason = facts.client_left || facts.timed_out || facts.ended || is_broken;
    let breaks_off = complete.checked_sub(1).is_some_and(|last| {
        let (part, plan) = (&facts.parts[last], &kernel.talk.plans[last]);
        BREAKS_OFF.iter().any(|(_, applies)| applies(part, plan))
    });
    let body_went_wrong = complete.checked_sub(1).is_some_and(|last| {
        let part = &facts.parts[last];
        part.fails.is_some() && part.made > 0
    });
    match has_reason || breaks_off || body_went_wrong || facts.upgraded.is_some() {
        true => Ok(()),
        false => Err(Promise::WordIsKept.broken("it said that it stays, and closed")),
    }
}

/// Whether it says so where it should, as far as that can be known from outside.
fn words_are_wise(kernel: &Kernel, facts: &Facts) -> Result<(), Finding> {
    let (talk, rules) = (&kernel.talk, &kernel.rules);
    for (number, seen) in kernel.reader.answers.iter().enumerate() {
        let (asked, plan) = (&talk.requests[number], &talk.plans[number]);
        let is_allowed = !asked.is_last
            && number + 1 < rules.requests_per_connection
            && !rules.keep_alive.is_zero();
        let calls = kernel.record.iter();
        let called = calls
            .clone()
            .find(|entry| entry.event == Event::Called(number));
        let is_late = called.is_some_and(|call| talk.stop.is_some_and(|stop| stop <= call.at));
        if seen.says == Says::Stay && (!is_allowed || is_late) {
            let what = format!("request {number} should be the last one, and it does not say so");
            return Err(Promise::WordIsKept.broken(what));
        }
        let is_plain = asked.body == Sent::None
            && talk.stop.is_none()
            && talk.crowded.is_empty()
            && !(asked.is_old && seen.is_open)
            && seen.marker.is_some()
            && plan.code() != 101
            && facts.parts[number].called;
        if seen.says == Says::Close && is_plain && is_allowed {
            let what = format!("it closes behind request {number} for no reason");
            return Err(Promise::WordIsKept.broken(what));
        }
    }
    Ok(())
}
