//! Which server is asked.

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
}
