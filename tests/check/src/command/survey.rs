//! All probes against one server, one after another or some at a time.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use check::outcome::Finding;
use check::probe::{Needs, Probe};
use check::severity::Severity;

use super::choice::{self, Chosen};
use super::end::End;
use super::flags::{Choice, Manner, Print};
use super::follows;
use super::found::{Found, Standing};
use super::interrupt;
use super::known::Known;
use super::sheet::Sheet;
use super::stop::Stop;
use super::subject::Subject;

/// How many times the patience a second try has.
const MORE_PATIENCE: f64 = 2.0;

/// After so many second tries that changed nothing there are no more: whoever is silent in twenty
/// probes is silent.
const VAIN_SECOND_TRIES: u32 = 3;

/// How much of the time a slow client holds on once the server was seen to let a silent one hold it
/// up for all of that time.
const ONCE_STALLED: f64 = 1.0 / 3.0;

/// The means of a survey.
pub(super) struct Survey<'a> {
    pub(super) choice: &'a Choice,
    pub(super) manner: &'a Manner,
    pub(super) print: &'a Print,
    known: Known,
    chosen: Chosen,
    /// How many second tries have changed nothing.
    vain_tries: AtomicU32,
    /// What has failed, be it a must or a should.
    failed: Mutex<Vec<&'static str>>,
    /// Whether a silent client has held the server up for as long as it liked.
    has_stalled: AtomicBool,
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
            vain_tries: AtomicU32::new(0),
            failed: Mutex::new(Vec::new()),
            has_stalled: AtomicBool::new(false),
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
        let (alone, together): (Vec<&'static Probe>, Vec<_>) = self
            .chosen
            .probes
            .iter()
            .copied()
            .partition(|probe| self.manner.jobs == 1 || probe.needs == Needs::Process);
        // Whether something is still to be asked must not depend on who was quicker.
        let (last, first): (Vec<_>, Vec<_>) = together
            .into_iter()
            .partition(|probe| follows::may_follow(probe));
        let mut suspects = self.side_by_side(&first, &subject, &sheet)?;
        suspects.extend(self.side_by_side(&last, &subject, &sheet)?);
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
        interrupt::print_nothing();
        let mut sheet = locked(&sheet);
        let good = sheet.finish();
        Ok(End {
            good,
            broken: sheet.is_broken(),
            to_mend: sheet.to_mend().map(|found| found.probe.name).collect(),
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
                    false => locked(sheet).add(self.settled(found)),
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
        let enough = self.vain_tries.load(Ordering::Relaxed) >= VAIN_SECOND_TRIES;
        if !self.is_suspect(&first) || enough {
            return Ok(self.settled(first));
        }
        let mut second = self.once(subject, probe, MORE_PATIENCE)?;
        if second.standing == first.standing {
            self.vain_tries.fetch_add(1, Ordering::Relaxed);
        }
        second.again = true;
        second.took += first.took;
        Ok(self.settled(second))
    }

    /// What follows from a failure is not asked any more.
    fn settled(&self, found: Found) -> Found {
        if matches!(
            found.standing,
            Standing::Failed(Severity::Must | Severity::Should)
        ) {
            locked(&self.failed).push(found.probe.name);
        }
        found
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
        #[cfg(feature = "tls")]
        if self.choice.tls {
            world.asks = Some(check::tls::still_answers);
        }
        if let Some(path) = &self.choice.websocket {
            world.socket = path.clone();
        }
        if self.has_stalled.load(Ordering::Relaxed) {
            world.hold = world.hold.mul_f64(ONCE_STALLED);
        }
        let hold = world.hold;
        let start = Instant::now();
        let cause = follows::cause(probe, &locked(&self.failed));
        let verdict = match cause {
            Some(cause) => Err(Finding::NotApplicable(format!(
                "it follows from {cause}, which fails"
            ))),
            None => probe.run(&world),
        };
        let took = start.elapsed();
        // A server without a deadline for heads has none for anything. The reverse is not true.
        if probe.name == "silent-client" && matches!(verdict, Err(Finding::Stalls)) {
            self.has_stalled.store(true, Ordering::Relaxed);
        }
        let is_timing = world.bound().was_vain()
            || matches!(verdict, Err(Finding::Waits | Finding::Unfinished(_)));
        let (address, transcript) = (world.address(), world.transcript.clone());
        let last_words = subject.take_back(world, verdict.as_ref().err());
        let standing = Standing::of(probe, &verdict, self.chosen.through, &self.known);
        Ok(Found {
            probe,
            standing,
            verdict,
            address,
            transcript,
            took,
            last_words: last_words.unwrap_or_default(),
            is_timing,
            again: false,
            was_known: self.known.reason(probe.name).is_some(),
            hold,
        })
    }
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is whole after each change.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
