//! The command line.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use check::screen::say;
use check::workshop::workspace;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use kit::cores::two_cores;
use kit::stamp::Stamp;
use race::client::Mode;
use race::contender::{Foreign, MODES, halls, numbers};
use race::report::{Class, Report};
use race::rounds::{Listener, Race};
use race::{chart, limit, page, python, table};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The throughput experiment: what does a request cost each server, in processor time, beside the
/// least that it can cost?
///
/// Each server runs in turn with its limit, on one core, and the client on another. Servers are
/// built as this program is, so run it with --release. Ctrl-C leaves nothing running.
#[derive(Parser)]
#[command(
    allow_negative_numbers = true,
    name = "race",
    max_term_width = 80,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Flags {
    #[command(subcommand)]
    limit: Option<Limit>,
    /// Rounds for each server; the table shows the median
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long a round is
    #[arg(long, value_name = "SECS", default_value = "2", value_parser = seconds)]
    seconds: Duration,
    /// The lessons, such as 03,07 [default: all that can race]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = lesson)]
    lessons: Vec<u8>,
    /// No lesson, only the servers of --cmd and --url
    #[arg(long, conflicts_with = "lessons")]
    no_lessons: bool,
    /// Servers for Python beside lesson 13, each with the same applications, and nobody else;
    /// tests/race/python/requirements.txt says what to install
    #[arg(long, conflicts_with_all = ["lessons", "cmd", "echo", "url"])]
    python: bool,
    /// Connections open at once where each request has its own
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// Connections kept alive, and workers of a pool
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: u16,
    /// WebSockets open at once
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1024))]
    sockets: u16,
    /// Quiet clients for each server, to see what memory each takes; 0 leaves that out
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    quiet: u32,
    /// Another server to start, with {port} where the port goes; repeatable
    #[arg(long, value_name = "COMMAND")]
    cmd: Vec<String>,
    /// Another server to start that sends WebSocket messages back at /; repeatable
    #[arg(long, value_name = "COMMAND")]
    echo: Vec<String>,
    /// Another server that runs already (put it on the first core: taskset -c 0 …); repeatable
    #[arg(long, value_name = "URL")]
    url: Vec<String>,
    /// A name for another server; the first for the first on the command line, and so on
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the figures into the book
    #[arg(long)]
    book: bool,
}

#[derive(Subcommand)]
enum Limit {
    /// Serve as the limit of servers with a connection for each request
    #[command(name = "limit-blocking")]
    Blocking(Place),
    /// Serve as the limit of servers that keep connections alive
    #[command(name = "limit-epoll")]
    Epoll(Place),
    /// Serve as the limit of servers that send WebSocket messages back
    #[command(name = "limit-messages")]
    Messages {
        #[command(flatten)]
        place: Place,
        /// How long a message is
        #[arg(long, value_name = "BYTES", default_value_t = 32)]
        size: usize,
    },
}

#[derive(clap::Args)]
struct Place {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8888")]
    addr: String,
}

/// Runs the command. 0: done. 1: it failed, or a request did. 2: a bad command line.
pub(crate) fn run() -> ExitCode {
    let matches = Flags::command().get_matches();
    let flags = Flags::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = match &flags.limit {
        Some(Limit::Blocking(place)) => serve("limit-blocking", place, Mode::NewConnection),
        Some(Limit::Epoll(place)) => serve("limit-epoll", place, Mode::KeepAlive),
        Some(Limit::Messages { place, size }) => {
            serve("limit-messages", place, Mode::Messages(*size))
        }
        None => race(&flags, &matches),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("race: {error}");
        ExitCode::FAILURE
    })
}

fn serve(name: &str, place: &Place, mode: Mode) -> Result<ExitCode, String> {
    let failed = |error: io::Error| format!("{}: {error}", place.addr);
    let listener = TcpListener::bind(&place.addr).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    say(format_args!("{name} listening on http://{address}"));
    limit::serve(listener, mode).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

fn race(flags: &Flags, matches: &ArgMatches) -> Result<ExitCode, String> {
    if cfg!(debug_assertions) {
        if flags.book {
            return Err("a debug build measures nothing: use cargo run --release".to_owned());
        }
        eprintln!("race: this is a debug build, and so are all servers: use cargo run --release");
    }
    if two_cores().is_none() {
        eprintln!("race: only one core here: server and client are in each other's way");
    }
    let race = Race {
        race: std::env::current_exe().map_err(|error| error.to_string())?,
        lessons: match (flags.no_lessons || flags.python, flags.lessons.is_empty()) {
            (true, _) => Vec::new(),
            (false, true) => racing().into_iter().chain(halls()).collect(),
            (false, false) => flags.lessons.clone(),
        },
        foreign: foreign(flags, matches),
        rounds: usize::from(flags.rounds),
        duration: flags.seconds,
        connections: usize::from(flags.connections),
        workers: usize::from(flags.workers),
        sockets: usize::from(flags.sockets),
    };
    let stamp = Stamp::here(workspace());
    let listener = Listener {
        progress: &tell,
        left_out: &leave_out,
    };
    let mut classes = Vec::new();
    if flags.python {
        classes = python::classes(&race, &listener)?;
    } else {
        for mode in MODES {
            classes.extend(race.class(mode, &listener)?);
        }
    }
    let crowd = match room_for(flags.quiet) {
        0 => None,
        _ if flags.python => None,
        clients => race.crowd(clients, &listener),
    };
    tell("");
    if classes.is_empty() && crowd.is_none() {
        return Err("nobody to race".to_owned());
    }
    let report = Report {
        stamp,
        rounds: race.rounds,
        seconds: race.duration.as_secs_f64(),
        classes,
        crowd,
    };
    say(table::draw(&report).trim_end());
    if let Some(file) = &flags.json {
        write(file, &report.to_json()?)?;
    }
    match (flags.book, flags.python) {
        (true, true) => write_pages(&report, "python")?,
        (true, false) => write_book(&report)?,
        (false, _) => {}
    }
    let is_clean = |class: &Class| class.troubles().next().is_none();
    Ok(match report.classes.iter().all(is_clean) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// As many quiet clients as the limit of descriptors allows. Servers that are started from here
/// inherit it.
fn room_for(clients: u32) -> usize {
    const OTHERS: u64 = 100;
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where the limit cannot be raised, it stays.
    let _ = setrlimit(Resource::Nofile, raised);
    let Some(allowed) = getrlimit(Resource::Nofile).current else {
        return clients as usize;
    };
    let room = allowed.saturating_sub(OTHERS).min(clients.into());
    if room < clients.into() {
        eprintln!(
            "race: {room} quiet clients and no more: a process may have {allowed} descriptors"
        );
    }
    usize::try_from(room).unwrap_or(usize::MAX)
}

/// The other servers in the order of the command line, with the names in that order.
fn foreign(flags: &Flags, matches: &ArgMatches) -> Vec<(String, Foreign)> {
    let places = |id: &str| matches.indices_of(id).into_iter().flatten();
    let commands = flags.cmd.iter().cloned().map(Foreign::Command);
    let echoes = flags.echo.iter().cloned().map(Foreign::Echo);
    let urls = flags.url.iter().cloned().map(Foreign::Url);
    let mut foreign: Vec<(usize, Foreign)> = places("cmd").zip(commands).collect();
    foreign.extend(places("echo").zip(echoes));
    foreign.extend(places("url").zip(urls));
    foreign.sort_by_key(|&(place, _)| place);
    let mut names = flags.name.iter().cloned();
    let foreign = foreign.into_iter().map(|(_, foreign)| foreign);
    foreign
        .map(|foreign| {
            (
                names.next().unwrap_or_else(|| foreign.default_name()),
                foreign,
            )
        })
        .collect()
}

/// What goes on, on one line of a terminal; elsewhere nobody is waiting.
fn tell(what: &str) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        const ERASE_LINE: &str = "\r\x1b[2K";
        let what: String = what.chars().take(78).collect();
        // A terminal that cannot be written to has no reader.
        let _ = write!(terminal, "{ERASE_LINE}{what}");
        let _ = terminal.flush();
    }
}

fn leave_out(reason: &str) {
    tell("");
    eprintln!("left out: {reason}");
}

/// The figures, and what a chapter includes of them.
fn write_pages(report: &Report, name: &str) -> Result<(), String> {
    let data = workspace().join("book/data");
    write(&data.join(format!("{name}.json")), &report.to_json()?)?;
    // What is drawn is what was written, so that a test can draw it again.
    let report = Report::from_json(&report.to_json()?)?;
    write(&data.join(format!("{name}.md")), &page::draw(&report))
}

fn write_book(report: &Report) -> Result<(), String> {
    write_pages(report, "race")?;
    let book = workspace().join("book");
    let report = Report::from_json(&report.to_json()?)?;
    if let Some(crowd) = page::draw_crowd(&report) {
        write(&book.join("data/quiet.md"), &crowd)?;
    }
    write(&book.join("src/figures/race.svg"), &chart::draw(&report))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    eprintln!("{}: written", file.display());
    Ok(())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "a number of seconds".to_owned())?;
    match number {
        0.05..=3600.0 => Ok(Duration::from_secs_f64(number)),
        _ => Err("from 0.05 to 3600".to_owned()),
    }
}

fn lesson(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix("lesson").unwrap_or(text).parse();
    match number {
        Ok(number) if racing().contains(&number) => Ok(number),
        _ => {
            let names: Vec<String> = racing_names().collect();
            Err(format!("these lessons can race: {}", names.join(", ")))
        }
    }
}

/// The lessons that race in some class.
fn racing() -> BTreeSet<u8> {
    MODES.into_iter().flat_map(numbers).collect()
}

fn racing_names() -> impl Iterator<Item = String> {
    racing().into_iter().map(|number| format!("{number:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> (Flags, ArgMatches) {
        let line = ["race"].iter().chain(line);
        let matches = Flags::command().try_get_matches_from(line).unwrap();
        (Flags::from_arg_matches(&matches).unwrap(), matches)
    }

    #[test]
    fn names_go_to_other_servers_in_the_order_of_the_command_line() {
        let line = "--url http://a/ --name first --cmd b --url http://c/ --name second";
        let (flags, matches) = parsed(&line.split(' ').collect::<Vec<_>>());
        let names: Vec<_> = foreign(&flags, &matches);
        let expected = [
            ("first".to_owned(), Foreign::Url("http://a/".to_owned())),
            ("second".to_owned(), Foreign::Command("b".to_owned())),
            ("c".to_owned(), Foreign::Url("http://c/".to_owned())),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn lessons_are_named_by_number_or_package() {
        let (flags, _) = parsed(&["--lessons", "03,lesson07,5"]);
        assert_eq!(flags.lessons, [3, 7, 5]);
        assert!(
            lesson("three").is_err()
                && lesson("99").is_err()
                && seconds("0").is_err()
                && seconds("x").is_err()
        );
    }

    #[test]
    fn the_flags_hold_together() {
        Flags::command().debug_assert();
    }
}
