//! One run: a script is played with several drivers, judged, and compared.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use lesson02::{Clock, Limits, Settings};
use lesson03::{Bell, Deployment, Gateway, Pace, pause_with};
use lesson07::{Conversation, Drawer, House, Papers, Rules, converse};

use super::agree::{Ways, agree};
use super::application::Player;
use super::drivers::{Kettle, ScriptedLine, Stepper};
use super::judge::{Finding, Promise, judge};
use super::kernel::{Kernel, Shared, sleep};
use super::planted::Planted;
use super::record::Event;
use super::script::Script;
use super::seed::Dice;

/// What a seed has led to.
pub(crate) struct Run {
    pub(crate) finding: Option<Finding>,
    /// The record of the conversation in which it was found.
    pub(crate) trace: Vec<String>,
    /// Conversations that were driven from beginning to end.
    pub(crate) conversations: usize,
}

/// So many turns must be enough for any script.
const TURNS: usize = 1_000_000;

thread_local! {
    /// Each thread has one, as it costs two sockets.
    static BELL: Arc<Bell> = Arc::new(Bell::new().expect("two sockets for a bell"));
    /// Where the last panic was.
    pub(crate) static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How conversations are driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// Lesson 7's, with a thread for each.
    Converse,
    /// Step by step, all at one desk.
    Steps,
}

/// Plays one seed.
pub(crate) fn run(seed: u64, planted: Planted) -> Run {
    pause_with(sleep);
    let script = Script::write(seed);
    let mut dice = Dice::new(!seed);
    let gathers = dice.one_in(2);
    let stage = |driver, gathers, planted| Stage::play(&script, driver, gathers, planted, seed);
    let mut plays = vec![
        stage(Driver::Converse, gathers, Planted::Nothing),
        stage(Driver::Steps, gathers, planted),
    ];
    if gathers {
        plays.push(stage(Driver::Converse, false, Planted::Nothing));
    }
    let conversations = plays.len() * script.conversations.len();
    let found = plays.iter().find_map(Stage::judge).or_else(|| {
        let ways = match gathers {
            true => &[(0, 1, Ways::WriteAtOnceOrLater), (2, 1, Ways::ReadOrGather)][..],
            false => &[(0, 1, Ways::Same)],
        };
        ways.iter()
            .find_map(|&(one, other, ways)| compare(&plays[one], &plays[other], ways))
    });
    let (finding, trace) = found.unzip();
    Run {
        finding,
        trace: trace.unwrap_or_default(),
        conversations,
    }
}

fn compare(one: &Stage, other: &Stage, ways: Ways) -> Option<(Finding, Vec<String>)> {
    let pairs = one.kernels.iter().zip(&other.kernels);
    let mut pairs = pairs.map(|(one, other)| (one.lock(), other.lock()));
    pairs.find_map(|(one, other)| {
        let finding = agree(&one, &other, ways).err()?;
        let mut trace = trace(&one);
        trace.push("and with the other driver:".to_owned());
        trace.extend(self::trace(&other));
        Some((finding, trace))
    })
}

fn trace(kernel: &Kernel) -> Vec<String> {
    let talk = &kernel.talk;
    let mut lines = vec![format!("{:?} {:?}", kernel.rules, talk.kernel)];
    lines.push(format!("stop {:?}, crowded {:?}", talk.stop, talk.crowded));
    for (asked, plan) in talk.requests.iter().zip(&talk.plans) {
        lines.push(format!("{asked:?}"));
        lines.push(format!("  {plan:?}"));
    }
    let entries = kernel.record.iter().enumerate();
    let is_more = |at: usize| {
        // Of many writes in a row, the last says how far they came.
        let follows = kernel.record.get(at + 1).map(|next| &next.event);
        matches!(
            (&kernel.record[at].event, follows),
            (Event::Sent(_), Some(Event::Sent(_)))
        )
    };
    lines.extend(
        entries
            .filter(|(at, _)| !is_more(*at))
            .map(|(_, entry)| entry.to_string()),
    );
    let text = String::from_utf8_lossy(&kernel.out[..kernel.out.len().min(1500)]).into_owned();
    lines.push(format!("{text:?}"));
    lines
}

/// A script as one driver has played it.
struct Stage {
    driver: Driver,
    gathers: bool,
    kernels: Vec<Shared>,
    /// A panic that came out of our own code.
    panic: Option<String>,
}

impl Stage {
    fn play(script: &Script, driver: Driver, gathers: bool, planted: Planted, seed: u64) -> Stage {
        let bell = BELL.with(Arc::clone);
        let crowded = Arc::new(AtomicBool::new(false));
        let base = Instant::now();
        let kernel = |talk| Kernel::install(talk, &script.rules, &bell, &crowded, base);
        let kernels: Vec<Shared> = script.conversations.iter().map(kernel).collect();
        let player = Player {
            kernels: kernels.clone(),
        };
        let house = open_house(script, gathers, player, &bell, &crowded);
        let play = || match driver {
            Driver::Converse => kernels.iter().for_each(|kernel| {
                let mut papers = blank(script);
                kernel.enter();
                let conversation = Conversation::new(PEER.into(), base, &house);
                converse(&house, ScriptedLine::new(kernel), conversation, &mut papers);
            }),
            Driver::Steps => {
                let stepper = |kernel| {
                    let conversation = Conversation::new(PEER.into(), base, &house);
                    Stepper::new(kernel, conversation, !gathers).with(planted)
                };
                let steppers = kernels.iter().map(stepper).collect();
                in_turns(&house, steppers, script, seed);
            }
        };
        let outcome = catch_unwind(AssertUnwindSafe(play));
        let panic = outcome.err().map(|_| PANIC.with_borrow(Clone::clone));
        Stage {
            driver,
            gathers,
            kernels,
            panic,
        }
    }

    fn judge(&self) -> Option<(Finding, Vec<String>)> {
        self.kernels.iter().find_map(|kernel| {
            let kernel = kernel.lock();
            let finding = match &self.panic {
                Some(place) => Promise::NoPanic.broken(place),
                None => judge(&kernel).err()?,
            };
            let what = format!(
                "{} (driver: {:?}, bodies are gathered: {})",
                finding.what, self.driver, self.gathers
            );
            Some((Finding { what, ..finding }, trace(&kernel)))
        })
    }
}

/// Lets several conversations use one desk, in an order that nobody foresees.
fn in_turns(house: &House, mut steppers: Vec<Stepper>, script: &Script, seed: u64) {
    let mut dice = Dice::new(seed.rotate_left(32));
    let mut drawer = Drawer::new(script.rules.head_bytes);
    steppers
        .iter()
        .for_each(|_| drawer.put(Box::new(blank(script))));
    let mut desk = Box::new(blank(script));
    let mut turns = 0;
    while !steppers.is_empty() {
        let who = dice.below(steppers.len());
        steppers[who].turn(house, &mut desk, &mut drawer);
        if steppers[who].is_over() {
            steppers.swap_remove(who);
        }
        turns += 1;
        assert!(turns < TURNS, "a conversation that does not end");
    }
}

const PEER: ([u8; 4], u16) = ([127, 0, 0, 1], 40_000);

/// Papers on which the time stands still, so that no two runs differ in it.
fn blank(script: &Script) -> Papers {
    let mut papers = Papers::new(script.rules.head_bytes);
    papers.desk.clock = Clock::new(|| 784_111_777);
    papers
}

fn open_house(
    script: &Script,
    gathers: bool,
    player: Player,
    bell: &Arc<Bell>,
    crowded: &Arc<AtomicBool>,
) -> House {
    let rules = &script.rules;
    let settings = Settings {
        limits: Limits {
            head_bytes: rules.head_bytes,
            body_bytes: rules.body_bytes,
            head_timeout: rules.head_timeout,
            write_timeout: rules.write_timeout,
            ..Limits::default()
        },
        quiet: true,
        ..Settings::default()
    };
    let pace = Pace {
        grace: rules.grace,
        bytes_per_second: rules.bytes_per_second,
    };
    let deployment = Deployment::at(SocketAddr::from(([127, 0, 0, 1], 80)), "simulated");
    let gateway = Gateway::new(settings, pace, deployment);
    let house_rules = Rules {
        timeout: rules.keep_alive,
        requests_per_connection: rules.requests_per_connection,
        stop_timeout: rules.stop_timeout,
        whole_bodies: gathers,
    };
    let mut house = House::new(gateway, Arc::new(player), house_rules, Arc::clone(bell));
    crowded.store(false, Ordering::Relaxed);
    house.crowded = Arc::clone(crowded);
    if rules.can_upgrade {
        house.set_upgrader(Some(Arc::new(Kettle)));
    }
    house
}
