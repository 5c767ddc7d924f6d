//! The results as JUnit XML, which every CI service can show: a suite for each group.

use check::probes::GROUPS;
use kit::xml::escaped;

use super::found::{Found, Standing};
use super::sheet::Sheet;

/// The whole file.
pub(super) fn document(sheet: &Sheet) -> String {
    let suites: String = GROUPS
        .iter()
        .filter_map(|group| {
            let of_group = |found: &&Found| {
                let mut probes = group.probes.iter();
                probes.any(|probe| probe.name == found.probe.name)
            };
            let found: Vec<_> = sheet.found.iter().filter(of_group).collect();
            (!found.is_empty()).then(|| suite(sheet, group.name, &found))
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"check\" tests=\"{}\" failures=\"{}\">\n{suites}</testsuites>\n",
        sheet.found.len(),
        sheet.counting().count()
    )
}

fn suite(sheet: &Sheet, name: &str, found: &[&Found]) -> String {
    let failures = found
        .iter()
        .filter(|found| found.standing.counts(sheet.strict));
    let skipped = found.iter().filter(|found| is_skipped(sheet, found));
    let seconds: f64 = found.iter().map(|found| found.took.as_secs_f64()).sum();
    let cases: String = found.iter().map(|found| case(sheet, name, found)).collect();
    format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">\n{cases}  </testsuite>\n",
        found.len(),
        failures.count(),
        skipped.count()
    )
}

/// What is not ok and does not count: a reader of JUnit knows only passed, failed and skipped.
fn is_skipped(sheet: &Sheet, found: &Found) -> bool {
    found.standing != Standing::Passed && !found.standing.counts(sheet.strict)
}

fn case(sheet: &Sheet, group: &str, found: &Found) -> String {
    let start = format!(
        "    <testcase classname=\"check.{group}\" name=\"{}\" time=\"{:.3}\"",
        found.probe.name,
        found.took.as_secs_f64()
    );
    let severity = found.standing.severity();
    let words = match severity {
        Some(severity) => format!("{severity}: {}", found.words()),
        None => format!("{}: {}", found.standing.word(), found.words()),
    };
    if found.standing == Standing::Passed {
        format!("{start}/>\n")
    } else if is_skipped(sheet, found) {
        format!(
            "{start}>\n      <skipped message=\"{}\"/>\n    </testcase>\n",
            escaped(&words)
        )
    } else {
        let lines = found.transcript.lines(Some(12)).join("\n");
        format!(
            "{start}>\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>\n",
            escaped(&words),
            severity.map_or("broken", |severity| severity.word()),
            escaped(&format!(
                "{}: {}\n{lines}",
                found.probe.section, found.probe.asks
            ))
        )
    }
}
