//! The files of a crate as modules, and which of them needs which.
//!
//! A file needs another one if its code names something that is *defined* there, by a `use` or by
//! a path, however many files pass the name on. What a file only passes on (`pub use`, and no other
//! word about it) it does not need itself, and neither does it need the modules that it declares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::source::{plain_code, scan};

/// A module's place in its crate: `["transcript", "script"]`; nothing for the root.
type Place = Vec<String>;

/// A crate: every module that is a file.
#[derive(Debug, Default)]
pub struct Modules {
    files: BTreeMap<Place, Module>,
}

#[derive(Debug, Default)]
struct Module {
    /// The file, as it was named to us.
    file: String,
    /// The modules that it declares and that are files of their own.
    children: BTreeSet<String>,
    /// What is defined at its top.
    items: BTreeSet<String>,
    uses: Vec<Use>,
    /// Paths in the code beside the imports, with their lines.
    paths: Vec<(usize, Vec<String>)>,
}

#[derive(Debug)]
struct Use {
    line: usize,
    path: Vec<String>,
    /// The name by which it is known here; `*` for all names.
    name: String,
    /// Whether it is for others, and this file does not use it.
    passed_on: bool,
}

/// One file that needs another one: the line, and the file.
pub type Need = (usize, String);

impl Modules {
    /// Reads a crate from its root (`src/lib.rs`); `read` gives the text of a file, if it exists.
    pub fn of_crate(root: &str, read: impl Fn(&str) -> Option<String>) -> Modules {
        let mut modules = Modules::default();
        let mut waiting = vec![(Place::new(), root.to_owned())];
        while let Some((place, file)) = waiting.pop() {
            let Some(text) = read(&file) else { continue };
            let mut module = Module::read(file, &text);
            module.children.retain(|child| {
                let paths = paths_of_child(root, &place, child);
                let Some(path) = paths.into_iter().find(|path| read(path).is_some()) else {
                    return false;
                };
                let below = place.iter().cloned().chain([child.clone()]);
                waiting.push((below.collect(), path));
                true
            });
            modules.files.insert(place, module);
        }
        modules
    }

    /// Every file, with the files that it needs and the line where it first says so.
    pub fn needs(&self) -> BTreeMap<&str, Vec<Need>> {
        let of_file = |(place, module): (&Place, &Module)| {
            let imports = module.uses.iter().filter(|one| !one.passed_on);
            let imports = imports.map(|one| (one.line, &one.path));
            let paths = module.paths.iter().map(|(line, path)| (*line, path));
            let mut needs: Vec<Need> = imports
                .chain(paths)
                .filter_map(|(line, path)| Some((line, self.defined_in(place, path, 8)?)))
                .filter(|(_, file)| *file != module.file)
                .collect();
            needs.sort();
            let mut seen = BTreeSet::new();
            needs.retain(|(_, file)| seen.insert(file.clone()));
            needs
        };
        let files = self.files.iter();
        files
            .map(|entry| (entry.1.file.as_str(), of_file(entry)))
            .collect()
    }

    /// The file that defines what `path` names in the module at `place`; nothing if that is
    /// another crate. `patience` ends a circle of names that are passed on.
    fn defined_in(&self, place: &[String], path: &[String], patience: usize) -> Option<String> {
        let (first, mut rest) = path.split_first()?;
        let mut at: Place = match first.as_str() {
            "crate" => Place::new(),
            "self" => place.to_vec(),
            "super" => place.split_last()?.1.to_vec(),
            _ => {
                rest = path;
                place.to_vec()
            }
        };
        // A name that is neither a child nor known here begins the path of another crate.
        let mut here = first == "crate" || first == "self" || first == "super";
        while let Some((name, behind)) = rest.split_first() {
            let module = self.files.get(&at)?;
            if name == "super" {
                at.pop()?;
            } else if module.children.contains(name) {
                at.push(name.clone());
            } else if module.items.contains(name) || name == "*" {
                return Some(module.file.clone());
            } else if let Some(found) = self.passed_on(&at, module, name, behind, patience) {
                return Some(found);
            } else if here {
                break;
            } else {
                return None;
            }
            here = true;
            rest = behind;
        }
        Some(self.files.get(&at)?.file.clone())
    }

    /// Where a name is defined that `module` has from somewhere else.
    fn passed_on(
        &self,
        at: &[String],
        module: &Module,
        name: &str,
        behind: &[String],
        patience: usize,
    ) -> Option<String> {
        let patience = patience.checked_sub(1)?;
        let mut sources = module.uses.iter().filter(|one| one.name == name);
        let source = sources.find(|one| one.path.first().is_none_or(|first| first != name))?;
        let path: Vec<String> = source.path.iter().chain(behind).cloned().collect();
        self.defined_in(at, &path, patience)
    }
}

/// Where the file of a child can be: beside the root, or in its parent's folder.
fn paths_of_child(root: &str, place: &[String], child: &str) -> [String; 2] {
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let below: String = place.iter().map(|name| format!("{name}/")).collect();
    let stem = format!("{folder}/{below}{child}");
    [format!("{stem}.rs"), format!("{stem}/mod.rs")]
}

impl Module {
    fn read(file: String, text: &str) -> Module {
        let tests = scan(text).test_files;
        let mut module = Module {
            file,
            ..Module::default()
        };
        let code = plain_code(text);
        let words = words(&code);
        let (mut depth, mut index) = (0, 0);
        while index < words.len() {
            let word = words[index].1;
            match word {
                "{" => depth += 1,
                "}" => depth -= 1,
                // `impl Iterator + use<'b>` imports nothing.
                "use" if after(&words, index, 1) != "<" => {
                    index = module.read_use(&words, index);
                    continue;
                }
                "mod" if after(&words, index, 2) == ";" => {
                    let name = after(&words, index, 1).to_owned();
                    if !tests.contains(&name) {
                        module.children.insert(name);
                    }
                }
                _ if depth == 0 && DEFINES.contains(&word) => {
                    module.items.insert(after(&words, index, 1).to_owned());
                }
                _ => {}
            }
            index += module.read_path(&words, index);
        }
        let Module {
            paths,
            children,
            uses,
            ..
        } = &mut module;
        for one in uses {
            let said = words.iter().filter(|(_, word)| *word == one.name).count();
            one.passed_on &= said == 1;
        }
        paths.retain(|(_, path)| STARTS.contains(&path[0].as_str()) || children.contains(&path[0]));
        module
    }

    /// Reads `use a::{b, c as d};` and gives the index behind it.
    fn read_use(&mut self, words: &[(usize, &str)], index: usize) -> usize {
        let line = words[index].0;
        let before = index.checked_sub(1).map_or("", |before| words[before].1);
        let passed_on = before == "pub" || before == ")";
        let (mut prefixes, mut path) = (vec![Vec::new()], Vec::new());
        let mut name = None;
        let mut at = index + 1;
        while let Some((_, word)) = words.get(at) {
            match *word {
                "::" => {}
                "{" => prefixes.push(path.clone()),
                "as" => {
                    at += 1;
                    name = words.get(at).map(|(_, word)| (*word).to_owned());
                }
                "," | "}" | ";" => {
                    let prefix = prefixes.last().cloned().unwrap_or_default();
                    if path != prefix {
                        self.add_use(line, &path, name.take(), passed_on);
                    }
                    path = prefix;
                    if *word == "}" {
                        prefixes.pop();
                        path = prefixes.last().cloned().unwrap_or_default();
                    }
                    if *word == ";" {
                        break;
                    }
                }
                word => path.push(word.to_owned()),
            }
            at += 1;
        }
        at + 1
    }

    fn add_use(&mut self, line: usize, path: &[String], name: Option<String>, passed_on: bool) {
        let mut path = path.to_vec();
        // `use a::{self}` is `use a`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        self.uses.push(Use {
            line,
            path,
            name,
            passed_on,
        });
    }

    /// Reads `a::b::c`, if a path begins here, and gives how many words it took.
    fn read_path(&mut self, words: &[(usize, &str)], index: usize) -> usize {
        let mut path = vec![words[index].1.to_owned()];
        let mut at = index + 1;
        while words.get(at).is_some_and(|(_, word)| *word == "::") {
            path.push(after(words, at, 1).to_owned());
            at += 2;
        }
        if path.len() > 1 {
            self.paths.push((words[index].0, path));
        }
        at - index
    }
}

const STARTS: [&str; 3] = ["crate", "self", "super"];

const DEFINES: [&str; 10] = [
    "struct",
    "enum",
    "union",
    "fn",
    "trait",
    "type",
    "const",
    "static",
    "mod",
    "macro_rules",
];

/// The words and marks of some code, each with its line.
fn words(code: &str) -> Vec<(usize, &str)> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[A-Za-z_][A-Za-z0-9_]*|::|\S").expect("the pattern is valid")
    });
    let lines = (1..).zip(code.lines());
    lines
        .flat_map(|(line, text)| WORD.find_iter(text).map(move |word| (line, word.as_str())))
        .collect()
}

fn after<'a>(words: &[(usize, &'a str)], index: usize, by: usize) -> &'a str {
    words.get(index + by).map_or("", |(_, word)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The needs of a crate whose files are given: `a.rs needs b.rs c.rs`.
    fn needs(files: &[(&str, &str)]) -> Vec<String> {
        let read = |path: &str| {
            let mut found = files
                .iter()
                .filter(|(file, _)| format!("src/{file}") == path);
            found.next().map(|(_, text)| (*text).to_owned())
        };
        let modules = Modules::of_crate("src/lib.rs", read);
        let needs = modules.needs().into_iter();
        let sentences = needs
            .filter(|(_, needs)| !needs.is_empty())
            .map(|(file, needs)| {
                let others: Vec<_> = needs.iter().map(|(_, file)| file.as_str()).collect();
                format!("{file} needs {}", others.join(" ")).replace("src/", "")
            });
        sentences.collect()
    }

    #[test]
    fn a_file_needs_the_one_that_defines_a_name_and_not_those_that_pass_it_on() {
        let files = [
            (
                "lib.rs",
                "mod a;\nmod b;\npub use a::{A, other as Another};\n",
            ),
            ("a.rs", "pub struct A;\npub fn other() {}\n"),
            ("b/mod.rs", "pub mod c;\npub use crate::A as First;\n"),
            ("b/c.rs", "use crate::b::First;\nuse crate::Another;\n"),
        ];
        assert_eq!(needs(&files), ["b/c.rs needs a.rs"]);
    }

    #[test]
    fn a_file_that_passes_a_name_on_and_uses_it_as_well_needs_it() {
        let files = [
            (
                "lib.rs",
                "mod list;\npub use list::LIST;\npub fn first() { LIST[0]; }\n",
            ),
            ("list.rs", "pub const LIST: [u8; 1] = [0];\n"),
        ];
        assert_eq!(needs(&files), ["lib.rs needs list.rs"]);
    }

    #[test]
    fn imports_are_read_in_groups_and_paths_wherever_they_stand() {
        let files = [
            (
                "lib.rs",
                "mod a;\nmod b;\nmod c;\nmod d;\nfn main() { d::run() }\n",
            ),
            ("a.rs", "use crate::{b::{self, B}, c as other};\n"),
            (
                "b.rs",
                "pub struct B;\nfn f() -> impl Sized + use<> { super::c::C }\n",
            ),
            ("c.rs", "pub struct C;\n"),
            ("d.rs", "pub fn run() { use crate::c::C; }\n"),
        ];
        assert_eq!(
            needs(&files),
            [
                "a.rs needs b.rs c.rs",
                "b.rs needs c.rs",
                "d.rs needs c.rs",
                "lib.rs needs d.rs"
            ]
        );
    }

    #[test]
    fn other_crates_comments_texts_and_tests_are_not_needs() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod planted;\n"),
            (
                "a.rs",
                "use std::fmt;\nuse b::B;\n// use crate::b::B;\nconst T: &str = \"use crate::b::B;\";\n\
                 /// [`crate::b::B`]\n#[cfg(test)]\nmod tests { use crate::b::B; }\n",
            ),
            ("b.rs", "pub struct B;\n"),
            ("planted.rs", "use crate::a::T;\n"),
        ];
        assert_eq!(needs(&files), [""; 0]);
    }

    #[test]
    fn a_need_has_the_line_where_it_is_said_first() {
        let read = |path: &str| match path {
            "src/lib.rs" => Some("mod a;\n\nuse a::A;\nfn b(_: a::A) {}\n".to_owned()),
            "src/a.rs" => Some("pub struct A;\n".to_owned()),
            _ => None,
        };
        let modules = Modules::of_crate("src/lib.rs", read);
        assert_eq!(modules.needs()["src/lib.rs"], [(3, "src/a.rs".to_owned())]);
    }
}
