//! The results as one JSON document. The book describes it; a change that could break a reader
//! of it raises [`VERSION`].

use check::mend;
use check::outcome::Verdict;
use check::probe::Check;
use check::probes;
use check::severity::Severity;

use super::found::{Found, Standing};
use super::report::curl;
use super::sheet::Sheet;

/// The version of the document.
const VERSION: u32 = 1;

/// The whole document.
pub(super) fn document(sheet: &Sheet) -> String {
    let probes: Vec<_> = sheet
        .found
        .iter()
        .map(|found| entry(sheet, found))
        .collect();
    let folded: Vec<_> = sheet.folded.iter().map(|name| text(name)).collect();
    let count = |standing: Standing| {
        let same = sheet
            .found
            .iter()
            .filter(|found| found.standing == standing);
        same.count().to_string()
    };
    let known = sheet.found.iter();
    let known = known.filter(|found| matches!(found.standing, Standing::Known(_)));
    let summary = object(&[
        ("ok", count(Standing::Passed)),
        ("as_the_lesson", count(Standing::AsTheLesson)),
        ("must", count(Standing::Failed(Severity::Must))),
        ("should", count(Standing::Failed(Severity::Should))),
        ("ours", count(Standing::Failed(Severity::Ours))),
        ("known", known.count().to_string()),
        ("not_applicable", count(Standing::NotApplicable)),
        ("broken", count(Standing::Broken)),
    ]);
    object(&[
        ("version", VERSION.to_string()),
        ("checker", text(env!("CARGO_PKG_VERSION"))),
        ("target", text(&sheet.target)),
        ("through", text(sheet.through.package)),
        ("strict", sheet.strict.to_string()),
        ("passed", sheet.is_good().to_string()),
        ("complete", sheet.cut.is_none().to_string()),
        ("seconds", seconds(sheet.started.elapsed().as_secs_f64())),
        ("summary", summary),
        ("folded", list(&folded)),
        ("probes", format!("[\n  {}\n]", probes.join(",\n  "))),
    ]) + "\n"
}

fn entry(sheet: &Sheet, found: &Found) -> String {
    let probe = found.probe;
    let severity = found.standing.severity();
    let lines = match found.standing {
        Standing::Passed | Standing::NotApplicable => Vec::new(),
        _ => found.transcript.lines(Some(40)),
    };
    let lines: Vec<_> = lines.iter().map(|line| text(line)).collect();
    let curl = match (probe.curl, &probe.check) {
        ("", Check::Case(_) | Check::Behaviour(_)) => "null".to_owned(),
        _ => text(&curl(probe, &found.address.to_string())),
    };
    object(&[
        ("name", text(probe.name)),
        ("group", text(group_of(probe.name))),
        ("title", text(probe.title)),
        ("standing", text(found.standing.word())),
        (
            "severity",
            severity.map_or("null".to_owned(), |severity| text(severity.word())),
        ),
        ("counts", found.standing.counts(sheet.strict).to_string()),
        ("finding", finding(&found.verdict, found)),
        ("section", text(probe.section)),
        ("asks", text(probe.asks)),
        (
            "mend",
            mend::of(probe).map_or("null".to_owned(), |mend| text(mend.how)),
        ),
        ("lesson", probe.lesson.to_string()),
        ("curl", curl),
        ("seconds", seconds(found.took.as_secs_f64())),
        ("tried_again", found.again.to_string()),
        ("transcript", list(&lines)),
    ])
}

fn finding(verdict: &Verdict, found: &Found) -> String {
    match verdict {
        Ok(()) => "null".to_owned(),
        Err(_) => text(&found.words()),
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// The group of a probe. Those for TLS are not in the list of all probes.
fn group_of(name: &str) -> &'static str {
    #[cfg(feature = "tls")]
    if check::tls::GROUP
        .probes
        .iter()
        .any(|probe| probe.name == name)
    {
        return check::tls::GROUP.name;
    }
    probes::group_of(name).name
}

fn object(entries: &[(&str, String)]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// A string of JSON (RFC 8259 §7).
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_control_characters_are_escaped() {
        assert_eq!(text("a\"b\\c\n\u{1}ü"), r#""a\"b\\c\u000a\u0001ü""#);
    }
}
