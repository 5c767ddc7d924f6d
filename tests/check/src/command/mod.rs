//! The command line: what is asked for, and what the exit code says.

mod demonstrate;
mod exercise;
mod list;
mod manner;
mod nearest;
mod report;
mod stop;
mod subject;
mod survey;
mod target;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use manner::Manner;
use report::Paper;
use stop::Stop;
use subject::Subject;
use target::Target;

/// Exit codes. Everything required is ok: 0.
const SOMETHING_IS_WRONG: u8 = 1;
const BAD_COMMAND_LINE: u8 = 2;
const NO_SERVER: u8 = 3;

/// Probes a web server, whatever it is written in.
#[derive(Parser)]
#[command(name = "check", args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    target: Target,
    /// Ask no more than this lesson's own server can do (default: the last lesson)
    #[arg(long, value_name = "LESSON")]
    through: Option<String>,
    /// Run these probes only
    #[arg(long, value_name = "PROBE", num_args = 1..)]
    only: Vec<String>,
    #[command(flatten)]
    manner: Manner,
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
    /// List lessons, probes and exercises
    List,
}

const EXAMPLES: &str = "\
Most often:
  cargo run -p check -- --addr 127.0.0.1:8888 --through lesson03
  cargo run -p check -- --run \"python3 my_server.py {port}\"
  cargo run -p check -- break lesson01 silent-client

Exit code: 0 all that is required is ok, 1 something is not, 2 the command line is wrong,
3 the server could not be reached or started.";

/// Runs the command line of this process.
pub(crate) fn run() -> ExitCode {
    let line = CommandLine::parse();
    let outcome = match line.command {
        None => probe(line.target, line.through, line.only, &line.manner),
        Some(Command::Break { lesson, probe }) => demonstrate::run(&lesson, &probe),
        Some(Command::Exercise {
            id,
            target,
            solution,
            manner,
        }) => exercise::run(&id, target, solution, &manner),
        Some(Command::List) => {
            list::print();
            Ok(true)
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(SOMETHING_IS_WRONG),
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

fn probe(
    target: Target,
    through: Option<String>,
    only: Vec<String>,
    manner: &Manner,
) -> Result<bool, Stop> {
    let Some(subject) = Subject::of(target)? else {
        return Err(Stop::Usage(format!(
            "which server? Give --addr or --run.\n\n{EXAMPLES}"
        )));
    };
    let paper = Paper::new(manner.verbose);
    survey::run(subject, through.as_deref(), &only, manner, &paper)
}
