//! Probes that belong together.

use crate::probe::Probe;

/// A group of probes, as the matrix shows it.
pub struct Group {
    /// What they are called on the command line.
    pub name: &'static str,
    /// What they are about.
    pub title: &'static str,
    /// The probes.
    pub probes: &'static [Probe],
}
