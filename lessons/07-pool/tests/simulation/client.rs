//! What clients do: send in pieces, wait, wait for ever, leave in the middle.

use std::time::Duration;

use super::asked::Asked;
use super::script::milliseconds;
use super::seed::Dice;

/// One thing that a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends its stream up to this offset, in one piece.
    Send(usize),
    Wait(Duration),
    /// Waits until it has so many answers.
    AwaitAnswers(usize),
    /// Waits for `100 Continue` to this request, or for its answer, but not longer than this.
    AwaitGo(usize, Duration),
    /// Says that it sends nothing more.
    HalfClose,
    /// Closes: what comes for it from now on is answered with a reset.
    Leave,
    Reset,
}

/// How a client cuts what it sends.
#[derive(Clone, Copy)]
enum Manner {
    Whole,
    Cut,
    /// A few bytes, a pause, a few bytes.
    Drip(usize, Duration),
}

/// Decides what a client does with its requests. It may stop anywhere.
pub(crate) fn act(requests: &[Asked], length: usize, dice: &mut Dice) -> Vec<Action> {
    let mut actions = Vec::new();
    let stops = (length > 0 && dice.one_in(5)).then(|| dice.below(length + 1));
    let end = stops.unwrap_or(length);
    let mut sent = 0;
    if dice.one_in(10) {
        actions.push(Action::Wait(milliseconds(dice.pick(&[1, 250, 9999]))));
    }
    // All at once, however many there are.
    if dice.one_in(5) {
        send(&mut actions, 0, end, Manner::Cut, dice);
        sent = end;
    }
    for asked in requests {
        if asked.sent_end <= sent || sent >= end {
            continue;
        }
        let manner = match dice.below(8) {
            0 => Manner::Drip(
                dice.between(1, 30),
                milliseconds(dice.pick(&[0, 1, 20, 200, 900])),
            ),
            1..=3 => Manner::Cut,
            _ => Manner::Whole,
        };
        let to = asked.sent_end.min(end);
        if asked.expects_go && asked.head_end < to {
            send(&mut actions, sent, asked.head_end, manner, dice);
            let patience = milliseconds(dice.pick(&[0, 30, 1000, 100_000]));
            actions.push(Action::AwaitGo(asked.number, patience));
            sent = asked.head_end;
        }
        send(&mut actions, sent, to, manner, dice);
        sent = to;
        match dice.below(6) {
            0 => {} // The next one follows at once.
            1 => actions.push(Action::Wait(milliseconds(
                dice.pick(&[0, 1, 100, 399, 400, 401, 5000]),
            ))),
            _ => actions.push(Action::AwaitAnswers(asked.number + 1)),
        }
    }
    if dice.one_in(4) {
        actions.push(Action::Wait(milliseconds(dice.pick(&[0, 1, 70, 3000]))));
    }
    match dice.below(8) {
        0 => actions.push(Action::HalfClose),
        1 => actions.push(Action::Leave),
        2 => actions.push(Action::Reset),
        _ => {} // It says nothing more.
    }
    actions
}

fn send(actions: &mut Vec<Action>, from: usize, to: usize, manner: Manner, dice: &mut Dice) {
    let mut at = from;
    let mut pieces = 0;
    while at < to {
        let (bytes, pause) = match manner {
            Manner::Whole => (to - at, Duration::ZERO),
            Manner::Cut => {
                let bytes = dice.pick(&[1, 2, 20, 100, 1500, usize::MAX]);
                (bytes, milliseconds(dice.pick(&[0, 0, 0, 1, 30])))
            }
            Manner::Drip(bytes, pause) => (bytes, pause),
        };
        // Nobody needs to see a hundred pieces.
        pieces += 1;
        let bytes = if pieces > 12 {
            to - at
        } else {
            bytes.min(to - at)
        };
        at += bytes;
        actions.push(Action::Send(at));
        if !pause.is_zero() && at < to {
            actions.push(Action::Wait(pause));
        }
    }
}
