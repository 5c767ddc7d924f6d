//! How a result looks on paper: a sign, the curl line, the bytes, the fault, the rule, the chapter.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;

use check::case::Case;
use check::lessons;
use check::matrix::Cell;
use check::outcome::Verdict;
use check::probe::{Check, Probe};
use check::transcript::{Transcript, visible};

/// What a result means for the one who asked.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    /// As it should be.
    Passed,
    /// Legal, and there is something to say.
    Allowed,
    /// Not ok, and no worse than the lesson that the server is measured by.
    AsTheLesson(Cell),
    /// The probe could not ask.
    NotApplicable,
    /// Wrong.
    Failed,
}

/// Where results are written: colours or not, all bytes or some.
pub(super) struct Paper {
    colours: bool,
    verbose: bool,
}

impl Paper {
    /// Standard output, with colours only on a terminal that wants them.
    pub(super) fn new(verbose: bool) -> Paper {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Paper {
            colours: std::io::stdout().is_terminal() && !unwanted,
            verbose,
        }
    }

    /// Says on a terminal which probe is running: some take their time. The report overwrites it.
    pub(super) fn announce(&self, probe: &Probe) {
        if self.colours {
            let mut output = std::io::stdout().lock();
            // A terminal that went away needs no progress.
            let _ = write!(output, "… {}\r", probe.name);
            let _ = output.flush();
        }
    }

    /// The report about one probe.
    pub(super) fn probe(
        &self,
        probe: &Probe,
        address: SocketAddr,
        transcript: &Transcript,
        verdict: &Verdict,
        standing: Standing,
    ) -> String {
        let clear = if self.colours { "\x1b[K" } else { "" };
        let mut text = format!(
            "{clear}{} {}  {}\n",
            self.sign(standing),
            self.bold(probe.name),
            probe.title
        );
        let mut add = |line: &str| text.push_str(&format!("    {line}\n"));
        if !matches!(standing, Standing::NotApplicable) {
            add(&curl(probe, address));
            let failed = matches!(standing, Standing::Failed | Standing::Allowed);
            let most = match (self.verbose, failed) {
                (true, _) => None,
                (false, true) => Some(12),
                (false, false) => Some(6),
            };
            let mut lines = transcript.lines(most);
            if let (true, Check::Case(case)) = (failed, &probe.check) {
                point_at_fault(&mut lines, case);
            }
            lines.iter().for_each(|line| add(line));
        }
        if let Err(finding) = verdict {
            add(&self.bold(&finding.to_string()));
        }
        if let Standing::AsTheLesson(cell) = standing {
            add(&format!("As our own server: {}.", cell.reason));
            add(&format!("Lesson {:02} mends it.", cell.mended_by));
        }
        if matches!(standing, Standing::Failed | Standing::Allowed) {
            add(&format!("{}: {}", probe.section, probe.asks));
            add(&chapter(probe.lesson));
        }
        text
    }

    /// A sign that can be told apart without its colour.
    pub(super) fn sign(&self, standing: Standing) -> String {
        let (colour, sign) = match standing {
            Standing::Passed => ("32", "✓"),
            Standing::Allowed => ("33", "≈"),
            Standing::AsTheLesson(_) => ("33", "◷"),
            Standing::NotApplicable => ("2", "–"),
            Standing::Failed => ("31", "✗"),
        };
        self.painted(colour, sign)
    }

    fn bold(&self, text: &str) -> String {
        self.painted("1", text)
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        match self.colours {
            true => format!("\x1b[{colour}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

fn curl(probe: &Probe, address: SocketAddr) -> String {
    match probe.curl {
        "" => "no curl equivalent: raw bytes".to_owned(),
        line => line
            .replace("{url}", &format!("http://{address}"))
            .replace("{address}", &address.to_string()),
    }
}

/// Which chapter explains a lesson's probes.
pub(super) fn chapter(lesson: u8) -> String {
    match lessons::numbered(lesson) {
        Some(found) => format!(
            "Chapter {lesson}, {}, explains it: book/src/{}",
            found.title, found.chapter
        ),
        None => format!("Chapter {lesson} will explain it."),
    }
}

/// Puts a caret under the first byte at fault.
fn point_at_fault(lines: &mut Vec<String>, case: &Case) {
    let length = case.fault.len();
    let found = (length > 0)
        .then(|| {
            case.send
                .windows(length)
                .position(|part| part == case.fault)
        })
        .flatten();
    let Some(at) = found else {
        return;
    };
    let start = case.send[..at]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    let end = case.send[at..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(case.send.len(), |end| at + end + 1);
    let shown = format!("> {}", visible(&case.send[start..end]));
    // A line that was left out for brevity has no place for a caret.
    if let Some(index) = lines.iter().position(|line| *line == shown) {
        let column = visible(&case.send[start..at]).len();
        lines.insert(index + 1, format!("  {}^", " ".repeat(column)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::probes;

    #[test]
    fn the_caret_stands_under_the_byte_at_fault() {
        for (name, line, under) in [
            ("space-before-colon", "> X-Thing : 1\\r\\n", " : 1"),
            ("nul-value", "> X-Thing: a\\x00b\\r\\n", "\\x00"),
            ("http-2.0", "> GET / HTTP/2.0\\r\\n", "2.0"),
        ] {
            let Check::Case(case) = &probes::find(name).unwrap().check else {
                panic!("{name} is a case");
            };
            let mut lines = vec![line.to_owned()];
            point_at_fault(&mut lines, case);
            let column = lines[1].find('^').unwrap();
            assert!(line[column..].starts_with(under), "{name}: {lines:?}");
        }
    }

    #[test]
    fn every_fault_of_a_case_is_in_its_bytes() {
        for probe in probes::all() {
            if let Check::Case(case) = &probe.check {
                let mut parts = case.send.windows(case.fault.len().max(1));
                assert!(
                    case.fault.is_empty() || parts.any(|part| part == case.fault),
                    "{}",
                    probe.name
                );
            }
        }
    }
}
