//! The command line: what is asked for, and what the exit code says.

mod demonstrate;
mod exercise;
mod list;
mod nearest;
mod report;
mod subject;
mod survey;

use std::process::ExitCode;
use std::time::Duration;

use check::world::World;
use clap::{Args, Parser, Subcommand};

use report::Paper;
use subject::Subject;

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

/// Which server.
#[derive(Args, Clone)]
struct Target {
    /// A server that is running already
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "run")]
    addr: Option<String>,
    /// A command that starts a server; {port} stands for the port
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
}

/// How to go about it.
#[derive(Args, Clone)]
struct Manner {
    /// Show all bytes
    #[arg(long)]
    verbose: bool,
    /// How long to wait before "no answer" is believed
    #[arg(long, value_name = "SECONDS", default_value_t = 2.5)]
    patience: f64,
    /// How long a slow client holds on; let it be longer than your server's deadlines
    #[arg(long, value_name = "SECONDS", default_value_t = 12.0)]
    hold: f64,
    /// How many random inputs the probe `garbage` sends
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    garbage: u32,
    /// How many requests the probe `many-requests` sends
    #[arg(long, value_name = "NUMBER", default_value_t = 2000)]
    requests: u32,
    /// How many workers your server has, for the probes that keep all of them busy
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    workers: usize,
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

/// Why the command ends before it has a result.
enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// There is no server.
    NoServer(String),
}

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

impl Manner {
    /// Treats a server in this manner.
    fn apply_to(&self, world: &mut World) -> Result<(), Stop> {
        let seconds = |flag: &str, value: f64| {
            Duration::try_from_secs_f64(value)
                .map_err(|_| Stop::Usage(format!("{flag} {value} is no time to wait")))
        };
        world.patience = seconds("--patience", self.patience)?;
        world.hold = seconds("--hold", self.hold)?;
        world.garbage = self.garbage;
        world.requests = self.requests;
        world.workers = self.workers;
        Ok(())
    }
}
