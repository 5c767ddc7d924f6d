//! The command line: what is asked for, and what the exit code says.

mod choice;
mod config;
mod demonstrate;
mod end;
mod exercise;
mod flags;
mod follows;
mod found;
mod interrupt;
mod json;
mod junit;
mod known;
mod list;
mod nearest;
mod progress;
mod report;
mod sheet;
mod start;
mod stop;
mod subject;
mod summary;
mod survey;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use end::End;
use flags::{Choice, Manner, Print, Target};
use start::Language;
use stop::{EXAMPLES, Stop};
use subject::Subject;
use survey::Survey;

/// Exit codes. Everything required is ok: 0.
const SOMETHING_IS_WRONG: u8 = 1;
const BAD_COMMAND_LINE: u8 = 2;
const NO_SERVER: u8 = 3;
const BROKEN_CHECKER: u8 = 4;

/// Probes a web server, whatever it is written in.
#[derive(Parser)]
#[command(name = "web-server-check", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    print: Print,
}

#[derive(Subcommand)]
enum Command {
    /// Show one failure of one lesson, live
    Break {
        /// The lesson, for example lesson01
        lesson: String,
        /// The probe, for example silent-client
        probe: String,
    },
    /// Check your solution of an exercise
    Exercise {
        /// Its number, for example 02-1
        id: String,
        #[command(flatten)]
        target: Target,
        /// Run our solution instead
        #[arg(long, conflicts_with_all = ["addr", "run"])]
        solution: bool,
        #[command(flatten)]
        manner: Manner,
    },
    /// List lessons, probes, our opinions and exercises
    List,
    /// Make a folder for a server of your own
    Start {
        /// A folder that does not exist yet, or is empty
        folder: PathBuf,
        /// The language of your server
        #[arg(long, value_enum, default_value_t = Language::Rust)]
        lang: Language,
        /// Begin this lesson with the small server that the lesson before left
        #[arg(long, value_name = "LESSON")]
        from: Option<String>,
    },
}

/// Runs the command line of this process.
pub(crate) fn run() -> ExitCode {
    let typed = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let outcome = config::words(typed.collect()).and_then(|words| {
        // A command line that it does not understand ends here, with its own words.
        obey(CommandLine::parse_from(words))
    });
    match outcome {
        Ok(End { good: false, .. }) => ExitCode::from(SOMETHING_IS_WRONG),
        Ok(End { broken: true, .. }) => ExitCode::from(BROKEN_CHECKER),
        Ok(_) => ExitCode::SUCCESS,
        Err(Stop::Usage(text)) => {
            eprintln!("check: {text}");
            ExitCode::from(BAD_COMMAND_LINE)
        }
        Err(Stop::NoServer(text)) => {
            eprintln!("check: {text}");
            ExitCode::from(NO_SERVER)
        }
    }
}

fn obey(line: CommandLine) -> Result<End, Stop> {
    match line.command {
        None => probe(&line.target, &line.choice, &line.manner, &line.print),
        Some(Command::Break { lesson, probe }) => demonstrate::run(&lesson, &probe).map(End::from),
        Some(Command::Exercise {
            id,
            target,
            solution,
            manner,
        }) => exercise::run(&id, target, solution, &manner).map(End::from),
        Some(Command::List) => {
            list::print();
            Ok(End::from(true))
        }
        Some(Command::Start { folder, lang, from }) => {
            start::run(&folder, lang, from.as_deref()).map(|()| End::from(true))
        }
    }
}

fn probe(target: &Target, choice: &Choice, manner: &Manner, print: &Print) -> Result<End, Stop> {
    let subject = Subject::of(target.clone())?.ok_or_else(Stop::no_target)?;
    match &print.watch {
        Some(file) => watch::run(file, target, choice, manner, print),
        None => Survey::new(choice, manner, print)?.run(subject),
    }
}
