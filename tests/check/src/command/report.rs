//! How a result looks on paper: a line for each probe; and for a failure the curl line, the bytes,
//! the fault, the rule, the mend and the chapter.

mod caret;

use std::io::{IsTerminal, Write};

use check::lessons::{self, Lesson};
use check::matrix;
use check::mend;
use check::opinions;
use check::outcome::Finding;
use check::probe::{Check, Probe};
use check::severity::Severity;
use check::transcript::visible;

use super::found::{Found, Standing};

/// Where results are written: colours or not, all bytes or some.
#[derive(Clone)]
pub(super) struct Paper {
    terminal: bool,
    colours: bool,
    verbose: bool,
}

impl Paper {
    /// Standard output, with colours only on a terminal that wants them.
    pub(super) fn new(verbose: bool) -> Paper {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal();
        Paper {
            terminal,
            colours: terminal && !unwanted,
            verbose,
        }
    }

    /// Says on a terminal how far it is: some probes take their time. The next line overwrites it.
    pub(super) fn progress(&self, words: &str) {
        if self.terminal {
            let mut output = std::io::stdout().lock();
            // A terminal that went away needs no progress.
            let _ = write!(output, "\r\x1b[K… {words}\r");
            let _ = output.flush();
        }
    }

    /// A probe in one line.
    pub(super) fn line(&self, found: &Found, through: &Lesson) -> String {
        let clear = if self.terminal { "\x1b[K" } else { "" };
        let name = format!("{:21}", found.probe.name);
        let mut text = format!(
            "{clear}{} {}  ",
            self.sign(found.standing),
            self.bold(&name)
        );
        match (found.standing, found.words()) {
            (Standing::Passed, _) => text.push_str(found.probe.title),
            (Standing::AsTheLesson, _) => {
                text.push_str(&as_the_lesson(found, through));
            }
            (standing, words) => {
                if let Some(severity) = standing.severity() {
                    text.push_str(&format!("{severity}: "));
                }
                text.push_str(&words);
            }
        }
        if found.took.as_secs() >= 2 {
            text.push_str(&self.faint(&format!("  took {} s", found.took.as_secs())));
        }
        text
    }

    /// The whole report about one probe.
    pub(super) fn whole(&self, found: &Found) -> String {
        let probe = found.probe;
        let failed = found.standing.severity().is_some() || found.standing == Standing::Broken;
        let mut text = format!(
            "{} {}  {}\n",
            self.sign(found.standing),
            self.bold(probe.name),
            probe.title
        );
        let mut add = |line: &str| text.push_str(&format!("    {line}\n"));
        if found.standing != Standing::NotApplicable {
            add(&curl(probe, &found.address.to_string()));
            for line in self.conversation(found, failed) {
                add(&line);
            }
        }
        if found.verdict.is_err() {
            let severity = found.standing.severity().map(Severity::word);
            let words = match severity {
                Some(severity) => format!("{severity}: {}", found.words()),
                None => found.words(),
            };
            add(&self.bold(&words));
        }
        if found.standing == Standing::AsTheLesson {
            add("As our own server of that lesson.");
        }
        if failed {
            add(&format!("{}: {}", probe.section, probe.asks));
            if let Some(opinion) = opinions::of(probe) {
                add(&format!("Why we ask: {}.", opinion.reason));
            }
            if let Some(mend) = mend::of(probe) {
                add(&format!("Mend: {}", mend.how));
            }
            add(&chapter(probe.lesson));
        }
        for line in last(&found.last_words) {
            add(&line);
        }
        text
    }

    /// What was sent and received, with a caret under the fault.
    fn conversation(&self, found: &Found, failed: bool) -> Vec<String> {
        let most = match (self.verbose, failed) {
            (true, _) => None,
            (false, true) => Some(12),
            (false, false) => Some(6),
        };
        let mut lines = found.transcript.lines(most);
        if let (true, Check::Case(case)) = (failed, &found.probe.check) {
            caret::point_at_fault(&mut lines, case);
        }
        if !self.verbose && lines.len() > MOST_LINES {
            let left_out = lines.len() - MOST_LINES;
            lines.drain(MOST_LINES / 2..MOST_LINES / 2 + left_out);
            let words = format!("… {left_out} lines more (--verbose) …");
            lines.insert(MOST_LINES / 2, words);
        }
        lines
    }

    /// A sign that can be told apart without its colour.
    pub(super) fn sign(&self, standing: Standing) -> String {
        let (sign, colour) = standing.sign();
        self.painted(colour, sign)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.painted("1", text)
    }

    fn faint(&self, text: &str) -> String {
        self.painted("2", text)
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        match self.colours {
            true => format!("\x1b[{colour}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// More lines of a conversation are not read.
const MOST_LINES: usize = 40;

/// The same with curl, where curl can. A probe that looks into the process, or needs several
/// clients or a pause, has no line of curl at all.
pub(super) fn curl(probe: &Probe, address: &str) -> String {
    match (probe.curl, &probe.check) {
        ("", Check::Case(_)) => "no curl equivalent: raw bytes".to_owned(),
        ("", Check::Behaviour(_)) => "no curl equivalent: it takes more than a question".to_owned(),
        (line, _) => line.replace("{url}", &format!("http://{address}")),
    }
}

/// The last lines that a server wrote before it died.
fn last(words: &str) -> Vec<String> {
    let lines: Vec<_> = words.lines().filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let last = lines[lines.len().saturating_sub(5)..].iter();
    let shown = last.map(|line| format!("| {}", visible(line.as_bytes())));
    std::iter::once("The last that the server wrote:".to_owned())
        .chain(shown)
        .collect()
}

/// What it does, and why the lesson's own server does no better.
fn as_the_lesson(found: &Found, through: &Lesson) -> String {
    let what = match &found.verdict {
        Err(Finding::Waits) => "waits".to_owned(),
        Err(Finding::Stalls) => "stalls".to_owned(),
        _ => found.words(),
    };
    let cell = matrix::cell(found.probe, through.number);
    format!(
        "{what}, as {} does: {}; {}",
        through.package,
        cell.reason,
        cell.remedy()
    )
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
