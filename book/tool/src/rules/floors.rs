//! The files of a crate stand on one another like floors: none needs a file that needs it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::finding::Finding;
use crate::modules::{Modules, Need};
use crate::tree::Tree;

const WORKSPACE: &str = "Cargo.toml";

/// Looks through every crate of the workspace.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let roots = roots(tree);
    if roots.is_empty() {
        let wrong = "no crate of the workspace has a src/lib.rs or src/main.rs";
        return vec![Finding::new(WORKSPACE, 1, wrong, "Name its members")];
    }
    let of_crate = |root: &String| {
        let modules = Modules::of_crate(root, |file| tree.read(file).ok());
        circles(&modules.needs())
    };
    roots.iter().flat_map(of_crate).collect()
}

/// The root files, library and program, of the workspace's members.
fn roots(tree: &Tree) -> Vec<String> {
    let manifest = tree.read(WORKSPACE).unwrap_or_default();
    let members = manifest
        .lines()
        .find_map(|line| line.strip_prefix("members = "))
        .unwrap_or_default();
    let members = members.split('"').skip(1).step_by(2);
    // `lessons/*` names every folder in it.
    let folders = members.flat_map(|member| match member.strip_suffix("/*") {
        Some(folder) => tree.folders(folder),
        None => vec![member.to_owned()],
    });
    folders
        .flat_map(|folder| ["lib", "main"].map(|name| format!("{folder}/src/{name}.rs")))
        .filter(|root| tree.root.join(root).is_file())
        .collect()
}

/// A finding for each file that needs a file above it, in the shortest circle that it is part of.
fn circles(needs: &BTreeMap<&str, Vec<Need>>) -> Vec<Finding> {
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for (&file, here) in needs {
        let Some(circle) = shortest_circle(file, needs) else {
            continue;
        };
        if !told.insert(circle.iter().copied().collect::<BTreeSet<&str>>()) {
            continue;
        }
        let next = circle.get(1).copied().unwrap_or(file);
        let line = here.iter().find(|(_, other)| other == next);
        findings.push(Finding::new(
            file,
            line.map_or(1, |(line, _)| *line),
            format!(
                "these files need each other: {} → {file}",
                circle.join(" → ")
            ),
            "Move what both need into a file below them, or hand it over as a parameter",
        ));
    }
    findings
}

/// The files on the shortest way from `file` back to it.
fn shortest_circle<'a>(
    file: &'a str,
    needs: &'a BTreeMap<&str, Vec<Need>>,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([vec![file]]);
    while let Some(way) = ways.pop_front() {
        let end = way.last().copied().unwrap_or(file);
        for (_, next) in needs.get(end).into_iter().flatten() {
            if next == file {
                return Some(way);
            }
            if seen.insert(next.as_str()) {
                ways.push_back(way.iter().copied().chain([next.as_str()]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Planted;
    use check::lessons::LESSONS;
    use check::workshop::workspace;

    /// What is found when the library `support` has these files.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let planted = Planted::clean();
        for (name, text) in files {
            planted.write(&format!("lessons/support/src/{name}"), text);
        }
        let findings = check(&planted.tree());
        let sentences = findings.iter().map(ToString::to_string);
        sentences
            .map(|text| text.replace("lessons/support/src/", ""))
            .collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_found_with_the_line_of_the_import() {
        let found = found(&[
            ("lib.rs", "mod one;\nmod two;\n"),
            ("one.rs", "pub struct One;\n\nuse crate::two::Two;\n"),
            ("two.rs", "pub struct Two(pub crate::one::One);\n"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        let words = "one.rs:3: these files need each other: one.rs → two.rs → one.rs.";
        assert!(found[0].starts_with(words), "{found:?}");
    }

    #[test]
    fn a_circle_is_found_behind_names_that_are_passed_on() {
        let found = found(&[
            (
                "lib.rs",
                "mod one;\nmod two;\npub use one::One;\npub use two::Two;\n",
            ),
            ("one.rs", "use crate::Two;\npub struct One(Two);\n"),
            (
                "two.rs",
                "use crate::One;\npub struct Two(Option<&'static One>);\n",
            ),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_circle_of_three_and_one_of_a_file_and_its_folder_are_found() {
        let three = found(&[
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a.rs", "pub const A: u8 = crate::b::B;\n"),
            ("b.rs", "pub const B: u8 = crate::c::C;\n"),
            (
                "c.rs",
                "pub fn c() { crate::a::A; }\npub const C: u8 = 1;\n",
            ),
        ]);
        assert!(three[0].contains("a.rs → b.rs → c.rs → a.rs"), "{three:?}");
        let folder = found(&[
            ("lib.rs", "mod a;\n"),
            (
                "a.rs",
                "mod list;\npub use list::LIST;\npub struct One;\nfn f() { LIST; }\n",
            ),
            (
                "a/list.rs",
                "use super::One;\npub const LIST: [One; 1] = [One];\n",
            ),
        ]);
        assert!(folder[0].contains("a.rs → a/list.rs → a.rs"), "{folder:?}");
    }

    #[test]
    fn floors_are_not_a_circle_even_if_a_root_passes_all_of_them_on() {
        let found = found(&[
            (
                "lib.rs",
                "mod one;\nmod two;\npub use one::One;\npub use two::Two;\n",
            ),
            ("one.rs", "pub struct One;\n"),
            ("two.rs", "use crate::One;\npub struct Two(One);\n"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn every_member_of_the_workspace_is_looked_at() {
        let planted = Planted::clean();
        assert_eq!(check(&planted.tree()), []);
        planted.replace(WORKSPACE, "lessons/*", "elsewhere/*");
        assert!(check(&planted.tree())[0].wrong.contains("no crate"));

        let tree = Tree::open(workspace(), LESSONS).unwrap();
        let roots = roots(&tree);
        for crate_of_its_own in ["book/tool", "tests/check", "tests/race", "lessons/terminal"] {
            let root = format!("{crate_of_its_own}/src/lib.rs");
            assert!(roots.contains(&root), "{root} is not in {roots:?}");
        }
        for lesson in LESSONS {
            let root = format!("{}/src/lib.rs", lesson.folder);
            assert!(roots.contains(&root), "{root} is not in {roots:?}");
        }
    }
}
