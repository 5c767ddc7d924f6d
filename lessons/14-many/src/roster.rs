//! Who works, who is about to, who is about to leave, and what to do next. Nothing in here starts a
//! process or looks at a clock: it is a table of people and a rule.

// ANCHOR: imports
use std::time::{Duration, Instant};

use nix::unistd::Pid;
// ANCHOR_END: imports

// ANCHOR: roster
/// The workers of a supervisor.
#[derive(Clone, Debug)]
pub struct Roster {
    /// How many there should be.
    wanted: usize,
    /// Those who are started from now on belong to this one. A reload begins another.
    generation: u32,
    members: Vec<Member>,
    /// How often in a row a worker ended before its time. One that gets ready ends the row.
    failures: u32,
    /// Nobody is started before this.
    rests_until: Option<Instant>,
    last_failure: String,
    stage: Stage,
    /// Whether the balancer is told to send nobody.
    drains: bool,
    all_clean: bool,
    patience: Patience,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its process.
    pub pid: Pid,
    /// To which generation it belongs.
    pub generation: u32,
    /// How far it is.
    pub state: State,
    /// Whether it has been told that the machine drains.
    is_drained: bool,
}

/// How far a worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was started, and should be ready by then.
    Starts(Instant),
    /// It serves.
    Ready,
    /// It was asked to leave, so many times, and should be gone by then.
    Leaves(u32, Instant),
}

/// How far the supervisor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serves,
    /// It will close the door then. Until then the balancer looks for other machines.
    WaitsForBalancer(Instant),
    /// So many times somebody has asked it to stop.
    Stops(u32),
    /// The same, and the listener has been closed.
    DoorIsShut(u32),
}

/// How long a supervisor waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a worker to get ready.
    pub start: Duration,
    /// For a worker to leave.
    pub leave: Duration,
    /// After a worker that ended before its time, until the next is started; twice as long after
    /// the next one, and so on.
    pub rest: Duration,
    /// Between the first sign for the balancer and the end.
    pub drain: Duration,
    /// So many failures in a row, while nobody else serves, end the supervisor.
    pub failures: u32,
}
// ANCHOR_END: roster

// ANCHOR: orders
/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start a worker.
    Start,
    /// Ask this one to leave.
    Ask(Pid),
    /// It has had its time.
    End(Pid),
    /// Tell this one that the machine drains.
    Drain(Pid),
    /// Close the listener. The workers have it still.
    ShutTheDoor,
    /// Everybody has left; whether all of them in peace.
    Finish(bool),
    /// It makes no sense to go on, and why.
    GiveUp(String),
}

impl Roster {
    /// The next thing to do at this moment, if there is any. It is asked again after each.
    pub fn next(&self, now: Instant) -> Option<Order> {
        let overdue = self.members.iter().find(|member| match member.state {
            State::Starts(until) | State::Leaves(_, until) => until <= now,
            State::Ready => false,
        });
        if let Some(member) = overdue {
            return Some(Order::End(member.pid));
        }
        let untold = |member: &&Member| member.state == State::Ready && !member.is_drained;
        if self.drains
            && let Some(member) = self.members.iter().find(untold)
        {
            return Some(Order::Drain(member.pid));
        }
        match self.stage {
            Stage::Serves | Stage::WaitsForBalancer(_) => self.next_while_serving(now),
            // First the door, and then those behind it: the last of them takes its key along, and
            // whoever had been let in and not been served would be thrown out.
            Stage::Stops(_) => Some(Order::ShutTheDoor),
            Stage::DoorIsShut(times) => self.next_while_stopping(times),
        }
    }

    // ANCHOR: rule
    fn next_while_serving(&self, now: Instant) -> Option<Order> {
        let serves = |member: &&Member| member.state == State::Ready;
        if self.failures >= self.patience.failures && !self.members.iter().any(|it| serves(&it)) {
            return Some(Order::GiveUp(self.last_failure.clone()));
        }
        let staying = || self.members.iter().filter(|member| !member.leaves());
        let starting = staying().filter(|member| !serves(member)).count();
        let has_old = staying().any(|member| member.generation < self.generation);
        // A reload is one more, and then one less, until nobody is left of those before.
        let places = self.wanted + usize::from(has_old);
        let waits = has_old && starting > 0 || self.rests_until.is_some_and(|until| now < until);
        if staying().count() < places && !waits {
            return Some(Order::Start);
        }
        if staying().count() > self.wanted && starting == 0 {
            let oldest = staying().min_by_key(|member| member.generation);
            return oldest.map(|member| Order::Ask(member.pid));
        }
        None
    }
    // ANCHOR_END: rule

    fn next_while_stopping(&self, times: u32) -> Option<Order> {
        let to_ask = |member: &&Member| match member.state {
            State::Leaves(asked, _) => asked < times,
            State::Starts(_) | State::Ready => true,
        };
        match self.members.iter().find(to_ask) {
            Some(member) => Some(Order::Ask(member.pid)),
            None if self.members.is_empty() => Some(Order::Finish(self.all_clean)),
            None => None,
        }
    }
}
// ANCHOR_END: orders

// ANCHOR: done
impl Member {
    fn leaves(&self) -> bool {
        matches!(self.state, State::Leaves(..))
    }
}

/// What has been done, so that it is not done again.
impl Roster {
    /// A worker has been started.
    pub fn started(&mut self, pid: Pid, now: Instant) {
        self.members.push(Member {
            pid,
            generation: self.generation,
            state: State::Starts(now + self.patience.start),
            is_drained: false,
        });
    }

    /// It could not be: there is no process to be had.
    pub fn not_started(&mut self, why: String, now: Instant) {
        self.fail(why, true, now);
    }

    /// A worker has been asked to leave.
    pub fn asked(&mut self, pid: Pid, now: Instant) {
        let leave = self.patience.leave;
        if let Some(member) = self.find(pid) {
            member.state = match member.state {
                // Whoever asks twice is in a hurry.
                State::Leaves(asked, until) => State::Leaves(asked + 1, until.min(now + HURRY)),
                _ => State::Leaves(1, now + leave),
            };
        }
    }

    /// A worker has been ended. It is still there until the kernel says that it is not.
    pub fn ended_by_us(&mut self, pid: Pid, now: Instant) {
        let start = self.patience.start;
        if let Some(member) = self.find(pid) {
            member.state = match member.state {
                State::Starts(_) => State::Starts(now + start),
                State::Leaves(asked, _) => State::Leaves(asked, now + HURRY),
                State::Ready => State::Ready,
            };
        }
    }

    /// A worker has been told that the machine drains.
    pub fn told(&mut self, pid: Pid) {
        if let Some(member) = self.find(pid) {
            member.is_drained = true;
        }
    }

    /// The listener has been closed.
    pub fn door_is_shut(&mut self) {
        if let Stage::Stops(times) = self.stage {
            self.stage = Stage::DoorIsShut(times);
        }
    }

    fn find(&mut self, pid: Pid) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.pid == pid)
    }
}

/// How long a process may take that is in a hurry.
const HURRY: Duration = Duration::from_secs(2);
// ANCHOR_END: done

// ANCHOR: news
/// What somebody else has done.
impl Roster {
    /// A roster for so many workers, none of whom is there yet.
    pub fn new(wanted: usize, patience: Patience) -> Roster {
        Roster {
            wanted,
            generation: 1,
            members: Vec::new(),
            failures: 0,
            rests_until: None,
            last_failure: String::new(),
            stage: Stage::Serves,
            drains: false,
            all_clean: true,
            patience,
        }
    }

    /// A worker says that it is ready. Tells whether it is one of ours, and was not before.
    pub fn ready(&mut self, pid: Pid) -> bool {
        match self.find(pid) {
            Some(member) if matches!(member.state, State::Starts(_)) => {
                member.state = State::Ready;
                self.forget_failures();
                true
            }
            _ => false,
        }
    }

    /// A worker is gone; `failure` says how, unless it left in peace. Tells what that means.
    pub fn gone(&mut self, pid: Pid, failure: Option<String>, now: Instant) -> Meaning {
        let Some(place) = self.members.iter().position(|member| member.pid == pid) else {
            return Meaning::Stranger;
        };
        let member = self.members.remove(place);
        if member.leaves() || self.is_stopping() {
            self.all_clean &= failure.is_none();
            return Meaning::Left;
        }
        let early = member.state != State::Ready;
        let failure = failure.unwrap_or_else(|| "it ended, and nobody had asked it to".to_owned());
        self.fail(failure, early, now);
        let is_old = |other: &Member| other.generation < member.generation;
        if early && self.members.iter().any(is_old) {
            // What cannot be started must not replace what runs.
            for member in &mut self.members {
                member.generation = self.generation;
            }
            return Meaning::ReloadFailed;
        }
        Meaning::Crashed
    }

    /// What is remembered is why none gets ready. One that had been may have been killed.
    fn fail(&mut self, why: String, early: bool, now: Instant) {
        let longer = 2_u32.saturating_pow(self.failures.min(5));
        self.rests_until = Some(now + self.patience.rest * longer);
        self.failures += 1;
        if early || self.last_failure.is_empty() {
            self.last_failure = why;
        }
    }

    /// Somebody wants new workers in place of these.
    pub fn reload(&mut self) {
        self.generation += 1;
        self.drains = false;
        self.rests_until = None;
        self.forget_failures();
    }

    fn forget_failures(&mut self) {
        self.failures = 0;
        self.last_failure.clear();
    }

    /// Somebody wants one worker more.
    pub fn one_more(&mut self) {
        self.wanted += 1;
    }

    /// Somebody wants one worker less. The last one stays.
    pub fn one_less(&mut self) {
        self.wanted = self.wanted.saturating_sub(1).max(1);
    }

    /// Somebody wants the balancer to send nobody any more.
    pub fn drain(&mut self) {
        self.drains = true;
    }

    /// Somebody wants an end; whoever asks again is in a hurry.
    pub fn stop(&mut self, now: Instant) {
        self.stage = match self.stage {
            Stage::Serves if !self.patience.drain.is_zero() => {
                self.drains = true;
                Stage::WaitsForBalancer(now + self.patience.drain)
            }
            Stage::Serves => Stage::Stops(1),
            Stage::WaitsForBalancer(_) => Stage::Stops(1),
            Stage::Stops(times) => Stage::Stops(times + 1),
            Stage::DoorIsShut(times) => Stage::DoorIsShut(times + 1),
        };
    }

    /// Time has passed.
    pub fn pass(&mut self, now: Instant) {
        if let Stage::WaitsForBalancer(until) = self.stage
            && until <= now
        {
            self.stage = Stage::Stops(1);
        }
    }

    /// When there may be something to do although nothing has happened.
    pub fn alarm(&self, now: Instant) -> Option<Instant> {
        let members = self.members.iter().filter_map(|member| match member.state {
            State::Starts(until) | State::Leaves(_, until) => Some(until),
            State::Ready => None,
        });
        let drained = match self.stage {
            Stage::WaitsForBalancer(until) => Some(until),
            _ => None,
        };
        let rested = self.rests_until.filter(|until| *until > now);
        members.chain(drained).chain(rested).min()
    }
}

/// What the end of a process means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was none of the workers.
    Stranger,
    /// It was asked to.
    Left,
    /// It was not.
    Crashed,
    /// It was the first of a new generation, and never got ready: the old one stays.
    ReloadFailed,
}
// ANCHOR_END: news

// ANCHOR: questions
impl Roster {
    /// Those who are there.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// How many there should be.
    pub fn wanted(&self) -> usize {
        self.wanted
    }

    /// Whether all are there, and none is older than the last reload.
    pub fn is_complete(&self) -> bool {
        let current =
            |member: &&Member| member.state == State::Ready && member.generation == self.generation;
        self.members.iter().filter(current).count() >= self.wanted
    }

    /// Whether the end has begun.
    pub fn is_stopping(&self) -> bool {
        !matches!(self.stage, Stage::Serves | Stage::WaitsForBalancer(_))
    }
}
// ANCHOR_END: questions

#[cfg(test)]
mod tests {
    use super::*;

    /// A play: what happens, and what is ordered then, until there is nothing to do.
    struct Play {
        roster: Roster,
        begun: Instant,
        now: Instant,
        /// The number that the next worker gets.
        next: i32,
    }

    impl Play {
        fn new(wanted: usize, drain: f64) -> Play {
            let patience = Patience {
                start: Duration::from_secs(30),
                leave: Duration::from_secs(15),
                rest: Duration::from_secs(1),
                drain: Duration::from_secs_f64(drain),
                failures: 3,
            };
            let now = Instant::now();
            Play {
                roster: Roster::new(wanted, patience),
                begun: now,
                now,
                next: 1,
            }
        }

        /// Does what is written, such as `ready 1` or `at 3`, and says what was ordered then.
        fn hear(&mut self, event: &str) -> String {
            let (verb, number) = event.split_once(' ').unwrap_or((event, ""));
            let pid = || Pid::from_raw(number.parse().unwrap());
            match verb {
                "begin" => {}
                "ready" => drop(self.roster.ready(pid())),
                "left" => drop(self.roster.gone(pid(), None, self.now)),
                "crash" => drop(self.roster.gone(pid(), Some(event.to_owned()), self.now)),
                "reload" => self.roster.reload(),
                "more" => self.roster.one_more(),
                "fewer" => self.roster.one_less(),
                "drain" => self.roster.drain(),
                "stop" => self.roster.stop(self.now),
                "at" => {
                    let at = Duration::from_secs_f64(number.parse().unwrap());
                    self.now = self.begun + at;
                    self.roster.pass(self.now);
                }
                other => panic!("{other} is no event"),
            }
            self.orders()
        }

        fn orders(&mut self) -> String {
            let mut orders = Vec::new();
            while let Some(order) = self.roster.next(self.now) {
                orders.push(match order {
                    Order::Start => {
                        let pid = Pid::from_raw(self.next);
                        self.next += 1;
                        self.roster.started(pid, self.now);
                        format!("start {pid}")
                    }
                    Order::Ask(pid) => {
                        self.roster.asked(pid, self.now);
                        format!("ask {pid}")
                    }
                    Order::End(pid) => {
                        self.roster.ended_by_us(pid, self.now);
                        format!("end {pid}")
                    }
                    Order::Drain(pid) => {
                        self.roster.told(pid);
                        format!("drain {pid}")
                    }
                    Order::ShutTheDoor => {
                        self.roster.door_is_shut();
                        "shut".to_owned()
                    }
                    Order::Finish(true) => "finish".to_owned(),
                    Order::Finish(false) => "finish, forced".to_owned(),
                    Order::GiveUp(why) => format!("give up: {why}"),
                });
                if orders
                    .last()
                    .is_some_and(|last| last.starts_with("finish") || last.starts_with("give"))
                {
                    break;
                }
                assert!(orders.len() < 20, "it never ends: {orders:?}");
            }
            orders.join(", ")
        }

        fn play(&mut self, scenes: &[(&str, &str)]) {
            for (event, orders) in scenes {
                assert_eq!(self.hear(event), *orders, "after {event:?}");
            }
        }
    }

    const BEGUN: &[(&str, &str)] = &[
        ("begin", "start 1, start 2"),
        ("ready 1", ""),
        ("ready 2", ""),
    ];

    #[test]
    fn a_reload_starts_one_asks_one_to_leave_and_so_on_until_all_are_new() {
        let mut play = Play::new(2, 0.0);
        play.play(BEGUN);
        play.play(&[
            ("reload", "start 3"),
            ("ready 3", "ask 1, start 4"),
            ("left 1", ""),
            ("ready 4", "ask 2"),
            ("left 2", ""),
        ]);
        assert!(play.roster.is_complete());
    }

    #[test]
    fn a_reload_whose_first_worker_does_not_get_ready_is_given_up() {
        let mut play = Play::new(2, 0.0);
        play.play(BEGUN);
        play.play(&[("reload", "start 3"), ("crash 3", ""), ("at 9", "")]);
        // It may be tried again.
        play.play(&[("reload", "start 4"), ("ready 4", "ask 1, start 5")]);
    }

    #[test]
    fn a_worker_that_hangs_at_its_start_is_ended_and_the_reload_given_up() {
        let mut play = Play::new(1, 0.0);
        play.play(&[("begin", "start 1"), ("ready 1", ""), ("reload", "start 2")]);
        play.play(&[
            ("at 29", ""),
            ("at 30", "end 2"),
            ("crash 2", ""),
            ("at 60", ""),
        ]);
    }

    #[test]
    fn who_crashes_is_replaced_after_a_rest_that_gets_longer() {
        let mut play = Play::new(2, 0.0);
        play.play(BEGUN);
        play.play(&[
            ("crash 1", ""),
            ("at 0.9", ""),
            ("at 1", "start 3"),
            ("crash 3", ""),
            ("at 2.9", ""),
            ("at 3", "start 4"),
            // One that gets ready ends the row.
            ("ready 4", ""),
            ("crash 4", ""),
            ("at 4", "start 5"),
        ]);
    }

    #[test]
    fn a_start_that_fails_three_times_is_the_end_unless_somebody_serves() {
        let mut play = Play::new(1, 0.0);
        play.play(&[("begin", "start 1"), ("crash 1", ""), ("at 1", "start 2")]);
        play.play(&[
            ("crash 2", ""),
            ("at 3", "start 3"),
            ("crash 3", "give up: crash 3"),
        ]);
        let mut play = Play::new(2, 0.0);
        play.play(BEGUN);
        play.play(&[
            ("crash 1", ""),
            ("at 1", "start 3"),
            ("crash 3", ""),
            ("at 3", "start 4"),
        ]);
        play.play(&[
            ("crash 4", ""),
            ("at 7", "start 5"),
            ("crash 5", ""),
            ("at 15", "start 6"),
        ]);
        // Not because of the one that served.
        play.play(&[("crash 2", "give up: crash 5")]);
    }

    #[test]
    fn more_and_fewer_workers_and_the_last_one_stays() {
        let mut play = Play::new(1, 0.0);
        play.play(&[("begin", "start 1"), ("ready 1", ""), ("more", "start 2")]);
        play.play(&[
            ("ready 2", ""),
            ("fewer", "ask 1"),
            ("left 1", ""),
            ("fewer", ""),
        ]);
    }

    #[test]
    fn at_a_stop_the_door_is_shut_before_anybody_is_asked_and_all_are_waited_for() {
        let mut play = Play::new(2, 0.0);
        play.play(BEGUN);
        play.play(&[
            ("stop", "shut, ask 1, ask 2"),
            ("left 1", ""),
            ("left 2", "finish"),
        ]);
    }

    #[test]
    fn a_second_stop_is_passed_on_and_whoever_does_not_hear_it_is_ended() {
        let mut play = Play::new(2, 0.0);
        play.play(BEGUN);
        play.play(&[
            ("stop", "shut, ask 1, ask 2"),
            ("at 1", ""),
            ("stop", "ask 1, ask 2"),
            ("crash 1", ""),
            ("at 3", "end 2"),
            ("crash 2", "finish, forced"),
        ]);
    }

    #[test]
    fn a_worker_that_does_not_leave_in_its_time_is_ended() {
        let mut play = Play::new(1, 0.0);
        play.play(&[
            ("begin", "start 1"),
            ("ready 1", ""),
            ("stop", "shut, ask 1"),
        ]);
        play.play(&[
            ("at 14", ""),
            ("at 15", "end 1"),
            ("crash 1", "finish, forced"),
        ]);
    }

    #[test]
    fn the_balancer_is_told_first_and_has_its_time() {
        let mut play = Play::new(2, 1.5);
        play.play(BEGUN);
        play.play(&[
            ("stop", "drain 1, drain 2"),
            ("at 1", ""),
            // One that crashes now is replaced, and told as soon as it can hear.
            ("crash 1", ""),
            ("at 1.4", ""),
            ("at 1.5", "shut, ask 2"),
            ("left 2", "finish"),
        ]);
    }

    #[test]
    fn a_drained_machine_serves_on_and_a_reload_takes_it_back() {
        let mut play = Play::new(1, 0.0);
        play.play(&[("begin", "start 1"), ("ready 1", ""), ("drain", "drain 1")]);
        play.play(&[
            ("more", "start 2"),
            ("ready 2", "drain 2"),
            ("fewer", "ask 1"),
        ]);
        play.play(&[("left 1", ""), ("reload", "start 3"), ("ready 3", "ask 2")]);
    }
}
