//! The flags: which server, which probes, how to go about it, and what to print.

use std::path::PathBuf;
use std::time::Duration;

use check::world::World;
use clap::Args;

/// Which server.
#[derive(Args, Clone)]
pub(super) struct Target {
    /// A server that is running already
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "run")]
    pub(super) addr: Option<String>,
    /// A command that starts a server; {port} stands for the port
    #[arg(long, value_name = "COMMAND")]
    pub(super) run: Option<String>,
    /// A command that builds it, each time before it is checked
    #[arg(long, value_name = "COMMAND", requires = "run")]
    pub(super) build: Option<String>,
}

/// Which probes, and what is asked of the server.
#[derive(Args, Clone)]
pub(super) struct Choice {
    /// Ask no more than this lesson's own server can do (default: the last lesson)
    #[arg(long, value_name = "LESSON")]
    pub(super) through: Option<String>,
    /// The server speaks TLS: ask what concerns that (needs: cargo run -p check --features tls)
    #[arg(long, conflicts_with = "small")]
    pub(super) tls: bool,
    /// The server sends WebSocket messages back there (default: /ws/echo): ask what concerns that
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true,
          default_missing_value = check::world::SOCKET, conflicts_with_all = ["small", "tls"])]
    pub(super) websocket: Option<String>,
    /// Run these only: probes, groups, or patterns such as 'chunk*'
    #[arg(long, value_name = "PROBE", num_args = 1..)]
    pub(super) only: Vec<String>,
    /// Leave these out: probes, groups, or patterns
    #[arg(long, value_name = "PROBE", num_args = 1..)]
    pub(super) skip: Vec<String>,
    /// For a server of a hundred lines: fold what is unreasonable for it, and show the next mend
    #[arg(long)]
    pub(super) small: bool,
    /// What goes against a SHOULD or an opinion of ours counts as well
    #[arg(long)]
    pub(super) strict: bool,
    /// Failures that are known: a probe in each line, and after a # the reason
    #[arg(long, value_name = "FILE")]
    pub(super) known: Option<PathBuf>,
}

/// What to print.
#[derive(Args, Clone)]
pub(super) struct Print {
    /// Show failures only
    #[arg(long)]
    pub(super) failed: bool,
    /// Show the failure to mend first, and how far you have come since the last time
    #[arg(long)]
    pub(super) next: bool,
    /// Print one JSON document instead of text
    #[arg(long, conflicts_with_all = ["verbose", "failed", "next", "small"])]
    pub(super) json: bool,
    /// Write a JUnit report as well
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// When this file changes, run again what has failed
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(super) watch: Option<PathBuf>,
}

/// How to go about it.
#[derive(Args, Clone)]
pub(super) struct Manner {
    /// Show every probe in full, with all bytes
    #[arg(long)]
    pub(super) verbose: bool,
    /// How long to wait before "no answer" is believed
    #[arg(long, value_name = "SECONDS", default_value = "2.5", value_parser = seconds, allow_negative_numbers = true)]
    patience: f64,
    /// How long a slow client holds on; let it be longer than your server's deadlines
    #[arg(long, value_name = "SECONDS", default_value = "12", value_parser = seconds, allow_negative_numbers = true)]
    hold: f64,
    /// How long one probe may take (default: 30, or three times --hold if that is more)
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    limit: Option<f64>,
    /// How many random inputs the probe `garbage` sends
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = number, allow_negative_numbers = true)]
    garbage: u32,
    /// How many requests the probe `many-requests` sends
    #[arg(long, value_name = "NUMBER", default_value_t = 2000, value_parser = number, allow_negative_numbers = true)]
    requests: u32,
    /// How many workers your server has, for the probes that keep all of them busy
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = number, allow_negative_numbers = true)]
    workers: u32,
    /// How many probes run at a time, each with a server of its own (needs --run)
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = number, allow_negative_numbers = true)]
    pub(super) jobs: u32,
}

/// How many of something: at least one.
fn number(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(number),
        _ => Err("it takes a whole number from 1 to 1000000".to_owned()),
    }
}

/// A time to wait: more than nothing, and less than a day.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("it takes seconds, more than 0, such as 2.5".to_owned()),
    }
}

impl Manner {
    /// Treats a server in this manner, and with so many times the patience.
    pub(super) fn apply_to(&self, world: &mut World, times: f64) {
        let limit = self.limit.unwrap_or_else(|| (3.0 * self.hold).max(30.0));
        world.patience = Duration::from_secs_f64(self.patience * times);
        world.hold = Duration::from_secs_f64(self.hold);
        world.limit = Duration::from_secs_f64(limit);
        world.garbage = self.garbage;
        world.requests = self.requests;
        world.workers = self.workers as usize;
    }
}
