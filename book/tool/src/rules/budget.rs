//! How much a reader has to read before something happens, and in all.

use std::fmt::{self, Display};
use std::sync::LazyLock;

use check::lessons::Lesson;
use regex::Regex;

use crate::finding::Finding;
use crate::page::{Fence, Kind, Page};
use crate::tree::Tree;

/// The chapters that are held to the budget, and to the newer order of sections.
const REWORKED: [&str; 8] = [
    "01-socket.md",
    "08-mount-tls.md",
    "09-websocket.md",
    "10-event-loop.md",
    "11-greenlets.md",
    "12-async.md",
    "13-python.md",
    "14-many.md",
];

/// The most words of prose that a chapter may have, in all and before something happens.
const MOST_WORDS: usize = 3500;
const BEFORE_A_COMMAND: usize = 300;
const BEFORE_THE_SERVER: usize = 1000;

/// Whether a lesson's chapter is written in the newer order.
pub fn reworked(lesson: &Lesson) -> bool {
    REWORKED.contains(&lesson.chapter)
}

/// The words of prose of a chapter, without listings, terminals and comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The page.
    pub page: String,
    /// All of them.
    pub words: usize,
    /// Those before the first command.
    pub to_a_command: Option<usize>,
    /// Those before the reader's own server, or the lesson's, runs for the first time.
    pub to_the_server: Option<usize>,
}

impl Display for Budget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |words: Option<usize>| words.map_or("never".to_owned(), |it| it.to_string());
        write!(
            out,
            "{:<20} {:>5} words, the first command after {:>4}, the server runs after {:>4}",
            self.page,
            self.words,
            place(self.to_a_command),
            place(self.to_the_server)
        )
    }
}

/// The budgets of all chapters.
pub fn budgets(tree: &Tree) -> Vec<Budget> {
    let chapters = tree.lessons.iter().filter_map(|lesson| {
        let page = tree.pages.iter().find(|page| page.name == lesson.chapter)?;
        Some(budget(page, lesson))
    });
    chapters.collect()
}

/// Checks the chapters that are held to it.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let lessons = tree.lessons.iter().filter(|lesson| reworked(lesson));
    let pages = lessons.filter_map(|lesson| {
        let page = tree.pages.iter().find(|page| page.name == lesson.chapter)?;
        Some(exceeded(page, &budget(page, lesson)))
    });
    pages.flatten().collect()
}

fn exceeded(page: &Page, budget: &Budget) -> Vec<Finding> {
    let too_many = |words: Option<usize>, most: usize, what: &str, mend: &str| {
        let words = words.filter(|words| *words <= most);
        words.is_none().then(|| {
            let wrong = format!("{what} (at most {most}): {budget}");
            Finding::new(&page.path, 1, wrong, mend)
        })
    };
    let findings = [
        too_many(
            Some(budget.words),
            MOST_WORDS,
            "the chapter has too many words",
            "Move what is not needed to build and to break it to a page of code",
        ),
        too_many(
            budget.to_a_command,
            BEFORE_A_COMMAND,
            "there are too many words before the first command",
            "Begin with something that the reader can type",
        ),
        too_many(
            budget.to_the_server,
            BEFORE_THE_SERVER,
            "there are too many words before a server runs",
            "Let the reader's own server or the lesson's run earlier",
        ),
    ];
    findings.into_iter().flatten().collect()
}

fn budget(page: &Page, lesson: &Lesson) -> Budget {
    let mut consoles = page
        .fences
        .iter()
        .filter(|fence| fence.language == "console");
    let command = consoles.clone().find(|fence| !commands(fence).is_empty());
    let server = consoles.find(|fence| runs_the_server(fence, lesson));
    let before = |fence: Option<&Fence>| fence.map(|fence| words(page, fence.line - 1));
    Budget {
        page: page.name.clone(),
        words: words(page, page.lines.len()),
        to_a_command: before(command),
        to_the_server: before(server),
    }
}

fn commands(fence: &Fence) -> Vec<&str> {
    let lines = fence.body.iter();
    lines.filter_map(|line| line.strip_prefix("$ ")).collect()
}

/// The lesson's own server, one of its examples, or what the reader has written.
fn runs_the_server(fence: &Fence, lesson: &Lesson) -> bool {
    let package = format!("-p {}", lesson.package);
    let is_run = |command: &&str| {
        (command.contains("cargo run") && command.split(" -- ").any(|part| part.contains(&package)))
            || command.contains("~/mine/check")
            || command.contains("(cd ~/mine && cargo run")
    };
    commands(fence).iter().any(is_run)
}

/// The words of prose in the first lines of a page.
fn words(page: &Page, lines: usize) -> usize {
    // What a reader does not read: tags, where a link leads, the paths of included figures.
    static NOT_READ: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"<[^>]*>|\{\{[^}]*\}\}|\]\([^)]*\)").expect("the pattern is valid")
    });
    let prose = page.lines[..lines].iter().zip(&page.kinds);
    let prose = prose.filter(|(_, kind)| **kind == Kind::Text);
    prose
        .map(|(line, _)| {
            let text = NOT_READ.replace_all(line, " ").into_owned();
            let words = text.split_whitespace();
            words
                .filter(|word| word.contains(char::is_alphanumeric))
                .count()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::LESSONS;

    fn page(text: &str) -> Page {
        Page::new("01-tiny.md", text)
    }

    fn of(text: &str) -> Budget {
        budget(&page(text), &LESSONS[0])
    }

    const CLIENT: &str = "```console,client\n$ curl http://127.0.0.1:8888/\nHello\n```\n";
    const SERVER: &str = "```console,server\n$ cargo run -q -p lesson01\nready\n```\n";

    #[test]
    fn words_are_prose_and_not_code_comments_tags_or_addresses() {
        let text = "# A title\n\n<!-- not\nread -->\n<figure class=\"fig\">\n{{#include figures/a.svg}}\n</figure>\n\nSee [the page](https://example.com/a_b) — or `not`.\n\n```text\nnot at all\n```\n";
        assert_eq!(of(text).words, 7);
    }

    #[test]
    fn a_command_and_a_server_are_found_where_they_first_run() {
        let text = format!("one two\n\n{CLIENT}\nthree\n\n{SERVER}\nfour\n");
        let budget = of(&text);
        assert_eq!(
            (budget.words, budget.to_a_command, budget.to_the_server),
            (4, Some(2), Some(3))
        );
        let other = of(&text.replace("lesson01", "lesson02"));
        assert_eq!(other.to_the_server, None);
        for own in [
            "~/mine/check --hold 2",
            "(cd ~/mine && cargo run -q -- 8888)",
            "cargo run -p lesson01 --example small01",
        ] {
            let text = text.replace("cargo run -q -p lesson01", own);
            assert_eq!(of(&text).to_the_server, Some(3), "{own}");
        }
    }

    #[test]
    fn a_page_within_the_budget_is_no_fault_and_each_excess_is_found_with_its_numbers() {
        let words = |count: usize| "word ".repeat(count) + "\n\n";
        let found = |text: &str| {
            let findings = exceeded(&page(text), &of(text));
            findings
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        };
        let text = |first, second, third| {
            words(first) + CLIENT + "\n" + &words(second) + SERVER + "\n" + &words(third)
        };
        assert_eq!(found(&text(300, 700, 2500)), "");
        let late = found(&text(301, 1, 1));
        assert!(
            late.contains("before the first command (at most 300)") && late.contains(" 301,"),
            "{late}"
        );
        let late = found(&text(300, 701, 1));
        assert!(
            late.contains("before a server runs (at most 1000)") && late.contains("1001"),
            "{late}"
        );
        let long = found(&text(300, 700, 2501));
        assert!(
            long.contains("too many words (at most 3500)") && long.contains("3501"),
            "{long}"
        );
        let never = found(&words(10));
        assert!(never.contains("after never"), "{never}");
    }
}
