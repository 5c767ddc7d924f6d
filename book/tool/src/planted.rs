//! A tiny repository that keeps every rule, for tests that plant one fault in it.

use std::fs;
use std::path::Path;

use check::lessons::Lesson;
use tempfile::TempDir;

use crate::finding::Finding;
use crate::tree::Tree;

/// The one lesson of the tiny repository.
pub(crate) const LESSONS: &[Lesson] = &[Lesson {
    number: 1,
    package: "lesson01",
    folder: "lessons/01-tiny",
    title: "A tiny lesson",
    chapter: "01-tiny.md",
    idea: "one idea",
    still_wrong: "everything else",
}];

/// The clean chapter.
pub(crate) const CHAPTER: &str = "01-tiny.md";

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", "[workspace]\nmembers = [\"lessons/*\"]\n"),
    (
        "book/book.toml",
        "[book]\ntitle = \"Tiny\"\n[build]\ncreate-missing = false\n[output.html.playground]\nrunnable = false\n",
    ),
    (
        "book/src/SUMMARY.md",
        "# Summary\n\n- [A tiny lesson](01-tiny.md)\n\n[Terminal](support.md)\n[Glossary](glossary.md)\n",
    ),
    (
        "README.md",
        "# Tiny\n\n| | lesson | run it | idea |\n|---|---|---|---|\n| 01 | [A tiny lesson](book/src/01-tiny.md) | `cargo run -p lesson01` | one idea |\n",
    ),
    (
        "book/src/01-tiny.md",
        "\
# A tiny lesson

## Where we are

<figure class=\"fig\">
{{#include figures/01-tiny.svg}}
<figcaption>Two lines.</figcaption>
</figure>

## By the end you will be able to

## Predict

<details><summary>Answer</summary>

The server answers `Hello`.

</details>

## The idea

Measured numbers come from a file:

{{#include ../data/01-bench.md}}

## The code

*lessons/01-tiny/src/lib.rs*, `imports`: what it needs.

```rust
{{#include ../../lessons/01-tiny/src/lib.rs:imports}}
```

*lessons/01-tiny/src/lib.rs*, `answer`: what it says.

```rust
{{#include ../../lessons/01-tiny/src/lib.rs:answer}}
```

<!-- sketch: what it could say -->

```rust,sketch
let answer = \"Hello\";
```

## Run it

```console,client
$ echo Hello; \\
  echo again
Hello
again
$ echo done
done
```

<!-- norun: it never ends -->
```console,client,norun
$ yes
```

## Break it

See [the answer](#the-code) and [support](support.md#support).

## What it costs, what is still wrong

## What real servers do

## Exercises

<details><summary>Hint</summary>

Think.

</details>

## Study notes

- **[answer](glossary.md#answer)** — what a server says.
",
    ),
    (
        "book/src/support.md",
        "# Support\n\n*lessons/support/src/lib.rs*, whole file: all of it.\n\n```rust\n{{#include ../../lessons/support/src/lib.rs}}\n```\n",
    ),
    (
        "book/src/glossary.md",
        "# Glossary\n\n## answer\n\nWhat a server says ([chapter 1](01-tiny.md#study-notes)).\n",
    ),
    (
        "book/src/figures/01-tiny.svg",
        "<svg viewBox=\"0 0 360 40\" role=\"img\">\n<title>Two lines</title>\n<desc>A line of text above another line of text.</desc>\n<text x=\"0\" y=\"14\">one</text>\n<text class=\"small\" x=\"0\" y=\"34\">two</text>\n</svg>\n",
    ),
    (
        "book/data/01-bench.md",
        "It takes 12 ns.\n\nmachine: a box, kernel: 6.1, rustc: 1.95, commit: abcdef0\n",
    ),
    (
        "lessons/01-tiny/src/lib.rs",
        "\
//! Tiny.
// ANCHOR: imports
use std::io;
// ANCHOR_END: imports

// ANCHOR: answer
/// What it says.
pub fn answer() -> io::Result<&'static str> {
    Ok(\"Hello\") // always
}
// ANCHOR_END: answer

#[cfg(test)]
mod tests {
    #[test]
    fn hello() {}
}
",
    ),
    (
        "lessons/support/src/lib.rs",
        "//! Support.\npub fn support() {}\n",
    ),
];

/// The tiny repository, in a folder that goes away with it.
pub(crate) struct Planted {
    folder: TempDir,
}

impl Planted {
    /// The repository without a fault.
    pub(crate) fn clean() -> Planted {
        let planted = Planted {
            folder: TempDir::new().unwrap(),
        };
        for (path, text) in FILES {
            planted.write(path, text);
        }
        planted
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Planted {
        let file = self.folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self
    }

    /// Replaces a text that must be there.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) -> &Planted {
        let text = fs::read_to_string(self.folder.path().join(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, &text.replace(from, to))
    }

    /// Replaces a text of the chapter.
    pub(crate) fn chapter(&self, from: &str, to: &str) -> &Planted {
        self.replace("book/src/01-tiny.md", from, to)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree::open(self.root(), LESSONS).unwrap()
    }
}

/// Plants each fault (a file, a text in it, what replaces the text) and expects a finding that
/// holds the words; and none in the clean repository.
pub(crate) fn each_fault_is_found(
    rule: fn(&Tree) -> Vec<Finding>,
    faults: &[(&str, &str, &str, &str)],
) {
    let clean = Planted::clean();
    assert_eq!(
        rule(&clean.tree()),
        [],
        "the clean repository has no finding"
    );
    for (path, from, to, words) in faults {
        let planted = Planted::clean();
        planted.replace(path, from, to);
        let findings = rule(&planted.tree());
        let found = findings.iter().any(|one| one.to_string().contains(words));
        assert!(found, "{from:?} -> {to:?}: no {words:?} in {findings:#?}");
    }
}
