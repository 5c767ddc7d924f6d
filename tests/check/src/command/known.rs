//! Failures that are known: a file for a CI job, so that it fails for new ones.
//!
//! ```text
//! # a probe in each line, and the reason
//! unread-body   # our proxy reads everything
//! ```

use std::path::Path;

use check::probes;

use super::nearest::unknown;
use super::stop::Stop;

/// Probes that may fail.
#[derive(Clone, Default)]
pub(super) struct Known(Vec<(&'static str, String)>);

impl Known {
    /// Reads the file.
    pub(super) fn read(file: Option<&Path>) -> Result<Known, Stop> {
        let Some(file) = file else {
            return Ok(Known::default());
        };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Stop::Usage(format!("--known {}: {error}", file.display())))?;
        Known::parse(&text)
    }

    fn parse(text: &str) -> Result<Known, Stop> {
        let mut known = Vec::new();
        for line in text.lines() {
            let (name, reason) = line.split_once('#').unwrap_or((line, ""));
            let name = name.trim();
            if name.is_empty() {
                continue;
            }
            let probe = probes::find(name).ok_or_else(|| {
                let names = probes::all().map(|probe| probe.name);
                unknown("probe", name, names)
            })?;
            known.push((probe.name, reason.trim().to_owned()));
        }
        Ok(Known(known))
    }

    /// Why a probe may fail, if it may.
    pub(super) fn reason(&self, probe: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| *name == probe);
        found.map(|(_, reason)| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_probe_and_a_reason_and_a_slip_is_no_probe() {
        let known = Known::parse("# all of them\n\nno-host # for ever\ndate\n")
            .ok()
            .unwrap();
        assert_eq!(known.reason("no-host"), Some("for ever"));
        assert_eq!(known.reason("date"), Some(""));
        assert_eq!(known.reason("hello"), None);
        assert!(Known::parse("no-hosts\n").is_err());
    }
}
