//! All runs as JSON, with a stamp of where they were made.

use kit::stamp::Stamp;
use serde::{Deserialize, Serialize};

use crate::plan::Load;
use crate::run::Run;

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and from what.
    pub stamp: Stamp,
    /// What was asked of each server.
    pub load: Load,
    /// How each server met it.
    pub runs: Vec<Run>,
}

impl Report {
    /// As text, with a line for each value, so that differences can be read.
    pub fn to_json(&self) -> String {
        // Serialising fails for maps whose keys are no strings, and there is no map here.
        let mut text = serde_json::to_string_pretty(self).expect("a report has no maps");
        text.push('\n');
        text
    }

    /// What `to_json` has written.
    pub fn of_json(text: &str) -> Result<Report, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The longest run: the scale on which all can be compared.
    pub fn longest_ms(&self) -> f64 {
        let totals = self.runs.iter().map(|run| run.summary.total_ms);
        totals.fold(self.load.sleep_ms as f64, f64::max)
    }
}
