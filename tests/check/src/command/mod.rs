//! The command line: what is asked for, and what the exit code says.

mod choice;
mod demonstrate;
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
mod subject;
mod survey;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use flags::{Choice, Manner, Print, Target};
use subject::Subject;
use survey::Survey;

/// Exit codes. Everything required is ok: 0.
const SOMETHING_IS_WRONG: u8 = 1;
const BAD_COMMAND_LINE: u8 = 2;
const NO_SERVER: u8 = 3;
const BROKEN_CHECKER: u8 = 4;

/// Probes a web server, whatever it is written in.
#[derive(Parser)]
#[command(name = "check", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
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
}

const EXAMPLES: &str = "\
Most often:
  cargo run -p check -- --addr 127.0.0.1:8888 --through lesson03
  cargo run -p check -- --run \"python3 my_server.py {port}\"
  cargo run -p check -- break lesson01 silent-client

Exit code: 0 all that is required is ok, 1 something is not, 2 the command line is wrong,
3 the server could not be reached or started, 4 a probe itself is broken, 130 stopped by Ctrl-C.";

/// Why the command ends before it has a result.
enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// There is no server.
    NoServer(String),
}

impl Stop {
    fn no_target() -> Stop {
        Stop::Usage(format!("which server? Give --addr or --run.\n\n{EXAMPLES}"))
    }
}

/// How a run ended.
struct End {
    /// Whether all that is required is ok.
    good: bool,
    /// Whether a probe itself is broken.
    broken: bool,
    /// The probes that count as failed.
    failed: Vec<&'static str>,
}

impl From<bool> for End {
    fn from(good: bool) -> End {
        End {
            good,
            broken: false,
            failed: Vec::new(),
        }
    }
}

/// Runs the command line of this process.
pub(crate) fn run() -> ExitCode {
    let line = CommandLine::parse();
    let outcome = match line.command {
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
    };
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

fn probe(target: &Target, choice: &Choice, manner: &Manner, print: &Print) -> Result<End, Stop> {
    let subject = Subject::of(target.clone())?.ok_or_else(Stop::no_target)?;
    match &print.watch {
        Some(file) => watch::run(file, target, choice, manner, print),
        None => Survey::new(choice, manner, print)?.run(subject),
    }
}
