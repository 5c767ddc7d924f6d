//! Whether it is true what the server says of bytes that it sends: what comes behind them.

use lesson02::Ending;
use lesson03::Behind;

use super::judge::{Finding, Promise};
use super::kernel::Kernel;
use super::record::{Entry, Event, Failing};

/// Behind what was sent as the last, nothing else happens, not even time: the kernel keeps it
/// until the close.
pub(crate) fn last_is_last(kernel: &Kernel) -> Result<(), Finding> {
    let mut behind = kernel
        .record
        .iter()
        .skip_while(|entry| entry.event != Event::Sends(Behind::End));
    let is_part = |event: &Event| {
        let is_harmless = matches!(event, Event::Sends(_) | Event::Sent(_) | Event::Blocked);
        is_harmless
            || matches!(
                event,
                Event::Acts(_) | Event::SendFailed | Event::Dropped(_)
            )
    };
    let other = behind
        .find(|entry| !is_part(&entry.event))
        .map(|entry| &entry.event);
    match other {
        None | Some(Event::Closed(Ending::Clean | Ending::Reset)) => Ok(()),
        Some(event) => {
            let what = format!("{event:?} behind what was sent as the last");
            Err(Promise::RightEnding.broken(what))
        }
    }
}

/// A body that only the end of the connection ends has its rest behind it, until the application
/// has made all of it. Whoever kills the process before that must not make half of it look whole.
pub(crate) fn half_is_no_whole(kernel: &Kernel) -> Result<(), Finding> {
    let answer = kernel.reader.answers.last();
    let open = answer.filter(|seen| seen.is_open);
    let is_of_it = |entry: &Entry| open.is_some_and(|seen| entry.sent >= seen.start);
    // Of a head that never came in full, nobody knows how its body would have ended.
    let is_known = |entry: &Entry| entry.sent < kernel.out.len() && !kernel.reader.is_halfway();
    let mut is_said_whole = false;
    for entry in &kernel.record {
        let wrong = |what: &str| Err(Promise::RightEnding.broken(what));
        match entry.event {
            Event::Sends(Behind::Rest) if !is_of_it(entry) && is_known(entry) => {
                return wrong("the rest of something that ends by itself");
            }
            Event::Sends(Behind::Rest) if is_said_whole => {
                return wrong("the rest of something that was said to be whole");
            }
            Event::Sends(behind) if behind != Behind::Rest => is_said_whole = is_of_it(entry),
            Event::Made(..)
            | Event::Exhausted(_)
            | Event::Fails(_, Failing::Error | Failing::Panic)
                if is_said_whole =>
            {
                return wrong("half of a body was sent as if it were whole");
            }
            _ => {}
        }
    }
    Ok(())
}
