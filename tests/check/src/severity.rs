//! How bad a finding is.

use std::fmt;

use crate::opinions;
use crate::outcome::Finding;
use crate::probe::Probe;

/// Who asks for what a server does not do. The later, the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// This course.
    Ours,
    /// The standard, with a SHOULD.
    Should,
    /// The standard, with a MUST; or the server crashes, hangs or leaks.
    Must,
}

impl Severity {
    /// How bad this is. `None`: it says nothing about the server.
    pub fn of(probe: &Probe, finding: &Finding) -> Option<Severity> {
        let opinion = opinions::of(probe);
        match finding {
            Finding::NotApplicable(_) | Finding::Broken(_) => None,
            Finding::Died(_) | Finding::Unfinished(_) => Some(Severity::Must),
            Finding::Stalls if opinion.is_some_and(|opinion| opinion.even_if_it_stalls) => {
                Some(Severity::Ours)
            }
            Finding::Stalls => Some(Severity::Must),
            Finding::Should(_) => Some(Severity::Should),
            Finding::Waits | Finding::Allowed(_) => Some(Severity::Ours),
            Finding::Wrong(_) if opinion.is_some() => Some(Severity::Ours),
            Finding::Wrong(_) => Some(Severity::Must),
        }
    }

    /// The severity in a word.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Must => "must",
            Severity::Should => "should",
            Severity::Ours => "ours",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes;

    fn severity(probe: &str, finding: Finding) -> Option<Severity> {
        Severity::of(probes::find(probe).unwrap(), &finding)
    }

    #[test]
    fn an_opinion_is_ours_until_the_server_hangs_or_dies() {
        assert_eq!(
            severity("silent-client", Finding::Waits),
            Some(Severity::Ours)
        );
        assert_eq!(
            severity("silent-client", Finding::Stalls),
            Some(Severity::Must)
        );
        assert_eq!(
            severity("many-silent-clients", Finding::Stalls),
            Some(Severity::Ours)
        );
        let died = Finding::Died(String::new());
        assert_eq!(severity("many-silent-clients", died), Some(Severity::Must));
    }

    #[test]
    fn a_must_is_a_must_and_a_broken_probe_says_nothing_about_the_server() {
        assert_eq!(
            severity("no-host", Finding::wrong("got 200")),
            Some(Severity::Must)
        );
        assert_eq!(
            severity("half-close", Finding::wrong("closed")),
            Some(Severity::Ours)
        );
        assert_eq!(severity("no-host", Finding::Broken(String::new())), None);
        assert!(Severity::Must > Severity::Should && Severity::Should > Severity::Ours);
    }
}
