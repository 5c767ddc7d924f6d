//! Files that are written by this tool and checked in, so that plain mdBook needs no help.

use std::fs;
use std::io;

use crate::arc;
use crate::finding::Finding;
use crate::ladder;
use crate::machines;
use crate::million;
use crate::rules::budget::reworked;
use crate::runs::Runs;
use crate::settings;
use crate::small;
use crate::tree::Tree;
use crate::waiting;

/// A file that is made from code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Where it is, seen from the root of the repository.
    pub path: String,
    /// What it holds.
    pub text: String,
    /// The command that writes it.
    pub command: &'static str,
}

impl Generated {
    /// Writes the file, unless it is up to date; says whether it wrote.
    pub fn write(&self, tree: &Tree) -> io::Result<bool> {
        if tree.read(&self.path).is_ok_and(|text| text == self.text) {
            return Ok(false);
        }
        let file = tree.root.join(&self.path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, &self.text)?;
        Ok(true)
    }

    /// What is wrong when the file is not what it should be.
    pub fn check(&self, tree: &Tree) -> Option<Finding> {
        let wrong = match tree.read(&self.path) {
            Ok(text) if text == self.text => return None,
            Ok(_) => "this generated file is out of date",
            Err(_) => "this generated file does not exist",
        };
        Some(Finding::new(
            &self.path,
            1,
            wrong,
            format!("Run: {}", self.command),
        ))
    }
}

/// The ladders: one for each lesson, one with nothing lit, one that stands alone, and a strip for
/// each chapter in the newer order.
pub fn figures(tree: &Tree) -> Vec<Generated> {
    let figure = |name: String, text| Generated {
        path: format!("book/src/figures/{name}.svg"),
        text,
        command: "cargo run -p book -- figures",
    };
    let numbers = tree.lessons.iter().map(|lesson| lesson.number);
    let mut files: Vec<Generated> = std::iter::once(0)
        .chain(numbers)
        .map(|lit| {
            figure(
                format!("ladder-{lit:02}"),
                ladder::themed(tree.lessons, lit),
            )
        })
        .collect();
    files.push(figure("ladder".to_owned(), ladder::alone(tree.lessons)));
    let strips = tree.lessons.iter().filter(|lesson| reworked(lesson));
    files.extend(strips.map(|lesson| {
        let number = lesson.number;
        let name = format!("strip-{number:02}");
        figure(name, ladder::strip(tree.lessons, number))
    }));
    files
}

/// The page with the matrix.
pub fn matrix() -> Generated {
    Generated {
        path: "book/src/matrix.md".to_owned(),
        text: check::matrix::render_markdown(),
        command: "cargo run -p book -- matrix",
    }
}

/// The page with every setting.
pub fn settings(tree: &Tree) -> Generated {
    Generated {
        path: "book/src/settings.md".to_owned(),
        text: settings::page(tree.lessons),
        command: "cargo run -p book -- settings",
    }
}

/// The page with the drivers side by side.
pub fn waiting() -> Generated {
    Generated {
        path: "book/src/waiting.md".to_owned(),
        text: waiting::page(),
        command: "cargo run -p book -- waiting",
    }
}

/// What is computed from the runs: the calculator, the whole way, and what was lost.
pub fn measured(tree: &Tree) -> Vec<Generated> {
    let runs = Runs::read(tree);
    let file = |path: &str, text| Generated {
        path: format!("book/{path}"),
        text,
        command: "cargo run -p book -- million",
    };
    // The formulas are constants, and a test computes each of them.
    let calculator = million::calculator(&runs).unwrap_or_default();
    vec![
        file("data/million.md", calculator),
        file("data/arc.md", arc::table(tree.lessons, &runs)),
        file("data/many.md", machines::table(tree)),
        file("src/figures/arc.svg", arc::draw(tree.lessons)),
    ]
}

/// The differences between the small servers.
pub fn differences(tree: &Tree) -> Vec<Generated> {
    let all = small::differences(tree).into_iter();
    all.map(|(path, text)| Generated {
        path,
        text,
        command: "cargo run -p book -- small",
    })
    .collect()
}

/// Every generated file.
pub fn all(tree: &Tree) -> Vec<Generated> {
    let mut files = figures(tree);
    files.push(matrix());
    files.push(settings(tree));
    files.push(waiting());
    files.extend(measured(tree));
    files.extend(differences(tree));
    files
}

/// The rule: every generated file is up to date.
pub fn check(tree: &Tree, files: &[Generated]) -> Vec<Finding> {
    files.iter().filter_map(|file| file.check(tree)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Planted;

    #[test]
    fn missing_and_stale_files_are_found_and_mended_by_writing() {
        let planted = Planted::clean();
        let tree = planted.tree();
        let files = figures(&tree);
        assert_eq!(files.len(), 3);
        let missing = check(&tree, &files);
        assert!(missing.len() == 3 && missing[0].wrong.contains("does not exist"));
        assert!(files.iter().all(|file| file.write(&tree).unwrap()));
        assert_eq!(check(&tree, &files), []);
        assert!(files.iter().all(|file| !file.write(&tree).unwrap()));
        planted.replace("book/src/figures/ladder-01.svg", "tiny", "huge");
        let stale = check(&tree, &files);
        assert!(
            stale.len() == 1
                && stale[0]
                    .to_string()
                    .contains("out of date. Run: cargo run -p book -- figures")
        );
    }
}
