//! What can be asked for, and what cannot.

use std::path::PathBuf;

use clap::Parser;
use sleep_demo::plan::{self, Load, Plan};

use super::stop::Stop;

/// Sends the same sleepy requests at once to each server, and draws how they wait.
#[derive(Parser)]
#[command(name = "sleep-demo", after_help = EXAMPLES, allow_negative_numbers = true)]
pub(super) struct CommandLine {
    /// Not all at once: at one rate after the other, until the server does not keep up
    #[arg(long)]
    pub(super) rate: bool,
    /// How many requests are sent at once
    #[arg(long, value_name = "N", default_value_t = 12, conflicts_with = "rate")]
    requests: usize,
    /// How long each of them sleeps in the server (default: 0.5, and 0.05 with --rate)
    #[arg(long, value_name = "SECONDS")]
    sleep: Option<f64>,
    /// Which lessons, such as 03,07 (default: 03,05,06,07,10,10w,11,12)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(super) lessons: Vec<String>,
    /// How many workers a pool has
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(super) workers: usize,
    /// How often each server has its turn; of several rounds the middle one counts
    /// (default: 1, and 5 for the book)
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    rounds: Option<usize>,
    /// With --rate: each request computes all primes below N instead of sleeping
    #[arg(long, value_name = "N", requires = "rate", conflicts_with = "sleep")]
    pub(super) primes: Option<u64>,
    /// With --rate: how long each rate lasts (default: 20 times as long as one request takes, a
    /// second at least)
    #[arg(long, value_name = "SECONDS", requires = "rate")]
    pub(super) seconds: Option<f64>,
    /// With --rate: the highest rate, in requests a second
    #[arg(long, value_name = "RATE", requires = "rate")]
    pub(super) most: Option<f64>,
    /// With --rate: a command that starts another server, with {port} where its port goes.
    /// Lessons then take part only if --lessons names them
    #[arg(long, value_name = "COMMAND", requires = "rate")]
    pub(super) run: Vec<String>,
    /// What to ask the server of --run for (default: /sleep?ms={ms}, or /primes?n={n})
    #[arg(long, value_name = "PATH", requires = "run")]
    pub(super) path: Option<String>,
    /// Another server that runs already; {ms} or {s} in the URL stand for the sleep, {n} for the
    /// number of --primes. Lessons then take part only if --lessons names them
    #[arg(long, value_name = "URL")]
    pub(super) url: Vec<String>,
    /// Build the lessons as releases, which is what to measure
    #[arg(long)]
    release: bool,
    /// Write everything that was measured
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Write one page with all pictures and the table
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Write a drawing of each server, and one of all
    #[arg(long, value_name = "FOLDER")]
    pub(super) svg: Option<PathBuf>,
    /// Measure for the book: build releases, write the data and the figures into book/
    #[arg(long, conflicts_with_all = ["url", "lessons", "run", "primes", "sleep"])]
    pub(super) book: bool,
}

const EXAMPLES: &str = "\
Most often:
  cargo run -p sleep-demo
  cargo run -p sleep-demo -- --lessons 03,07 --workers 2 --requests 6
  cargo run -p sleep-demo -- --release --html waiting.html
  cargo run -p sleep-demo -- --url 'http://127.0.0.1:8080/sleep?ms={ms}'
  cargo run -p sleep-demo -- --rate
  cargo run -p sleep-demo -- --rate --lessons 07,10 --run 'python3 my_server.py {port}'

A server of your own takes part if it sleeps before it answers 200. If its answer is JSON with pid,
thread, started_ms and finished_ms (Unix time), the picture shows who served when; otherwise that
follows from when the answer came.

Exit code: 0 every request was served, 1 something failed, 2 the command line is wrong, 130 Ctrl-C.
With --rate, 0 means that there is a curve of every server: what it cannot take is what is measured.";

impl CommandLine {
    /// Whether lessons are built as releases.
    pub(super) fn is_release(&self) -> bool {
        self.release || self.book
    }

    /// How many turns each server has.
    pub(super) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.book { 5 } else { 1 })
    }

    /// What is asked of each server.
    pub(super) fn load(&self) -> Result<Load, Stop> {
        let usage = |text: &str| Err(Stop::Usage(text.to_owned()));
        if !(1..=99).contains(&self.rounds()) {
            return usage("--rounds takes a number from 1 to 99");
        }
        if !(1..=1000).contains(&self.requests) {
            return usage("--requests takes a number from 1 to 1000");
        }
        self.check_numbers()?;
        Ok(Load {
            requests: self.requests,
            sleep_ms: self.sleep_ms()?,
            workers: self.workers,
        })
    }

    /// How long each request sleeps.
    pub(super) fn sleep_ms(&self) -> Result<u64, Stop> {
        let by_default = if self.rate { 0.05 } else { 0.5 };
        let sleep = self.sleep.unwrap_or(by_default);
        // The demo application sleeps for a minute at most.
        match (0.001..=60.0).contains(&sleep) {
            true => Ok((sleep * 1000.0).round() as u64),
            false => Err(Stop::Usage(
                "--sleep takes seconds, from 0.001 to 60".to_owned(),
            )),
        }
    }

    /// Whether the numbers make sense that both experiments need.
    pub(super) fn check_numbers(&self) -> Result<(), Stop> {
        let usage = |text: &str| Err(Stop::Usage(text.to_owned()));
        if !(1..=1000).contains(&self.workers) {
            return usage("--workers takes a number from 1 to 1000");
        }
        if !self
            .seconds
            .is_none_or(|seconds| (0.1..=600.0).contains(&seconds))
        {
            return usage("--seconds takes a number from 0.1 to 600");
        }
        if !self
            .most
            .is_none_or(|most| (0.001..=10_000.0).contains(&most))
        {
            return usage("--most takes a rate from 0.001 to 10000");
        }
        Ok(())
    }

    /// What the build is called.
    pub(super) fn build(&self) -> &'static str {
        if self.is_release() {
            "release"
        } else {
            "debug"
        }
    }

    /// The lessons that take part.
    pub(super) fn plans(&self, load: &Load) -> Result<Vec<Plan>, Stop> {
        if !self.lessons.is_empty() {
            let plans = self.lessons.iter().map(|name| plan::named(name, load));
            return plans.collect::<Result<_, _>>().map_err(Stop::Usage);
        }
        if !self.url.is_empty() {
            return Ok(Vec::new());
        }
        let (plans, to_come) = plan::by_default(load);
        for number in to_come {
            eprintln!("lesson{number:02} is left out: it does not exist yet");
        }
        Ok(plans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use sleep_demo::plan::TABLE;

    #[test]
    fn the_help_names_the_lessons_that_are_shown_by_default() {
        let rows = TABLE.iter().filter(|row| row.by_default);
        let names: Vec<_> = rows
            .map(|row| format!("{:02}{}", row.number, row.way))
            .collect();
        let help = CommandLine::command().render_help().to_string();
        assert!(
            help.contains(&format!("(default: {})", names.join(","))),
            "{help}"
        );
    }
}
