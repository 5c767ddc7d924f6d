//! Where two ways of driving must agree to the byte, and where they may not.

use super::asked::{Asked, Sent};
use super::judge::{Finding, Promise};
use super::kernel::Kernel;
use super::plan::{Act, Plan};
use super::record::Event;

/// In what two drivers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ways {
    /// In nothing that anybody could see.
    Same,
    /// What an application writes is sent while it runs, or behind that.
    WriteAtOnceOrLater,
    /// Besides that, a body is read by the application when it likes, or gathered before.
    ReadOrGather,
}

/// The exceptions: from such a request on, the two may differ.
type Exception = (&'static str, fn(&Asked, &Plan) -> bool);

const WRITE_AT_ONCE_OR_LATER: &[Exception] = &[(
    "an application that does something else behind what it writes: a slow client, or none, is \
     noticed at another time",
    |_, plan| plan.acts.iter().any(|act| matches!(act, Act::Write(1..))) && dawdles(plan),
)];

const READ_OR_GATHER: &[Exception] = &[
    (
        "a body that the application does not read first, and to its end: whether it has come, and \
         what is wrong with it, is known at another time, or never; 100 Continue is sent anyway",
        |asked, plan| asked.body != Sent::None && !reads_first(plan),
    ),
    (
        "an application that goes on without the body: it is not even called",
        |asked, plan| asked.body != Sent::None && !plan.passes_errors_on,
    ),
];

fn dawdles(plan: &Plan) -> bool {
    let behind = plan
        .acts
        .iter()
        .skip_while(|act| !matches!(act, Act::Write(1..)));
    behind
        .skip(1)
        .any(|act| matches!(act, Act::Pause(_) | Act::Read(..)))
}

fn reads_first(plan: &Plan) -> bool {
    matches!(plan.acts.first(), Some(Act::Read(usize::MAX, _)))
}

pub(crate) fn agree(one: &Kernel, other: &Kernel, ways: Ways) -> Result<(), Finding> {
    let exceptions: &[&[Exception]] = match ways {
        Ways::Same => &[],
        Ways::WriteAtOnceOrLater => &[WRITE_AT_ONCE_OR_LATER],
        Ways::ReadOrGather => &[WRITE_AT_ONCE_OR_LATER, READ_OR_GATHER],
    };
    let talk = &one.talk;
    let mut pairs = talk.requests.iter().zip(&talk.plans);
    let applies = |(asked, plan): (&Asked, &Plan)| {
        let mut all = exceptions.iter().copied().flatten();
        all.any(|(_, applies)| applies(asked, plan))
    };
    let Some(first) = pairs.position(applies) else {
        return same(&one.out, &other.out).and_then(|()| match ways {
            Ways::ReadOrGather => Ok(()),
            _ => same_ending(one, other),
        });
    };
    // Up to there they are the same.
    let seen = first.checked_sub(1).map(|last| {
        let ends = [one, other].map(|kernel| kernel.reader.answers.get(last).and_then(|it| it.end));
        match ends {
            [Some(end), Some(_)] => end,
            _ => 0,
        }
    });
    let end = seen.unwrap_or(0);
    same(&one.out[..end], &other.out[..end.min(other.out.len())])
}

fn same(one: &[u8], other: &[u8]) -> Result<(), Finding> {
    if one == other {
        return Ok(());
    }
    let mut both = one.iter().zip(other);
    let at = both.position(|(one, other)| one != other);
    let at = at.unwrap_or(one.len().min(other.len()));
    let what = format!(
        "{} and {} bytes, which differ at {at}",
        one.len(),
        other.len()
    );
    Err(Promise::DriversAgree.broken(what))
}

fn same_ending(one: &Kernel, other: &Kernel) -> Result<(), Finding> {
    let [one, other] = [one, other].map(|kernel| {
        let mut ends = kernel.record.iter().rev();
        let end = ends.find(|entry| matches!(entry.event, Event::Closed(_) | Event::TookOver(..)));
        end.map(|entry| (entry.at, entry.event.clone()))
    });
    match one == other {
        true => Ok(()),
        false => {
            let what = format!("it ends with {one:?}, and with {other:?}");
            Err(Promise::DriversAgree.broken(what))
        }
    }
}
