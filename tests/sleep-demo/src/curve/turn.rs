//! One server at one rate after the other, until its knee is known.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use load::{Failure, Outcome, Plan, Progress, Question, Schedule};

use crate::curve::climb::{Climb, in_order};
use crate::curve::knee::Knee;
use crate::curve::point::{LITTLE, Point, Standing};
use crate::curve::report::Curve;
use crate::curve::work::Work;

/// A server whose turn it is.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Its name in tables and pictures.
    pub name: String,
    /// What serves a request there.
    pub words: String,
    /// How many requests it serves at once, if we know.
    pub at_once: Option<usize>,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it is asked.
    pub question: Question,
    /// What that costs it.
    pub work: Work,
    /// Which rates; `None`: those that fit to how long somebody waits who is alone.
    pub climb: Option<Climb>,
    /// How long each rate lasts; `None`: as long as it takes to see a queue grow.
    pub lasting: Option<Duration>,
}

/// So many services after each other: then a queue that grows by one in twenty is to be seen.
const SERVICES: u32 = 20;

/// And no rate is shorter than that.
const SHORTEST: Duration = Duration::from_secs(1);

/// So many times somebody asks who is alone.
const ALONE: usize = 5;

/// How long a server may take for one request of somebody who is alone.
const GUARD: Duration = Duration::from_secs(60);

/// A busy machine is late by this, whatever the service.
const ALWAYS_LATE: Duration = Duration::from_millis(5);

/// What the client is at.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The rate at hand; `None`: it asks alone.
    pub rate: Option<f64>,
    /// How far the load is.
    pub progress: Progress,
}

impl Turn {
    /// Takes the turn. `watch` is shown again and again what is known so far, and may break it
    /// off: then the curve has the points that were finished.
    pub fn take(
        &self,
        mut watch: impl FnMut(&Curve, &Now) -> ControlFlow<()> + Send,
    ) -> Result<Curve, String> {
        let mut curve = Curve {
            name: self.name.clone(),
            words: self.words.clone(),
            at_once: self.at_once,
            alone_ms: 0.0,
            knee: Knee::of(&[], None, 1.0),
            points: Vec::new(),
            stopped: false,
        };
        let mut waits = Vec::new();
        while waits.len() < ALONE && !curve.stopped {
            let outcome = self.alone(&curve, &mut watch)?;
            curve.stopped = outcome.stopped;
            waits.extend(outcome.answered().map(load::Record::latency));
        }
        waits.sort();
        let alone = waits.get(waits.len() / 2).copied().unwrap_or_default();
        curve.alone_ms = crate::request::thousandths(alone.as_secs_f64() * 1000.0);
        let climb = self
            .climb
            .unwrap_or(Climb::for_service(curve.alone_ms, 0.5));
        // In the order in which they were made, which is what the climb needs to know.
        let mut made: Vec<Point> = Vec::new();
        while !curve.stopped
            && let Some(rate) = climb.next(&made)
        {
            if made
                .last()
                .is_some_and(|last| last.standing != Standing::Kept)
            {
                // Whoever has given up may still be served. Then somebody who is alone has to wait.
                curve.stopped = self.alone(&curve, &mut watch)?.stopped;
            }
            let outcome = self.at(rate, alone, &curve, &mut watch)?;
            curve.stopped |= outcome.stopped;
            if !outcome.stopped {
                let point = Point::of(rate, &outcome, curve.alone_ms);
                if point.standing == Standing::Kept {
                    // Nobody waits less than somebody who is alone: then something was in the way.
                    curve.alone_ms = curve.alone_ms.min(point.p50_ms);
                }
                made.push(point);
                curve.points = in_order(&made);
                let service_ms = self.work.service_ms().unwrap_or(curve.alone_ms);
                curve.knee = Knee::of(&made, self.at_once, service_ms);
            }
        }
        Ok(curve)
    }

    /// One request when there is no other.
    fn alone(
        &self,
        curve: &Curve,
        watch: &mut (impl FnMut(&Curve, &Now) -> ControlFlow<()> + Send),
    ) -> Result<Outcome, String> {
        let mut plan = self.plan(Schedule::of(vec![Duration::ZERO]));
        plan.patience = GUARD;
        let outcome = run(&plan, None, curve, watch)?;
        let failure = outcome.failed().map(|(_, failure)| failure).next();
        match failure {
            Some(Failure::Status(status)) => Err(format!(
                "{} answers {} with {status}",
                self.name,
                self.question.path()
            )),
            Some(failure) if failure != Failure::Stopped => {
                Err(format!("{} at {}: {failure}", self.name, self.address))
            }
            _ => Ok(outcome),
        }
    }

    fn at(
        &self,
        rate: f64,
        alone: Duration,
        curve: &Curve,
        watch: &mut (impl FnMut(&Curve, &Now) -> ControlFlow<()> + Send),
    ) -> Result<Outcome, String> {
        let enough = (alone * SERVICES).max(SHORTEST);
        let lasting = self.lasting.unwrap_or(enough);
        let mut plan = self.plan(Schedule::even(rate, lasting));
        plan.patience = (lasting * 4 + alone * 10).max(plan.patience);
        plan.tolerance = (alone / LITTLE).max(ALWAYS_LATE);
        run(&plan, Some(rate), curve, watch)
    }

    fn plan(&self, schedule: Schedule) -> Plan {
        Plan::new(self.address, self.question.clone(), schedule)
    }
}

fn run(
    plan: &Plan,
    rate: Option<f64>,
    curve: &Curve,
    watch: &mut (impl FnMut(&Curve, &Now) -> ControlFlow<()> + Send),
) -> Result<Outcome, String> {
    let outcome = plan.run(|&progress| watch(curve, &Now { rate, progress }));
    outcome.map_err(|error| format!("cannot send the requests: {error}"))
}
