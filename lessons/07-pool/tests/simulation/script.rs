//! What happens in one run, written down before it begins.

use std::sync::Arc;
use std::time::Duration;

use super::asked::{Asked, ask};
use super::client::{Action, act};
use super::plan::{Plan, plan};
use super::seed::Dice;

/// A house, and the conversations in it.
pub(crate) struct Script {
    pub(crate) rules: HouseRules,
    pub(crate) conversations: Vec<Arc<Talk>>,
}

/// What the house is told when it is built.
#[derive(Clone, Debug)]
pub(crate) struct HouseRules {
    pub(crate) head_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) bytes_per_second: u64,
    pub(crate) head_bytes: usize,
    pub(crate) body_bytes: u64,
    pub(crate) requests_per_connection: usize,
    pub(crate) can_upgrade: bool,
}

/// One conversation: what its client does, what its kernel takes, what its applications answer.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) requests: Vec<Asked>,
    pub(crate) plans: Vec<Plan>,
    /// Every byte that the client may send, in order.
    pub(crate) stream: Vec<u8>,
    pub(crate) actions: Vec<Action>,
    pub(crate) kernel: KernelRules,
    /// When the house is told to stop, counted from the accept.
    pub(crate) stop: Option<Duration>,
    /// When it becomes crowded, and when no longer, in turns.
    pub(crate) crowded: Vec<Duration>,
    /// How long the client had waited for somebody to talk to.
    pub(crate) queued: Duration,
}

/// What the kernel between client and server is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelRules {
    /// Bytes that one write takes at most.
    pub(crate) most_per_write: usize,
    /// Bytes that were sent and that the client has not taken, at most.
    pub(crate) room: usize,
    pub(crate) reader: Reading,
    /// Whether one read may bring several pieces that the client sent apart.
    pub(crate) joins: bool,
}

/// How the client takes its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    AtOnce,
    /// So many bytes each so often.
    Slowly {
        bytes: usize,
        every: Duration,
    },
    /// Up to here, and then not for a while, perhaps for ever.
    Stalls {
        behind: usize,
        pause: Duration,
    },
}

pub(crate) fn milliseconds(count: usize) -> Duration {
    Duration::from_millis(count as u64)
}

impl Script {
    pub(crate) fn write(seed: u64) -> Script {
        let mut dice = Dice::new(seed);
        let rules = HouseRules::choose(&mut dice);
        let count = dice.pick(&[1, 1, 2, 3]);
        let talks = (0..count).map(|number| Arc::new(Talk::choose(number, &rules, &mut dice)));
        Script {
            conversations: talks.collect(),
            rules,
        }
    }
}

impl HouseRules {
    fn choose(dice: &mut Dice) -> HouseRules {
        HouseRules {
            head_timeout: milliseconds(dice.pick(&[1, 300, 1000, 10_000])),
            write_timeout: milliseconds(dice.pick(&[100, 2000])),
            keep_alive: milliseconds(dice.pick(&[0, 1, 400, 5000, 5000, 5000])),
            stop_timeout: milliseconds(dice.pick(&[0, 500, 10_000])),
            grace: milliseconds(dice.pick(&[1, 200, 5000])),
            bytes_per_second: dice.pick(&[1, 50, 500]) as u64,
            head_bytes: dice.pick(&[300, 2000, 16_384]),
            body_bytes: dice.pick(&[100, 5000, 200_000]) as u64,
            requests_per_connection: dice.pick(&[1, 2, 3, 100, 100, 100]),
            can_upgrade: dice.one_in(2),
        }
    }
}

impl Talk {
    fn choose(number: usize, rules: &HouseRules, dice: &mut Dice) -> Talk {
        let count = dice.pick(&[0, 1, 1, 2, 3, 5]);
        let mut requests: Vec<Asked> = Vec::new();
        let mut stream = Vec::new();
        for index in 0..count {
            let asked = ask(number, index, stream.len(), rules, dice, &mut stream);
            requests.push(asked);
        }
        let plans = requests.iter().map(|asked| plan(asked, dice)).collect();
        let actions = act(&requests, stream.len(), dice);
        let soon = |dice: &mut Dice| milliseconds(dice.pick(&[0, 1, 5, 100, 1000, 5000]));
        let stop = dice.one_in(4).then(|| soon(dice));
        let mut crowded = Vec::new();
        if dice.one_in(4) {
            let first = soon(dice);
            crowded.push(first);
            crowded.push(first + soon(dice));
        }
        Talk {
            requests,
            plans,
            stream,
            actions,
            kernel: KernelRules::choose(dice),
            stop,
            crowded,
            queued: milliseconds(dice.pick(&[0, 0, 0, 200, 20_000])),
        }
    }
}

impl KernelRules {
    fn choose(dice: &mut Dice) -> KernelRules {
        let reader = match dice.below(8) {
            0 => Reading::Slowly {
                bytes: dice.pick(&[100, 1000, 30_000]),
                every: milliseconds(dice.pick(&[1, 50, 90])),
            },
            1 => Reading::Stalls {
                behind: dice.between(0, 500),
                pause: milliseconds(dice.pick(&[50, 150, 1500, 1_000_000])),
            },
            _ => Reading::AtOnce,
        };
        KernelRules {
            most_per_write: dice.pick(&[1, 3, 50, 1000, usize::MAX, usize::MAX]),
            room: match reader {
                // Nothing but time passes until such a client takes more.
                Reading::Stalls { .. } => dice.pick(&[10, 60, 1000]),
                _ => dice.pick(&[60, 1000, 50_000]),
            },
            reader,
            joins: dice.one_in(2),
        }
    }
}
