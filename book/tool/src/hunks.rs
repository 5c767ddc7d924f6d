//! Differences between two texts, cut into hunks that a person can read, and put together again.
//!
//! A hunk is lines that begin with a blank (both have it), `-` (only the old one) or `+` (only the
//! new one). It has no line numbers: where it belongs is where its old lines are.

/// How many lines that both have are shown around a change.
const AROUND: usize = 2;

/// A line of a difference: what happens to it, and the line.
type Change<'a> = (char, &'a str);

/// The hunks that lead from one text to the other.
pub fn hunks(old: &[String], new: &[String]) -> Vec<String> {
    let changes = coalesced(changes(old, new));
    let is_change = |at: usize| changes.get(at).is_some_and(|(mark, _)| *mark != ' ');
    let is_near = |at: usize| (at.saturating_sub(AROUND)..=at + AROUND).any(is_change);
    let mut found: Vec<String> = Vec::new();
    let mut in_hunk = false;
    for (at, (mark, line)) in changes.iter().enumerate() {
        if is_near(at) {
            if !in_hunk {
                found.push(String::new());
            }
            if let Some(hunk) = found.last_mut() {
                hunk.push_str(format!("{mark}{line}").trim_end());
                hunk.push('\n');
            }
        }
        in_hunk = is_near(at);
    }
    found
}

/// Applies hunks to a text, one after the other; the error says which of them does not fit.
pub fn applied(old: &[String], hunks: &[String]) -> Result<Vec<String>, String> {
    let mut new = Vec::new();
    let mut from = 0;
    for (number, hunk) in (1..).zip(hunks) {
        // A blank line of both may have lost its mark at the end of the line.
        let split = |line: &str| match line.chars().next() {
            Some(mark @ ('-' | '+' | ' ')) => Ok((mark, line[1..].to_owned())),
            None => Ok((' ', String::new())),
            Some(_) => Err(format!("hunk {number} has a line without a mark")),
        };
        let lines: Vec<(char, String)> = hunk.lines().map(split).collect::<Result<_, _>>()?;
        let side = |without: char| {
            let kept = lines.iter().filter(move |(mark, _)| *mark != without);
            kept.map(|(_, line)| line.clone()).collect::<Vec<_>>()
        };
        let before = side('+');
        let mut places = (from..=old.len().saturating_sub(before.len()))
            .filter(|&at| old[at..].starts_with(&before));
        let Some(at) = places.next() else {
            return Err(format!("hunk {number} does not fit"));
        };
        if places.next().is_some() {
            return Err(format!("hunk {number} fits in more than one place"));
        }
        new.extend_from_slice(&old[from..at]);
        new.extend(side('-'));
        from = at + before.len();
    }
    new.extend_from_slice(&old[from..]);
    Ok(new)
}

/// The shortest list of changes.
fn changes<'a>(old: &'a [String], new: &'a [String]) -> Vec<Change<'a>> {
    // How many lines both have in common from two places on.
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for left in (0..old.len()).rev() {
        for right in (0..new.len()).rev() {
            common[left][right] = match old[left] == new[right] {
                true => common[left + 1][right + 1] + 1,
                false => common[left + 1][right].max(common[left][right + 1]),
            };
        }
    }
    let (mut left, mut right) = (0, 0);
    let mut found = Vec::new();
    while left < old.len() || right < new.len() {
        let in_both = left < old.len() && right < new.len();
        if in_both && old[left] == new[right] {
            found.push((' ', old[left].as_str()));
            (left, right) = (left + 1, right + 1);
        } else if right == new.len()
            || (in_both && common[left + 1][right] >= common[left][right + 1])
        {
            found.push(('-', old[left].as_str()));
            left += 1;
        } else {
            found.push(('+', new[right].as_str()));
            right += 1;
        }
    }
    found
}

/// Changes that only a brace or a blank line keeps apart are one; what goes stands before what
/// comes.
fn coalesced(changes: Vec<Change>) -> Vec<Change> {
    let says_little = |line: &str| line.chars().all(|letter| !letter.is_alphanumeric());
    let mut found = Vec::new();
    let mut block: Vec<Change> = Vec::new();
    let mut at = 0;
    while at < changes.len() {
        let equal = changes[at..].iter().take_while(|(mark, _)| *mark == ' ');
        let equal: Vec<&str> = equal.map(|(_, line)| *line).collect();
        let is_last = at + equal.len() == changes.len();
        let keeps_apart = is_last || equal.len() > 2 || !equal.iter().all(|line| says_little(line));
        if !equal.is_empty() && (block.is_empty() || keeps_apart) {
            flush(&mut block, &mut found);
            found.extend(equal.iter().map(|line| (' ', *line)));
        } else {
            let both = equal.iter().flat_map(|line| [('-', *line), ('+', *line)]);
            block.extend(both);
        }
        at += equal.len();
        if let Some(change) = changes.get(at) {
            block.push(*change);
            at += 1;
        }
    }
    flush(&mut block, &mut found);
    found
}

fn flush<'a>(block: &mut Vec<Change<'a>>, found: &mut Vec<Change<'a>>) {
    for wanted in ['-', '+'] {
        found.extend(block.iter().filter(|(mark, _)| *mark == wanted));
    }
    block.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const OLD: &str = "use a;\n\nfn main() {\n    one();\n    two();\n    three();\n    four();\n    five();\n    six();\n}\n";

    #[test]
    fn changes_far_apart_are_hunks_of_their_own_and_what_goes_comes_first() {
        let new = OLD.replace("use a;", "use b;").replace("six", "seven");
        let found = hunks(&lines(OLD), &lines(&new));
        assert_eq!(
            found,
            [
                "-use a;\n+use b;\n\n fn main() {\n",
                "     four();\n     five();\n-    six();\n+    seven();\n }\n"
            ]
        );
    }

    #[test]
    fn a_brace_keeps_no_changes_apart() {
        let old = lines("a {\n    b\n}\nc {\n    d\n}\nend of it");
        let new = lines("e {\n    f\n}\ng {\n    h\n}\nend of it");
        let found = hunks(&old, &new).concat();
        let signs: String = found
            .chars()
            .filter(|letter| "-+".contains(*letter))
            .collect();
        assert!(!signs.contains("+-"), "{found}");
    }

    #[test]
    fn hunks_add_up_to_the_new_text() {
        for (from, to) in [
            ("six", "seven"),
            ("use a;\n", ""),
            ("    two();\n", "    2();\n    2();\n"),
        ] {
            let (old, new) = (lines(OLD), lines(&OLD.replace(from, to)));
            assert_eq!(applied(&old, &hunks(&old, &new)).unwrap(), new);
            assert_eq!(applied(&new, &hunks(&new, &old)).unwrap(), old);
        }
    }

    #[test]
    fn a_hunk_that_does_not_fit_is_told() {
        let old = lines(OLD);
        let apply = |hunk: &str| applied(&old, &[hunk.to_owned()]);
        assert!(
            apply("-    zero();\n")
                .unwrap_err()
                .contains("does not fit")
        );
        assert!(apply("one();\n").unwrap_err().contains("without a mark"));
        let twice = lines("a\nb\na\nb\n");
        let found = applied(&twice, &["-a\n".to_owned()]);
        assert!(found.unwrap_err().contains("more than one place"));
    }
}
