//! What applications do with a request, written down before they are called.

use std::time::Duration;

use super::asked::{Asked, Sent};
use super::script::milliseconds;
use super::seed::Dice;

/// One application's way with one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// What it does before it returns, in this order.
    pub(crate) acts: Vec<Act>,
    pub(crate) returns: Returns,
    pub(crate) status: &'static str,
    /// The `Content-Length` that it announces, true or not.
    pub(crate) announces: Option<u64>,
    /// Whether it fails when its request cannot be read.
    pub(crate) passes_errors_on: bool,
    pub(crate) drop_panics: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Reads so many bytes at most, of so many in each call.
    Read(usize, usize),
    Pause(Duration),
    Begin,
    Write(usize),
    Fail,
    /// Fails with a page of its own.
    FailWithPage,
    Panic,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Returns {
    #[default]
    Nothing,
    Bytes(usize),
    /// Chunks, and whether the iterator says how many there are.
    Chunks(Vec<Piece>, bool),
    Upgrade,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes; none is legal.
    Data(usize),
    Pause(Duration),
    Fail,
    Panic,
}

pub(crate) const SWITCH: &str = "101 Switching Protocols";

/// Decides what an application does with this request.
pub(crate) fn plan(asked: &Asked, dice: &mut Dice) -> Plan {
    let mut plan = Plan {
        status: dice.pick(&[
            "200 OK",
            "200 OK",
            "200 OK",
            "200 OK",
            "404 Not Found",
            "204 No Content",
            "205 Reset Content",
            "304 Not Modified",
            "426 Upgrade Required",
        ]),
        passes_errors_on: dice.one_in(2),
        drop_panics: dice.one_in(25),
        ..Plan::default()
    };
    let mut acts = Vec::new();
    if dice.one_in(6) {
        acts.push(pause(dice));
    }
    let reads = asked.body != Sent::None && !dice.one_in(3);
    let reads_late = dice.one_in(4);
    if reads && !reads_late {
        acts.push(read(asked, dice));
    }
    trouble(&mut acts, 40, dice);
    if !dice.one_in(40) {
        acts.push(Act::Begin);
    }
    trouble(&mut acts, 40, dice);
    if dice.one_in(8) {
        for _ in 0..dice.between(1, 3) {
            acts.push(Act::Write(dice.pick(&[0, 1, 30, 30, 9000])));
            if reads && reads_late && dice.one_in(2) {
                acts.push(read(asked, dice));
            }
        }
        if dice.one_in(3) {
            acts.push(pause(dice));
        }
        trouble(&mut acts, 10, dice);
    }
    if reads && reads_late {
        acts.push(read(asked, dice));
    }
    plan.acts = acts;
    plan.returns = returns(dice);
    if asked.wants_upgrade && !dice.one_in(4) || dice.one_in(100) {
        plan.status = SWITCH;
        plan.returns = match dice.one_in(6) {
            true => Returns::Nothing,
            false => Returns::Upgrade,
        };
    }
    let length = plan.length() as u64;
    plan.announces = match dice.below(12) {
        0..=4 => Some(length),
        5 => Some(length + dice.between(1, 50) as u64),
        6 => Some(length.saturating_sub(dice.between(1, 50) as u64)),
        _ => None,
    };
    plan
}

fn pause(dice: &mut Dice) -> Act {
    Act::Pause(milliseconds(dice.pick(&[1, 50, 600, 12_000])))
}

fn read(asked: &Asked, dice: &mut Dice) -> Act {
    let most = match dice.one_in(4) {
        true => dice.between(1, asked.data.max(1)),
        false => usize::MAX,
    };
    let call = match asked.data > 1000 {
        true => 8192,
        false => dice.pick(&[3, 64, 8192]),
    };
    Act::Read(most, call)
}

fn trouble(acts: &mut Vec<Act>, odds: usize, dice: &mut Dice) {
    if dice.one_in(odds) {
        acts.push(dice.pick(&[Act::Fail, Act::FailWithPage, Act::Panic]));
    }
}

fn returns(dice: &mut Dice) -> Returns {
    match dice.below(8) {
        0 => Returns::Nothing,
        1..=3 => Returns::Bytes(dice.pick(&[0, 1, 40, 40, 40, 40, 40, 6000, 80_000])),
        _ => {
            let mut pieces = Vec::new();
            for _ in 0..dice.pick(&[0, 1, 1, 2, 3, 6]) {
                pieces.push(match dice.below(24) {
                    0 | 1 => Piece::Data(0),
                    2 => Piece::Fail,
                    3 => Piece::Panic,
                    4 | 5 => Piece::Pause(milliseconds(dice.pick(&[1, 50, 5000]))),
                    _ => Piece::Data(
                        dice.pick(&[1, 10, 100, 10, 100, 10, 100, 10, 100, 10, 100, 5000, 70_000]),
                    ),
                });
            }
            Returns::Chunks(pieces, dice.one_in(2))
        }
    }
}

impl Plan {
    /// How many bytes of a body it has, if nothing goes wrong.
    pub(crate) fn length(&self) -> usize {
        let written = |act: &Act| match act {
            Act::Write(count) => *count,
            _ => 0,
        };
        let written: usize = self.acts.iter().map(written).sum();
        written
            + match &self.returns {
                Returns::Bytes(count) => *count,
                Returns::Chunks(pieces, _) => pieces.iter().map(Piece::length).sum(),
                Returns::Nothing | Returns::Upgrade => 0,
            }
    }

    pub(crate) fn code(&self) -> u16 {
        self.status[..3].parse().unwrap_or(0)
    }
}

impl Piece {
    fn length(&self) -> usize {
        match self {
            Piece::Data(count) => *count,
            _ => 0,
        }
    }

    /// How many of these are chunks that can be returned: a pause belongs to the next one.
    pub(crate) fn is_returned(&self) -> bool {
        !matches!(self, Piece::Pause(_))
    }
}
