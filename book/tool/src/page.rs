//! A page of the book, seen line by line: fences, comments, headings and paragraphs.
//!
//! This is not a Markdown parser. It knows the few forms that the contract speaks about, and it
//! keeps line numbers, so that a finding can point at the line that a writer has to change.

use std::ops::Range;

/// What a line of a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Prose, headings, lists, HTML, blank lines.
    Text,
    /// A fence: its first and last line, and everything between them.
    Fence,
    /// An HTML comment that has its lines to itself.
    Comment,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The line of the opening fence, counted from 1.
    pub line: usize,
    /// The first word of the info string; empty when there is none.
    pub language: String,
    /// The other words of the info string, as mdBook splits it.
    pub tags: Vec<String>,
    /// The lines inside, without the indentation of the fence.
    pub body: Vec<String>,
}

impl Fence {
    /// Whether the info string has this word after the language.
    pub fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|one| one == tag)
    }

    /// The line number of a line of the body, counted from 0.
    pub fn line_of(&self, index: usize) -> usize {
        self.line + 1 + index
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its file, seen from the root of the repository.
    pub path: String,
    /// Its file, seen from `book/src`.
    pub name: String,
    /// Its lines; line 1 is `lines[0]`.
    pub lines: Vec<String>,
    /// What each line belongs to.
    pub kinds: Vec<Kind>,
    /// Its fences, in order.
    pub fences: Vec<Fence>,
}

impl Page {
    /// Reads the lines of a page.
    pub fn new(name: &str, text: &str) -> Page {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut page = Page {
            path: format!("book/src/{name}"),
            name: name.to_owned(),
            kinds: vec![Kind::Text; lines.len()],
            lines,
            fences: Vec::new(),
        };
        let mut index = 0;
        while index < page.lines.len() {
            index = match page.lines[index].trim_start() {
                line if line.starts_with("```") || line.starts_with("~~~") => page.fence(index),
                line if line.starts_with("<!--") => page.comment(index),
                _ => index + 1,
            };
        }
        page
    }

    /// Takes in the fence that opens at `start` and returns the index after it.
    fn fence(&mut self, start: usize) -> usize {
        let opening = self.lines[start].clone();
        let indent = opening.len() - opening.trim_start().len();
        let mark = opening[indent..].chars().next().unwrap_or('`');
        let width = opening[indent..].chars().take_while(|&c| c == mark).count();
        let info = opening[indent..].trim_start_matches(mark);
        let mut words = info.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let mut fence = Fence {
            line: start + 1,
            language: words.next().unwrap_or_default().to_owned(),
            tags: words.map(str::to_owned).collect(),
            body: Vec::new(),
        };
        let closes = |line: &str| {
            let line = line.trim();
            line.len() >= width && line.chars().all(|c| c == mark)
        };
        let mut index = start + 1;
        while index < self.lines.len() && !closes(&self.lines[index]) {
            let line = &self.lines[index];
            let blanks = line.len() - line.trim_start().len();
            fence.body.push(line[blanks.min(indent)..].to_owned());
            index += 1;
        }
        let end = (index + 1).min(self.lines.len());
        self.kinds[start..end].fill(Kind::Fence);
        self.fences.push(fence);
        end
    }

    /// Takes in the comment that opens at `start` and returns the index after it.
    fn comment(&mut self, start: usize) -> usize {
        let length = self.lines[start..]
            .iter()
            .position(|line| line.contains("-->"))
            .map_or(self.lines.len() - start, |last| last + 1);
        self.kinds[start..start + length].fill(Kind::Comment);
        start + length
    }

    /// The prose of the page: every line outside of fences and comments, with its number.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered(Kind::Text)
    }

    fn numbered(&self, kind: Kind) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines.iter().zip(&self.kinds).enumerate();
        lines
            .filter(move |(_, (_, one))| **one == kind)
            .map(|(index, (line, _))| (index + 1, line.as_str()))
    }

    /// The headings: line number, level and text.
    pub fn headings(&self) -> Vec<(usize, usize, &str)> {
        self.prose()
            .filter_map(|(number, line)| {
                let level = line.bytes().take_while(|&byte| byte == b'#').count();
                let text = line.get(level..)?.strip_prefix(' ')?;
                (1..=6)
                    .contains(&level)
                    .then(|| (number, level, text.trim()))
            })
            .collect()
    }

    /// The lines (as indices) of the section under the second-level heading `title`.
    pub fn section(&self, title: &str) -> Option<Range<usize>> {
        let headings = self.headings();
        let at = headings
            .iter()
            .position(|(_, level, text)| *level == 2 && *text == title)?;
        let start = headings[at].0;
        let end = headings[at + 1..]
            .iter()
            .find(|(_, level, _)| *level <= 2)
            .map_or(self.lines.len(), |(line, _, _)| line - 1);
        Some(start..end)
    }

    /// The paragraph directly above a line: the number of its first line, and its text.
    pub fn paragraph_above(&self, line: usize) -> Option<(usize, String)> {
        let last = self.last_written_above(line)?;
        if self.kinds[last] != Kind::Text {
            return None;
        }
        let first = self.paragraph_start(last);
        Some((first + 1, self.lines[first..=last].join(" ")))
    }

    /// The reason in a comment `<!-- word: reason -->` directly above a line.
    pub fn reason_above(&self, line: usize, word: &str) -> Option<String> {
        let last = self.last_written_above(line)?;
        if self.kinds[last] != Kind::Comment {
            return None;
        }
        let above = self.kinds[..last]
            .iter()
            .rposition(|kind| *kind != Kind::Comment);
        let comment = self.lines[above.map_or(0, |index| index + 1)..=last].join(" ");
        // Several comments may stand above each other: the last one counts.
        let comment = &comment[comment.rfind("<!--")?..];
        let inside = comment.strip_prefix("<!--")?.split("-->").next()?;
        let reason = inside.trim().strip_prefix(word)?.strip_prefix(':')?.trim();
        (!reason.is_empty()).then(|| reason.to_owned())
    }

    /// The index of the first line of the paragraph that the line with this index belongs to.
    pub fn paragraph_start(&self, index: usize) -> usize {
        let written =
            |at: &usize| self.kinds[*at] == Kind::Text && !self.lines[*at].trim().is_empty();
        (0..index).rev().take_while(written).last().unwrap_or(index)
    }

    fn last_written_above(&self, line: usize) -> Option<usize> {
        self.lines[..line - 1]
            .iter()
            .rposition(|line| !line.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# One\n\n<!-- sketch: the idea\nonly -->\n```rust,sketch\nfn a() {}\n```\n\n## Two\ntext\nmore\n\n- item\n  ````text\n  ```\n  ````\n";

    #[test]
    fn fences_know_language_tags_body_and_line() {
        let page = Page::new("a.md", TEXT);
        assert_eq!(page.fences.len(), 2);
        assert_eq!(page.fences[0].language, "rust");
        assert!(page.fences[0].has("sketch"));
        assert_eq!((page.fences[0].line, page.fences[0].line_of(0)), (5, 6));
        assert_eq!(
            page.fences[1].body,
            ["```"],
            "a longer fence holds a shorter one"
        );
    }

    #[test]
    fn a_reason_is_read_from_the_comment_above() {
        let page = Page::new("a.md", TEXT);
        assert_eq!(page.reason_above(5, "sketch").unwrap(), "the idea only");
        assert_eq!(page.reason_above(5, "norun"), None);
        assert_eq!(page.reason_above(14, "sketch"), None);
    }

    #[test]
    fn headings_and_sections_have_their_lines() {
        let page = Page::new("a.md", TEXT);
        assert_eq!(page.headings(), [(1, 1, "One"), (9, 2, "Two")]);
        assert_eq!(page.section("Two"), Some(9..16));
        assert_eq!(
            page.paragraph_above(12).unwrap(),
            (9, "## Two text more".into())
        );
    }
}
