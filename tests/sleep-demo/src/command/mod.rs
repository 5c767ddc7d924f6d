//! The command line: what is asked for, what is shown, and what the exit code says.

mod line;
mod output;
mod rate;
mod server;
mod stop;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use check::workshop::{self, workspace};
use clap::Parser;
use kit::stamp::Stamp;
use sleep_demo::draw::LEGEND;
use sleep_demo::lanes::seconds;
use sleep_demo::plan::Load;
use sleep_demo::report::Report;
use sleep_demo::run::typical;
use sleep_demo::screen::Screen;
use sleep_demo::target::Target;
use sleep_demo::{book, html, svg, table};

use line::CommandLine;
use output::{put, written};
use server::Server;
use stop::Stop;

/// Exit codes. Every request was served: 0.
const SOMETHING_FAILED: u8 = 1;
const BAD_COMMAND_LINE: u8 = 2;

/// Runs the command line of this process.
pub(crate) fn run() -> ExitCode {
    let line = CommandLine::parse();
    let code = match line.rate {
        true => rate::run(&line).map(|end| match end {
            rate::End::Whole => 0,
            rate::End::Lacking => SOMETHING_FAILED,
            // By the custom of shells, 128 and the number of the signal: it fits.
            rate::End::Stopped => rate::INTERRUPTED as u8,
        }),
        false => demonstrate(&line).map(|all_served| match all_served {
            true => 0,
            false => SOMETHING_FAILED,
        }),
    };
    let (code, text) = match code {
        Ok(code) => return ExitCode::from(code),
        Err(Stop::Usage(text)) => (BAD_COMMAND_LINE, text),
        Err(Stop::Failed(text)) => (SOMETHING_FAILED, text),
    };
    eprintln!("sleep-demo: {text}");
    ExitCode::from(code)
}

/// The result says whether every request was served.
fn demonstrate(line: &CommandLine) -> Result<bool, Stop> {
    let load = line.load()?;
    let servers = line.servers(&load)?;
    let mut scale_ms = server::scale(&servers, &load);
    let mut screen = Screen::standard(60);
    screen.keep(&[
        format!(
            "{} requests at once to each server; each sleeps {} there.",
            load.requests,
            seconds(load.sleep_ms as f64)
        ),
        LEGEND.to_owned(),
        String::new(),
    ]);
    let mut rounds = vec![Vec::new(); servers.len()];
    // Round by round, so that what disturbs the machine for a while disturbs all of them.
    for round in 1..=line.rounds() {
        if line.rounds() > 1 {
            screen.keep(&[format!("Round {round} of {}", line.rounds())]);
        }
        for (server, runs) in servers.iter().zip(&mut rounds) {
            let run = server
                .turn(&load, scale_ms, &mut screen)
                .map_err(Stop::Failed)?;
            scale_ms = scale_ms.max(run.summary.total_ms);
            runs.push(run);
        }
    }
    let runs: Vec<_> = rounds.into_iter().filter_map(typical).collect();
    let all_served = runs.iter().all(|run| run.summary.failed == 0);
    let report = Report {
        stamp: Stamp::here(workspace()).of_build(line.build()),
        load,
        runs,
    };
    conclude(&report, &mut screen);
    line.write(&report, all_served)?;
    Ok(all_served)
}

impl CommandLine {
    /// Everything that takes part, lessons first and built.
    fn servers(&self, load: &Load) -> Result<Vec<Server>, Stop> {
        let targets = self.url.iter().map(|url| Target::of_url(url, load));
        let targets: Vec<_> = targets.collect::<Result<_, _>>().map_err(Stop::Usage)?;
        let plans = self.plans(load)?;
        let packages: Vec<_> = plans.iter().map(|plan| plan.package).collect();
        let lessons = plans.iter().zip(self.built(&packages)?);
        let lessons = lessons.map(|(plan, binary)| Server::Lesson {
            plan: plan.clone(),
            binary,
        });
        Ok(lessons
            .chain(targets.into_iter().map(Server::Running))
            .collect())
    }

    /// The binaries of packages. On a terminal cargo shows how far it is.
    fn built(&self, packages: &[&str]) -> Result<Vec<PathBuf>, Stop> {
        let mut names = packages.to_vec();
        names.dedup();
        if !names.is_empty() {
            eprintln!("building {}", names.join(", "));
        }
        let build = match self.is_release() {
            true => workshop::release_binaries,
            false => workshop::binaries,
        };
        build(packages).map_err(|error| Stop::Failed(error.to_string()))
    }

    fn write(&self, report: &Report, all_served: bool) -> Result<(), Stop> {
        if let Some(path) = &self.json {
            put(path, report.to_json())?;
        }
        if let Some(path) = &self.html {
            put(path, html::page(report))?;
        }
        if let Some(folder) = &self.svg {
            for (name, drawing) in book::drawings(report) {
                put(&folder.join(format!("{name}.svg")), svg::alone(&drawing))?;
            }
        }
        if self.book && !all_served {
            return Err(Stop::Failed(
                "some requests were not served; nothing is written into the book".to_owned(),
            ));
        }
        if self.book {
            for file in book::files(report) {
                let path = PathBuf::from(&file.0);
                written(book::write(workspace(), &[file]), &path)?;
            }
        }
        Ok(())
    }
}

fn conclude(report: &Report, screen: &mut Screen<io::Stdout>) {
    let mut lines = table::text(&report.runs);
    let rounds = report.runs.iter().map(|run| run.rounds_ms.len()).max();
    if let Some(rounds @ 2..) = rounds {
        lines.push(format!(
            "Each is the middle one of {rounds} rounds, by its total."
        ));
    }
    lines.push(String::new());
    lines.extend(table::NOTES.iter().map(|note| (*note).to_owned()));
    lines.push(String::new());
    lines.extend(report.stamp.lines());
    let is_ours = report.runs.iter().any(|run| run.observed.is_some());
    if is_ours && report.stamp.build.as_deref() == Some("debug") {
        lines.push(
            "These are debug builds; --release measures what servers really cost.".to_owned(),
        );
    }
    screen.keep(&lines);
}
