//! What happens to the machines, while requests keep coming.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use load::{Failure, Outcome, Plan, Progress, Question, Record, Schedule};
use rustix::process::Signal;

use crate::cells::{Cell, add, both, milliseconds};
use crate::ground::{Ground, LabError};
use crate::lab::Lab;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// `SIGHUP` to one machine after the other: new workers everywhere.
    Reload,
    /// Each machine is stopped and started again, one after the other.
    Restart,
    /// A machine loses its power, and comes back.
    Kill,
    /// A machine stands still for a while: it answers nobody, and no connection breaks.
    Freeze,
    /// The cable of a machine is pulled, and put in again.
    Cut,
}

impl Scene {
    /// All of them that this ground can show, in their order.
    pub fn all(ground: Ground) -> Vec<Scene> {
        let mut scenes = vec![Scene::Reload, Scene::Restart, Scene::Kill, Scene::Freeze];
        if ground == Ground::Namespaces {
            scenes.push(Scene::Cut);
        }
        scenes
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scene::Reload => "SIGHUP on all",
            Scene::Restart => "restart of all",
            Scene::Kill => "kill -9 of one",
            Scene::Freeze => "one frozen",
            Scene::Cut => "one cut off",
        }
    }

    /// How long the load goes on behind the last thing that happens: long enough for those who
    /// wait for an answer that does not come (`timeout server 2s`), and for what they do then.
    fn afterwards(self) -> Duration {
        Duration::from_millis(match self {
            Scene::Reload | Scene::Restart | Scene::Kill => 700,
            Scene::Freeze | Scene::Cut => 1000,
        })
    }

    /// Lets it happen.
    fn happen(self, lab: &mut Lab, note: &dyn Fn(&str)) -> Result<(), LabError> {
        let Lab {
            machines, balancer, ..
        } = lab;
        match self {
            Scene::Reload => {
                for machine in machines {
                    note(&format!("SIGHUP: {}", machine.name));
                    machine.tell(Signal::HUP);
                    thread::sleep(Duration::from_millis(500));
                }
            }
            Scene::Restart => {
                for machine in machines {
                    note(&format!("SIGTERM: {}", machine.name));
                    machine.tell(Signal::TERM);
                    if !machine.wait()? {
                        let name = machine.name;
                        return Err(LabError::Failed(format!("{name} did not end in peace")));
                    }
                    machine.start()?;
                    balancer.wait_until_up(machine.name)?;
                }
                note("all are new");
            }
            Scene::Kill => {
                note("kill -9: two");
                machines[1].kill();
                balancer.wait_until_down("two")?;
                thread::sleep(Duration::from_millis(300));
                machines[1].start()?;
                balancer.wait_until_up("two")?;
                note("two is back");
            }
            Scene::Freeze => {
                note("frozen: three");
                machines[2].freeze(true);
                thread::sleep(Duration::from_millis(2500));
                machines[2].freeze(false);
                note("three goes on");
                balancer.wait_until_up("three")?;
            }
            Scene::Cut => {
                note("cut off: one");
                machines[0].plug(false)?;
                thread::sleep(Duration::from_millis(2500));
                machines[0].plug(true)?;
                note("one is back");
                balancer.wait_until_up("one")?;
            }
        }
        Ok(())
    }
}

/// How many requests come in a second.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Which may be repeated.
    pub get: f64,
    /// Which may not.
    pub post: f64,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            get: 150.0,
            post: 50.0,
        }
    }
}

/// What has been seen of a scene.
#[derive(Debug)]
pub struct Seen {
    /// What happened when, counted from the beginning of the load.
    pub notes: Vec<(Duration, String)>,
    /// The requests that may be repeated.
    pub get: Outcome,
    /// Those that may not.
    pub post: Outcome,
}

/// How far a scene is, for whoever watches.
#[derive(Clone, Debug, Default)]
pub struct Now {
    /// Moments in milliseconds, each with what happened then.
    pub notes: Vec<(u64, String)>,
    /// Requests that were answered so far.
    pub answered: usize,
    /// Requests that were lost so far.
    pub lost: usize,
    /// One for each 100 ms, with what is known of those that were due then.
    pub cells: Vec<Cell>,
}

/// What every request asks for: each takes a moment, so that some are always under way.
const PATH: &str = "/sleep?ms=20";

/// Longer than any scene takes: the load is broken off when it is over.
const ENDLESS: Duration = Duration::from_secs(60);

/// Plays a scene under load.
pub fn play(
    scene: Scene,
    lab: &mut Lab,
    rates: Rates,
    watch: &(dyn Fn(&Now) + Sync),
) -> Result<Seen, LabError> {
    let door = lab.balancer.address;
    let host = door.to_string();
    let get = Question::get(host.clone(), PATH).kept();
    let post = Question::post(host, PATH, "text/plain", "x").kept();
    let plan = |question, rate| Plan {
        keeps_answers: true,
        patience: Duration::from_secs(9),
        ..Plan::new(door, question, Schedule::even(rate, ENDLESS))
    };
    let (get, post) = (plan(get, rates.get), plan(post, rates.post));
    let (is_over, begun) = (AtomicBool::new(false), Instant::now());
    let (now, notes) = (Mutex::new(Board::default()), Mutex::new(Vec::new()));
    let look = |which: usize| {
        let (now, is_over) = (&now, &is_over);
        move |progress: &Progress, records: &[Record]| {
            lock(now).take(which, progress, records, watch);
            match is_over.load(Ordering::SeqCst) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    };
    let note = |text: &str| {
        lock(&notes).push((begun.elapsed(), text.to_owned()));
        let at = milliseconds(begun.elapsed());
        lock(&now).now.notes.push((at, text.to_owned()));
    };
    let (happened, get, post) = thread::scope(|scope| {
        let get = scope.spawn(|| get.run_in_sight(look(0)));
        let post = scope.spawn(|| post.run_in_sight(look(1)));
        thread::sleep(Duration::from_millis(500)); // What it looks like when nothing happens.
        let happened = scene.happen(lab, &note);
        thread::sleep(scene.afterwards());
        is_over.store(true, Ordering::SeqCst);
        (happened, join(get), join(post))
    });
    happened?;
    Ok(Seen {
        notes: notes.into_inner().unwrap_or_else(PoisonError::into_inner),
        get: without_those_under_way(get?),
        post: without_those_under_way(post?),
    })
}

fn join<T>(handle: thread::ScopedJoinHandle<'_, T>) -> T {
    match handle.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// The load is broken off by us, and what was under way at that moment says nothing.
fn without_those_under_way(mut outcome: Outcome) -> Outcome {
    outcome
        .records
        .retain(|record| record.result != Err(Failure::Stopped));
    outcome.stopped = false;
    outcome
}

#[derive(Default)]
struct Board {
    now: Now,
    progress: [Progress; 2],
    /// The cells of each kind of request.
    cells: [Vec<Cell>; 2],
}

impl Board {
    fn take(
        &mut self,
        which: usize,
        progress: &Progress,
        records: &[Record],
        watch: &(dyn Fn(&Now) + Sync),
    ) {
        self.progress[which] = *progress;
        self.now.answered = self.progress.iter().map(|it| it.answered).sum();
        self.now.lost = self.progress.iter().map(|it| it.failed).sum();
        self.cells[which].clear();
        let is_over = |record: &&Record| record.result != Err(Failure::Stopped);
        let over = records.iter().filter(is_over);
        over.for_each(|record| add(record, &mut self.cells[which]));
        self.now.cells = both(&self.cells);
        watch(&self.now);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Whatever is noted is noted whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
