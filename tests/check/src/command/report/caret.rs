//! The caret under the first byte at fault.

use check::case::Case;
use check::transcript::visible;

/// Puts a caret under the first byte at fault.
pub(super) fn point_at_fault(lines: &mut Vec<String>, case: &Case) {
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
    use check::probe::Check;
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
