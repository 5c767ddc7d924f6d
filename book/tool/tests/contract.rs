//! The real book keeps the whole contract, transcripts included.

use book::contract::{self, Scope};
use book::generated;
use book::transcript::command::Workshop;
use book::tree::Tree;
use check::lessons::LESSONS;
use check::workshop::workspace;

#[test]
fn the_book_and_the_code_agree() {
    let tree = Tree::open(workspace(), LESSONS).expect("the pages of the book can be read");
    let findings = contract::check(
        &tree,
        &Scope {
            only: None,
            workshop: Some(&book::built as Workshop),
            require_all: std::env::var_os("REQUIRE_ALL").is_some_and(|value| value == "1"),
            generated: &generated::all(&tree),
        },
    );
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        list.is_empty(),
        "{} findings:\n{}",
        list.len(),
        list.join("\n")
    );
}
