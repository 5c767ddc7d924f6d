//! mdBook's `{{#include …}}`, read as mdBook reads it, but with line numbers and without mercy.

use std::fmt::{self, Display};
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::page::Page;

/// The part of a file that an include takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What stands between `ANCHOR: name` and `ANCHOR_END: name`.
    Anchor(String),
    /// A range of lines, as written: `3:9`, `:9`, `3:` or `3`.
    Lines(String),
}

impl Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Whole => out.write_str("whole file"),
            Part::Anchor(name) => write!(out, "`{name}`"),
            Part::Lines(range) => write!(out, "lines {}", range.replace(':', "-")),
        }
    }
}

/// A directive in a page: `{{#word path:part}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The line of the page, counted from 1.
    pub line: usize,
    /// `include`, `title`, `playground` …
    pub word: String,
    /// The file, seen from the root of the repository.
    pub file: String,
    /// The part of the file.
    pub part: Part,
}

/// Every directive of a page that is not escaped by a backslash.
pub fn directives(page: &Page) -> Vec<Directive> {
    static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(\\)?\{\{\s*#([a-zA-Z0-9_]+)\s+([^}]+)\}\}").expect("the pattern is valid")
    });
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for (index, line) in page.lines.iter().enumerate() {
        for capture in DIRECTIVE.captures_iter(line) {
            if capture.get(1).is_some() {
                continue;
            }
            let argument = capture[3].split_whitespace().next().unwrap_or_default();
            let (path, part) = argument.split_once(':').unwrap_or((argument, ""));
            found.push(Directive {
                line: index + 1,
                word: capture[2].to_owned(),
                file: plain(&folder.join(path)),
                part: part_from(part),
            });
        }
    }
    found
}

/// A path without `..`: `book/src/../../lessons` is `lessons`.
pub fn plain(path: &Path) -> String {
    let mut short = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir if short.file_name().is_some() => {
                short.pop();
            }
            Component::CurDir => {}
            other => short.push(other),
        }
    }
    short.to_string_lossy().into_owned()
}

fn part_from(text: &str) -> Part {
    let numbers = text
        .split(':')
        .all(|one| one.parse::<usize>().is_ok() || one.is_empty());
    match text {
        "" => Part::Whole,
        _ if numbers => Part::Lines(text.to_owned()),
        _ => Part::Anchor(text.split(':').next().unwrap_or_default().to_owned()),
    }
}

/// The name after `ANCHOR:` in a line, as mdBook finds it.
pub fn anchor_start(line: &str) -> Option<&str> {
    static START: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"ANCHOR:\s*([\w_-]+)").expect("the pattern is valid"));
    Some(START.captures(line)?.get(1)?.as_str())
}

/// The name after `ANCHOR_END:` in a line, as mdBook finds it.
pub fn anchor_end(line: &str) -> Option<&str> {
    static END: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"ANCHOR_END:\s*([\w_-]+)").expect("the pattern is valid"));
    Some(END.captures(line)?.get(1)?.as_str())
}

/// The numbers of the lines that a part takes from a text; the error says why there are none.
///
/// mdBook gives an empty block for a missing anchor and everything to the end of the file for one
/// that never ends. Here both are errors.
pub fn lines_taken(text: &str, part: &Part) -> Result<Vec<usize>, String> {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let taken: Vec<usize> = match part {
        Part::Whole => lines.iter().map(|(number, _)| *number).collect(),
        Part::Lines(range) => {
            let (first, last) = range.split_once(':').unwrap_or((range, range));
            let first: usize = first.parse().unwrap_or(1);
            let last: usize = last.parse().unwrap_or(lines.len());
            if first == 0 || last > lines.len() {
                return Err(format!("the file has lines 1 to {}", lines.len()));
            }
            (first..=last).collect()
        }
        Part::Anchor(name) => between_anchors(&lines, name)?,
    };
    let empty = taken
        .iter()
        .all(|number| lines[number - 1].1.trim().is_empty());
    if empty {
        return Err("there is nothing in it".to_owned());
    }
    Ok(taken)
}

fn between_anchors(lines: &[(usize, &str)], name: &str) -> Result<Vec<usize>, String> {
    let starts: Vec<usize> = lines
        .iter()
        .filter(|(_, line)| anchor_start(line) == Some(name))
        .map(|(number, _)| *number)
        .collect();
    let [start] = starts[..] else {
        return Err(match starts.len() {
            0 => format!("the file has no `ANCHOR: {name}`"),
            many => format!("the file has {many} anchors named {name}"),
        });
    };
    let end = lines[start..]
        .iter()
        .find(|(_, line)| anchor_end(line) == Some(name))
        .map(|(number, _)| *number)
        .ok_or_else(|| format!("the file has no `ANCHOR_END: {name}` after its start"))?;
    Ok(lines[start..end - 1]
        .iter()
        .filter(|(_, line)| anchor_start(line).is_none() && anchor_end(line).is_none())
        .map(|(number, _)| *number)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "a\n// ANCHOR: one\nb\n// ANCHOR: two\nc\n// ANCHOR_END: two\n// ANCHOR_END: one\n// ANCHOR: open\nd\n";

    #[test]
    fn directives_are_found_with_file_and_part() {
        let page = Page::new(
            "a/b.md",
            "{{#include ../../../lessons/x.rs:serve}} {{ #include y.md }}\n\\{{#include z}}\n{{#include x.rs:3:9}}",
        );
        let found = directives(&page);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].file, "lessons/x.rs");
        assert_eq!(found[0].part, Part::Anchor("serve".into()));
        assert_eq!(found[1].file, "book/src/a/y.md");
        assert_eq!(found[1].part, Part::Whole);
        assert_eq!(
            (found[2].line, found[2].part.to_string()),
            (3, "lines 3-9".into())
        );
    }

    #[test]
    fn anchors_take_what_mdbook_takes() {
        let anchor = |name: &str| lines_taken(SOURCE, &Part::Anchor(name.into()));
        assert_eq!(anchor("one").unwrap(), [3, 5]);
        assert_eq!(anchor("two").unwrap(), [5]);
    }

    #[test]
    fn what_mdbook_would_leave_empty_or_open_is_an_error() {
        let anchor = |name: &str| lines_taken(SOURCE, &Part::Anchor(name.into())).unwrap_err();
        assert!(anchor("none").contains("no `ANCHOR: none`"));
        assert!(anchor("open").contains("no `ANCHOR_END: open`"));
        assert!(lines_taken("a\n\n", &Part::Lines("2".into())).is_err());
        assert!(lines_taken("a\n", &Part::Lines("1:9".into())).is_err());
        assert_eq!(
            lines_taken("a\nb\nc", &Part::Lines("2:".into())).unwrap(),
            [2, 3]
        );
        let twice = "// ANCHOR: a\nx\n// ANCHOR_END: a\n// ANCHOR: a\ny\n// ANCHOR_END: a\n";
        assert!(lines_taken(twice, &Part::Anchor("a".into())).is_err());
    }
}
