//! How to go about it.

use std::time::Duration;

use check::world::World;
use clap::Args;

use super::stop::Stop;

/// How to go about it.
#[derive(Args, Clone)]
pub(super) struct Manner {
    /// Show all bytes
    #[arg(long)]
    pub(super) verbose: bool,
    /// How long to wait before "no answer" is believed
    #[arg(long, value_name = "SECONDS", default_value_t = 2.5)]
    pub(super) patience: f64,
    /// How long a slow client holds on; let it be longer than your server's deadlines
    #[arg(long, value_name = "SECONDS", default_value_t = 12.0)]
    pub(super) hold: f64,
    /// How many random inputs the probe `garbage` sends
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub(super) garbage: u32,
    /// How many requests the probe `many-requests` sends
    #[arg(long, value_name = "NUMBER", default_value_t = 2000)]
    pub(super) requests: u32,
    /// How many workers your server has, for the probes that keep all of them busy
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub(super) workers: usize,
}

impl Manner {
    /// Treats a server in this manner.
    pub(super) fn apply_to(&self, world: &mut World) -> Result<(), Stop> {
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
