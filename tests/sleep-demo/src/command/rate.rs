//! `--rate`: one server after the other, at one rate after the other.

use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use check::server::{Launch, Server};
use check::workshop::workspace;
use kit::cores::{apart, on_cores, ours};
use kit::stamp::Stamp;
use load::Question;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use sleep_demo::book;
use sleep_demo::curve::climb::Climb;
use sleep_demo::curve::drawing;
use sleep_demo::curve::entry::{self, Entry};
use sleep_demo::curve::files;
use sleep_demo::curve::overview::{NOTES, overview};
use sleep_demo::curve::page;
use sleep_demo::curve::report::{Curve, Report};
use sleep_demo::curve::text::{LEGEND, Paper};
use sleep_demo::curve::turn::Turn;
use sleep_demo::curve::work::Work;
use sleep_demo::screen::Screen;
use sleep_demo::svg;
use sleep_demo::target::address_of;

use super::line::CommandLine;
use super::output::{put, written};
use super::stop::Stop;

/// The exit code of a command that Ctrl-C has ended, by the custom of shells: 128 + SIGINT.
pub(super) const INTERRUPTED: i32 = 130;

/// The least width of a terminal.
const NARROWEST: usize = 40;

/// So often a rate may be tried again for the book, which shows no gaps.
const PATIENCE: usize = 60;

/// What takes part.
enum Contestant {
    /// One of ours, built and to be started.
    Lesson(Entry, PathBuf),
    /// A command that starts a server.
    Command(String),
    /// A server that somebody else has started.
    Running(String),
}

/// A server that can be asked.
struct Ready {
    turn: Turn,
    /// What we have started ends when this is dropped.
    _server: Option<Server>,
}

/// How a run has ended.
pub(super) enum End {
    /// There is a curve of every server.
    Whole,
    /// Of some there is none, or nothing is known about them.
    Lacking,
    /// Somebody pressed Ctrl-C.
    Stopped,
}

/// Draws the curves that are asked for.
pub(super) fn run(line: &CommandLine) -> Result<End, Stop> {
    let works = line.works()?;
    let contestants = works.iter().map(|&work| contestants(line, work));
    let contestants: Vec<_> = contestants.collect::<Result<_, _>>()?;
    let stopped = stopped_by_signals().map_err(|error| Stop::Failed(error.to_string()))?;
    let mut screen = Screen::standard(NARROWEST);
    let mut end = End::Whole;
    for (work, contestants) in works.into_iter().zip(contestants) {
        let (report, has_all) = measured(line, work, &contestants, &stopped, &mut screen);
        end = match stopped.load(Ordering::Relaxed) {
            true => End::Stopped,
            false if has_all => end,
            false => End::Lacking,
        };
        line.write_curves(&report)?;
        if matches!(end, End::Stopped) {
            return Ok(end);
        }
        if line.book {
            for_the_book(&report, has_all)?;
        }
    }
    Ok(end)
}

/// Says whether somebody pressed Ctrl-C. The second time it ends us at once; what we have started
/// ends with us.
fn stopped_by_signals() -> io::Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&stopped))?;
        flag::register(signal, Arc::clone(&stopped))?;
    }
    Ok(stopped)
}

/// The curves of all, and whether there is one of each.
fn measured(
    line: &CommandLine,
    work: Work,
    contestants: &[Contestant],
    stopped: &AtomicBool,
    screen: &mut Screen<io::Stdout>,
) -> (Report, bool) {
    let paper = Paper {
        columns: screen.columns,
        colour: screen.colour,
    };
    greet(screen, &paper, work);
    let mut report = Report {
        stamp: Stamp::here(workspace()).of_build(line.build()),
        work,
        cores: cores(),
        curves: Vec::new(),
    };
    let mut has_all = true;
    for contestant in contestants {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let climb = line.climb(work, report.curves.first());
        let turn = contestant.ready(line, work, climb);
        match turn.and_then(|ready| watched(&ready.turn, stopped, screen, &paper)) {
            Ok(curve) => {
                has_all &= curve.drawn().next().is_some();
                report.curves.push(curve);
            }
            Err(reason) => {
                has_all = false;
                screen.keep(&paper.wrapped(&reason));
            }
        }
    }
    conclude(&report, screen, &paper);
    (report, has_all)
}

/// Writes what the book shows, unless the machine was too busy for that.
fn for_the_book(report: &Report, has_all: bool) -> Result<(), Stop> {
    let is_unknown = |curve: &Curve| curve.drawn().count() < curve.points.len();
    if !has_all || report.curves.iter().any(is_unknown) {
        return Err(Stop::Failed(
            "of some rates nothing is known; nothing is written into the book".to_owned(),
        ));
    }
    for file in files::files(report) {
        let path = PathBuf::from(&file.0);
        written(book::write(workspace(), &[file]), &path)?;
    }
    Ok(())
}

/// How many cores servers have.
fn cores() -> usize {
    match apart().0.len() {
        0 => ours().len().max(1),
        servers => servers,
    }
}

/// Everything that takes part, lessons first and built.
fn contestants(line: &CommandLine, work: Work) -> Result<Vec<Contestant>, Stop> {
    let running = line.url.iter().map(|url| {
        let url = work.fill(url);
        // Wrong ones are refused before anything is built.
        address_of(&url).map(|_| Contestant::Running(url))
    });
    let running: Vec<_> = running.collect::<Result<_, _>>().map_err(Stop::Usage)?;
    let entries = line.entries(work, cores())?;
    let packages: Vec<_> = entries.iter().map(|entry| entry.package).collect();
    let binaries = line.built(&packages)?;
    let lessons = entries.into_iter().zip(binaries);
    let mut contestants: Vec<_> = lessons
        .map(|(entry, binary)| Contestant::Lesson(entry, binary))
        .collect();
    contestants.extend(line.run.iter().cloned().map(Contestant::Command));
    contestants.extend(running);
    Ok(contestants)
}

impl Contestant {
    /// Starts it, if it is to be started, on the cores that are not its client's.
    fn ready(&self, line: &CommandLine, work: Work, climb: Option<Climb>) -> Result<Ready, String> {
        let turn = |name: &str, words: &str, address: SocketAddr, question| Turn {
            name: name.to_owned(),
            words: words.to_owned(),
            at_once: None,
            address,
            question,
            work,
            climb,
            lasting: line.lasting(),
        };
        let launch = match self {
            Contestant::Lesson(entry, binary) => Launch::Lesson {
                binary: binary.clone(),
                flags: entry.flags.clone(),
            },
            Contestant::Command(command) => Launch::Command(command.clone()),
            Contestant::Running(url) => {
                let (host, path, address) = address_of(url)?;
                let question = Question::get(host.as_str(), path);
                return Ok(Ready {
                    turn: turn(&host, "runs already", address, question),
                    _server: None,
                });
            }
        };
        let (servers, _) = apart();
        let server =
            on_cores(&servers, || launch.start(None)).map_err(|error| error.to_string())?;
        let server = server.map_err(|error| error.to_string())?;
        let address = server.address();
        let asked = match self {
            Contestant::Command(_) => line.path.as_deref(),
            Contestant::Lesson(..) | Contestant::Running(_) => None,
        };
        let path = work.fill(asked.unwrap_or(work.path()));
        let question = Question::get(address.to_string(), path);
        let turn = match self {
            Contestant::Lesson(entry, _) => Turn {
                at_once: Some(entry.at_once),
                ..turn(&entry.name, &entry.words, address, question)
            },
            Contestant::Command(command) => turn(&name_of(command), command, address, question),
            Contestant::Running(url) => turn(url, url, address, question),
        };
        Ok(Ready {
            turn,
            _server: Some(server),
        })
    }
}

/// The file that a command runs: the first word that looks like one, or else the program.
fn name_of(command: &str) -> String {
    let words = command.split_whitespace().filter(|word| *word != "exec");
    let names = words.map(|word| word.rsplit('/').next().unwrap_or(word));
    let names: Vec<&str> = names.collect();
    let is_file = |name: &&&str| name.contains('.') && !name.contains('{');
    let name = names.iter().find(is_file).or(names.first());
    name.map_or("server".to_owned(), |name| (*name).to_owned())
}

/// Takes a turn while the screen shows how far it is, and then how it ended.
fn watched(
    turn: &Turn,
    stopped: &AtomicBool,
    screen: &mut Screen<io::Stdout>,
    paper: &Paper,
) -> Result<Curve, String> {
    let curve = turn.take(|curve, now| {
        screen.show(&paper.live(curve, now));
        match stopped.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    screen.keep(&paper.whole(&curve));
    Ok(curve)
}

fn greet(screen: &mut Screen<io::Stdout>, paper: &Paper, work: Work) {
    let words = format!(
        "Rising rates of requests; each {}. They are sent when they are due, whether or not others \
         were answered.",
        work.words()
    );
    let mut lines = paper.wrapped(&words);
    lines.extend(LEGEND.iter().flat_map(|line| paper.wrapped(line)));
    lines.push(String::new());
    screen.keep(&lines);
}

fn conclude(report: &Report, screen: &mut Screen<io::Stdout>, paper: &Paper) {
    if report.curves.is_empty() {
        return;
    }
    let mut lines = overview(report, paper);
    lines.extend(NOTES.iter().flat_map(|note| paper.wrapped(note)));
    lines.push(String::new());
    lines.extend(
        report
            .stamp
            .lines()
            .iter()
            .flat_map(|line| paper.wrapped(line)),
    );
    screen.keep(&lines);
}

impl CommandLine {
    /// What each request costs a server, in one experiment after the other.
    fn works(&self) -> Result<Vec<Work>, Stop> {
        match self.primes {
            _ if self.book => Ok(files::WORKS.to_vec()),
            Some(0) => Err(Stop::Usage("--primes takes a number from 1".to_owned())),
            Some(below) => Ok(vec![Work::Primes(below)]),
            None => Ok(vec![Work::Sleep(self.sleep_ms()?)]),
        }
    }

    /// The lessons that take part.
    fn entries(&self, work: Work, cores: usize) -> Result<Vec<Entry>, Stop> {
        self.check_numbers()?;
        if self.book {
            let entries = entry::for_the_book(work, self.workers, cores);
            return Ok(entries);
        }
        if self.lessons.is_empty() {
            return Ok(match self.url.is_empty() && self.run.is_empty() {
                true => entry::by_default(work, self.workers, cores),
                false => Vec::new(),
            });
        }
        let names = self.lessons.iter();
        let entries = names.map(|name| entry::named(name, work, self.workers, cores));
        entries.collect::<Result<_, _>>().map_err(Stop::Usage)
    }

    /// How long each rate lasts, if that is asked for.
    fn lasting(&self) -> Option<Duration> {
        self.seconds.map(Duration::from_secs_f64)
    }

    /// The same rates for all, so that their curves can be compared: those that fit to the sleep,
    /// or to how long the first server computes.
    fn climb(&self, work: Work, first: Option<&Curve>) -> Option<Climb> {
        let climb = match (work.service_ms(), first) {
            (Some(service_ms), _) => Some(Climb::for_service(service_ms, 1.0)),
            (None, Some(first)) => Some(Climb::for_service(first.alone_ms, 0.5)),
            (None, None) => None,
        }?;
        Some(Climb {
            most: self.most.unwrap_or(climb.most),
            patience: match self.book {
                true => PATIENCE,
                false => climb.patience,
            },
            ..climb
        })
    }

    fn write_curves(&self, report: &Report) -> Result<(), Stop> {
        if let Some(path) = &self.json {
            put(path, report.to_json())?;
        }
        if let Some(path) = &self.html {
            put(path, page::page(report))?;
        }
        if let Some(folder) = &self.svg {
            let one = |curve: &Curve| (book::file_name(&curve.name), drawing::one(curve));
            let all = ("all".to_owned(), drawing::all(report));
            for (name, drawing) in report.curves.iter().map(one).chain([all]) {
                let path = folder.join(format!("rate-{name}.svg"));
                put(&path, svg::alone(&drawing))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_by_the_file_that_it_runs() {
        assert_eq!(name_of("python3 a/server.py {port}"), "server.py");
        assert_eq!(name_of("./mine --port={port}"), "mine");
        assert_eq!(name_of("node server.js --sleep 0.5"), "server.js");
        assert_eq!(
            name_of("exec /a.b/lesson03 --addr 127.0.0.1:{port}"),
            "lesson03"
        );
        assert_eq!(name_of(""), "server");
    }
}
