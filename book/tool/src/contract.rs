//! The contract between text and code: every rule, applied to a repository.

use crate::finding::Finding;
use crate::generated::{self, Generated};
use crate::include::directives;
use crate::page::Page;
use crate::rules::{
    agreement, budget, coverage, fences, figures, floors, glossary, headings, images, includes,
    links, listings, numbers, skeleton, small,
};
use crate::transcript::command::Workshop;
use crate::transcript::equipment::Equipment;
use crate::transcript::run::run;
use crate::transcript::script;
use crate::tree::Tree;

/// The rules that need nothing but the repository.
const RULES: [fn(&Tree) -> Vec<Finding>; 16] = [
    includes::check,
    listings::check,
    coverage::check,
    fences::check,
    script::check,
    headings::check,
    skeleton::check,
    budget::check,
    small::check,
    images::check,
    figures::check,
    floors::check,
    numbers::check,
    agreement::check,
    glossary::check,
    links::check,
];

/// How much of the contract to check.
pub struct Scope<'a> {
    /// Only what concerns this page, named from `book/src`.
    pub only: Option<&'a str>,
    /// Where binaries for the transcripts come from; nothing leaves the transcripts out.
    pub workshop: Option<Workshop<'a>>,
    /// Whether a tool that is not installed is a finding.
    pub require_all: bool,
    /// Files that have to be up to date.
    pub generated: &'a [Generated],
}

/// Checks the contract and returns what breaks it, in the order of files and lines.
pub fn check(tree: &Tree, scope: &Scope) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    findings.extend(generated::check(tree, scope.generated));
    findings.extend(transcripts(tree, scope));
    if let Some(page) = scope.only {
        findings.retain(|finding| concerns(tree, finding, page));
    }
    findings.sort();
    findings.dedup();
    findings
}

fn transcripts(tree: &Tree, scope: &Scope) -> Vec<Finding> {
    let Some(workshop) = scope.workshop else {
        return Vec::new();
    };
    let pages = tree.pages.iter();
    pages
        .filter(|page| scope.only.is_none_or(|only| page.name == only))
        .flat_map(|page| transcripts_of(tree, page, workshop, scope.require_all))
        .collect()
}

/// Runs the transcripts of one page. Pages know nothing of each other, so several can be run at
/// the same time.
pub fn transcripts_of(
    tree: &Tree,
    page: &Page,
    workshop: Workshop,
    require_all: bool,
) -> Vec<Finding> {
    let equipment = Equipment {
        folder: tree.root.clone(),
        workshop,
        require_all,
    };
    run(&equipment, page)
}

/// Whether a finding is the business of who writes this page: it is in the page, in a file that
/// the page includes, or in the code that the page has to show.
fn concerns(tree: &Tree, finding: &Finding, name: &str) -> bool {
    let Some(page) = tree.pages.iter().find(|page| page.name == name) else {
        return true;
    };
    let included = directives(page).iter().any(|one| one.file == finding.file);
    let shown = tree
        .crate_of(&finding.file)
        .is_some_and(|folder| tree.shows(name, &folder));
    finding.file == page.path || included || shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{CHAPTER, Planted};
    use std::path::PathBuf;

    fn checked(planted: &Planted, only: Option<&str>, run: bool) -> Vec<Finding> {
        let workshop = |_: &str, _: Option<&str>| Ok(PathBuf::from("/bin/true"));
        let scope = Scope {
            only,
            workshop: run.then_some(&workshop as Workshop),
            require_all: true,
            generated: &[],
        };
        check(&planted.tree(), &scope)
    }

    #[test]
    fn a_clean_repository_keeps_the_whole_contract() {
        assert_eq!(checked(&Planted::clean(), None, true), []);
    }

    #[test]
    fn a_wrong_transcript_is_found_unless_transcripts_are_left_out() {
        let planted = Planted::clean();
        planted.chapter("done\n```", "gone\n```");
        assert_eq!(checked(&planted, None, false), []);
        let findings = checked(&planted, None, true);
        assert!(
            findings.len() == 1 && findings[0].wrong.contains("+ done"),
            "{findings:?}"
        );
    }

    #[test]
    fn only_one_page_means_its_text_its_code_and_its_figures() {
        let planted = Planted::clean();
        planted
            .chapter("## Predict", "## Guess")
            .replace("book/src/support.md", "# Support", "### Support")
            .replace(
                "lessons/01-tiny/src/lib.rs",
                "// ANCHOR: answer",
                "mod a;\n// ANCHOR: answer",
            )
            .replace(
                "book/src/figures/01-tiny.svg",
                "<text x",
                "<text fill=\"red\" x",
            );
        assert!(checked(&planted, None, false).len() > 3);
        let files: Vec<String> = checked(&planted, Some(CHAPTER), false)
            .into_iter()
            .map(|finding| finding.file)
            .collect();
        assert_eq!(
            files,
            [
                "book/src/01-tiny.md",
                "book/src/figures/01-tiny.svg",
                "lessons/01-tiny/src/lib.rs"
            ]
        );
    }
}
