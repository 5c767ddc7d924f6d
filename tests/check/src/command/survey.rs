//! All probes against one server, one after another or some at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use check::outcome::Finding;
use check::probe::{Needs, Probe};

use super::choice::{self, Chosen};
use super::flags::{Choice, Manner, Print};
use super::found::{Found, Standing};
use super::interrupt;
use super::known::Known;
use super::sheet::Sheet;
use super::subject::Subject;
use super::{End, Stop};

/// How many times the patience a second try has.
const MORE_PATIENCE: f64 = 2.0;

/// How long all second tries together may take: whoever is silent in twenty probes is silent.
const SECOND_TRIES: Duration = Duration::from_secs(40);

/// The means of a survey.
pub(super) struct Survey<'a> {
    pub(super) choice: &'a Choice,
    pub(super) manner: &'a Manner,
    pub(super) print: &'a Print,
    known: Known,
    chosen: Chosen,
    /// What is left for second tries.
    second_tries: Mutex<Duration>,
}

impl<'a> Survey<'a> {
    /// Reads what the flags name.
    pub(super) fn new(
        choice: &'a Choice,
        manner: &'a Manner,
        print: &'a Print,
    ) -> Result<Survey<'a>, Stop> {
        Ok(Survey {
            choice,
            manner,
            print,
            known: Known::read(choice.known.as_deref())?,
            chosen: choice::chosen(choice)?,
            second_tries: Mutex::new(SECOND_TRIES),
        })
    }

    /// Runs the probes and prints what they find.
    pub(super) fn run(&self, mut subject: Subject) -> Result<End, Stop> {
        if self.manner.jobs > 1 && matches!(subject, Subject::Running(_)) {
            return Err(Stop::Usage(
                "--jobs needs --run: on one server, probes disturb each other".to_owned(),
            ));
        }
        subject.must_be_there()?;
        let sheet = Sheet::new(
            &self.chosen,
            self.choice,
            self.print,
            self.manner.verbose,
            subject.name(),
        );
        let sheet = Arc::new(Mutex::new(sheet));
        interrupt::print_on_ctrl_c(&sheet);
        // A probe that looks into the server's process, or measures it, wants to be alone.
        let (alone, together): (Vec<_>, Vec<_>) = self
            .chosen
            .probes
            .iter()
            .copied()
            .partition(|probe| self.manner.jobs == 1 || probe.needs == Needs::Process);
        let suspects = self.side_by_side(&together, &subject, &sheet)?;
        for probe in suspects.into_iter().chain(alone) {
            locked(&sheet).announce(probe.name);
            let found = self.carefully(&mut subject, probe)?;
            let gone = matches!(found.verdict, Err(Finding::Died(_)));
            locked(&sheet).add(found);
            if gone && matches!(subject, Subject::Running(_)) {
                locked(&sheet).cut = Some("the server is gone");
                break;
            }
        }
        let mut sheet = locked(&sheet);
        let good = sheet.finish();
        Ok(End {
            good,
            broken: sheet.is_broken(),
            failed: sheet.counting().map(|found| found.probe.name).collect(),
        })
    }

    /// Runs probes at the same time, each with a server of its own. The result: those whose
    /// finding may be a matter of time, to be tried again when nobody disturbs them.
    fn side_by_side(
        &self,
        probes: &[&'static Probe],
        subject: &Subject,
        sheet: &Mutex<Sheet>,
    ) -> Result<Vec<&'static Probe>, Stop> {
        let next = AtomicUsize::new(0);
        let stopped = AtomicBool::new(false);
        let suspects = Mutex::new(Vec::new());
        let run = || {
            let mut subject = subject.another();
            while let Some(probe) = probes.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                locked(sheet).announce(probe.name);
                let found = self.once(&mut subject, probe, 1.0).inspect_err(|_| {
                    stopped.store(true, Ordering::Relaxed);
                })?;
                match self.is_suspect(&found) {
                    true => locked(&suspects).push(*probe),
                    false => locked(sheet).add(found),
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let jobs: Vec<_> = (0..self.manner.jobs).map(|_| scope.spawn(run)).collect();
            // A probe that panics is a finding, so no job does.
            let ended = jobs.into_iter().filter_map(|job| job.join().ok());
            ended.collect::<Result<(), Stop>>()
        })?;
        Ok(suspects
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a probe. What it finds counts at once, unless it may be a matter of time: then it is
    /// tried once more, with more patience, and what is found then counts.
    fn carefully(&self, subject: &mut Subject, probe: &'static Probe) -> Result<Found, Stop> {
        let first = self.once(subject, probe, 1.0)?;
        let left = *locked(&self.second_tries);
        if !self.is_suspect(&first) || left.is_zero() {
            return Ok(first);
        }
        let mut second = self.once(subject, probe, MORE_PATIENCE)?;
        *locked(&self.second_tries) = left.saturating_sub(second.took);
        second.again = true;
        second.took += first.took;
        Ok(second)
    }

    /// Whether it counts, and may be a matter of time. Who was held up for as long as a slow client
    /// held on has waited long enough.
    fn is_suspect(&self, found: &Found) -> bool {
        let stalls = matches!(found.verdict, Err(Finding::Stalls));
        found.is_timing && !stalls && found.standing.counts(self.choice.strict)
    }

    fn once(
        &self,
        subject: &mut Subject,
        probe: &'static Probe,
        patience: f64,
    ) -> Result<Found, Stop> {
        let mut world = subject.world()?;
        self.manner.apply_to(&mut world, patience);
        let start = Instant::now();
        let verdict = probe.run(&world);
        let took = start.elapsed();
        let is_timing = world.bound().was_vain()
            || matches!(verdict, Err(Finding::Waits | Finding::Unfinished(_)));
        let (address, transcript) = (world.address(), world.transcript.clone());
        let last_words = subject.take_back(world, verdict.as_ref().err());
        Ok(Found {
            probe,
            standing: Standing::of(probe, &verdict, self.chosen.through, &self.known),
            verdict,
            address,
            transcript,
            took,
            last_words: last_words.unwrap_or_default(),
            is_timing,
            again: false,
            was_known: self.known.reason(probe.name).is_some(),
            hold: self.manner.hold,
        })
    }
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is whole after each change.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
