//! The real book keeps the whole contract. What can be read is one test; the transcripts are one for
//! each page, and run beside each other: they wait more than they compute, and each page has
//! servers and ports of its own.
//!
//! `cargo test -p book --test contract -- 05-fork` runs those of one page.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};

use book::contract::{self, Scope};
use book::finding::Finding;
use book::generated;
use book::transcript::script::{Script, Step, scripts};
use book::tree::Tree;
use check::lessons::LESSONS;
use check::workshop::workspace;
use libtest_mimic::{Arguments, Failed, Trial};

/// How many pages run at a time, unless `--test-threads` says otherwise.
const PAGES: usize = 10;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(PAGES);
    let tree = Tree::open(workspace(), LESSONS).expect("the pages of the book can be read");
    libtest_mimic::run(&arguments, tests(&Arc::new(tree))).exit_code()
}

fn tests(tree: &Arc<Tree>) -> Vec<Trial> {
    let reader = Arc::clone(tree);
    let mut tests = vec![Trial::test("what_can_be_read_agrees", move || {
        read(&reader)
    })];
    let mut pages: Vec<(usize, &str)> = tree
        .pages
        .iter()
        .map(|page| (length(&scripts(page).0), page.name.as_str()))
        .filter(|&(length, _)| length > 0)
        .collect();
    // The longest begin, so that none is alone at the end.
    pages.sort_by_key(|&(length, _)| Reverse(length));
    for (_, name) in pages {
        let (tree, page) = (Arc::clone(tree), name.to_owned());
        let title = format!("the_transcripts_agree::{}", name.trim_end_matches(".md"));
        tests.push(Trial::test(title, move || play(&tree, &page)));
    }
    tests
}

/// Roughly how long a page takes. A checker has many questions, and a reader's server is compiled.
fn length(scripts: &[Script]) -> usize {
    let steps = scripts.iter().flat_map(|script| &script.steps);
    let takes_long =
        |step: &&Step| step.command.contains("check ") || step.command.contains("cargo build");
    scripts.len() + 5 * steps.filter(takes_long).count()
}

fn read(tree: &Tree) -> Result<(), Failed> {
    none(&contract::check(
        tree,
        &Scope {
            only: None,
            workshop: None,
            require_all: require_all(),
            generated: &generated::all(tree),
        },
    ))
}

/// Who plays a page shares the machine with other pages; who plays one again has it alone.
static STAGE: RwLock<()> = RwLock::new(());

/// A reader has the machine for himself, and a transcript may say `sleep 0.5`. So a page that
/// disagrees is played once more when no other is: what is wrong with it is wrong then, too.
fn play(tree: &Tree, name: &str) -> Result<(), Failed> {
    let page = tree.pages.iter().find(|page| page.name == name);
    let page = page.ok_or("the page has gone")?;
    let findings = || contract::transcripts_of(tree, page, &book::built, require_all());
    let shared = STAGE.read().unwrap_or_else(PoisonError::into_inner);
    let first = findings();
    drop(shared);
    if first.is_empty() {
        return Ok(());
    }
    let _alone = STAGE.write().unwrap_or_else(PoisonError::into_inner);
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr(), "{name} is played once more, alone");
    none(&findings())
}

fn require_all() -> bool {
    std::env::var_os("REQUIRE_ALL").is_some_and(|value| value == "1")
}

fn none(findings: &[Finding]) -> Result<(), Failed> {
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    match list.len() {
        0 => Ok(()),
        count => Err(format!("{count} findings:\n{}", list.join("\n")).into()),
    }
}
