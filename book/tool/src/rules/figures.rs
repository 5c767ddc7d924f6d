//! Drawings read well in light and dark themes, on a phone, and without eyes.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::finding::Finding;
use crate::include::directives;
use crate::page::Page;
use crate::tree::Tree;

/// A drawing that is wider than this has text too small for a phone.
const WIDEST: f64 = 480.0;

/// Checks every inlined SVG file, and the `<figure>` blocks that hold them.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &tree.pages {
        let mut prose = page.prose();
        if let Some((line, _)) = prose.find(|(_, line)| line.contains("<svg")) {
            let wrong = "a drawing is written into the page, where nobody checks it";
            let mend = "Put it into book/src/figures and include it";
            findings.push(Finding::new(&page.path, line, wrong, mend));
        }
        let drawings = directives(page)
            .into_iter()
            .filter(|one| one.file.ends_with(".svg"));
        for include in drawings {
            findings.extend(holder(page, include.line));
            // A missing file is a finding of the rule about includes.
            if let Ok(text) = tree.read(&include.file) {
                findings.extend(drawing(&include.file, &text));
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// The lines around the include: `<figure class="fig">`, the drawing, `<figcaption>`, `</figure>`.
fn holder(page: &Page, line: usize) -> Option<Finding> {
    let above = line
        .checked_sub(2)
        .map_or("", |index| page.lines[index].trim());
    let below = page.lines[line..]
        .iter()
        .take_while(|line| !line.trim().is_empty());
    let below: Vec<&str> = below.map(String::as_str).collect();
    let has = |text: &str| below.iter().any(|line| line.contains(text));
    let whole = above.starts_with("<figure class=\"fig") && has("<figcaption>") && has("</figure>");
    (!whole).then(|| {
        Finding::new(
            &page.path,
            line,
            "this drawing is not in a figure with a caption",
            "Write <figure class=\"fig\"> above it, <figcaption>…</figcaption> and </figure> below, \
             without a blank line between them",
        )
    })
}

/// What is wrong with a drawing.
fn drawing(file: &str, text: &str) -> Vec<Finding> {
    let stem = Path::new(file)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let mut findings = Vec::new();
    let mut find = |line: usize, wrong: &str, mend: &str| {
        findings.push(Finding::new(file, line, wrong, mend));
    };
    if let Some(blank) = text.lines().position(|line| line.trim().is_empty()) {
        find(
            blank + 1,
            "a blank line ends the HTML block in the page",
            "Remove it",
        );
    }
    let opening = text.split('>').next().unwrap_or_default();
    if !opening.starts_with("<svg") || !opening.contains("role=\"img\"") {
        find(
            1,
            "the file does not begin with <svg … role=\"img\">",
            "Begin it so",
        );
    }
    match width(opening) {
        None => find(1, "the drawing has no viewBox", "Add viewBox=\"0 0 W H\""),
        Some(width) if width > WIDEST => find(
            1,
            "the drawing is too wide to be read on a phone",
            "Redraw it at most 480 units wide, with text of 12 to 14 units",
        ),
        Some(_) => {}
    }
    if opening.contains(" width=") || opening.contains(" height=") {
        find(
            1,
            "the drawing has a size of its own",
            "Remove width and height; viewBox is enough",
        );
    }
    for (tag, least) in [("title", 3), ("desc", 20)] {
        if inside(text, tag).is_none_or(|words| words.trim().chars().count() < least) {
            let wrong = format!("the drawing has no <{tag}> that says what it shows");
            find(1, &wrong, "Add it as one of the first children of <svg>");
        }
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some((wrong, mend)) = line_fault(line, stem) {
            find(number, &wrong, mend);
        }
    }
    findings
}

fn width(opening: &str) -> Option<f64> {
    let (_, after) = opening.split_once("viewBox=\"")?;
    after
        .split('"')
        .next()?
        .split_whitespace()
        .nth(2)?
        .parse()
        .ok()
}

fn inside<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{tag}>"))?;
    Some(after.split_once(&format!("</{tag}>"))?.0)
}

fn line_fault(line: &str, stem: &str) -> Option<(String, &'static str)> {
    static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\s(fill|stroke|color|style|font-size|id)="([^"]*)""#)
            .expect("the pattern is valid")
    });
    if line.contains("<style") || line.contains("<script") {
        return Some((
            "<style> and <script> in a drawing leak into the whole page".to_owned(),
            "Use the classes of book/theme/course.css",
        ));
    }
    ATTRIBUTE.captures_iter(line).find_map(|found| {
        let (name, value) = (&found[1], &found[2]);
        let themed = matches!(value, "currentColor" | "none") || value.starts_with("var(--");
        match name {
            "id" if value.starts_with(stem) => None,
            "id" => Some((
                format!("the id {value:?} may appear twice on a page"),
                "Begin it with the name of the file",
            )),
            "font-size" if value.trim_end_matches("px").parse().unwrap_or(0.0) >= 12.0 => None,
            "font-size" => Some((
                format!("text of size {value} is too small for a phone"),
                "Use no font-size at all, or class=\"small\"",
            )),
            _ if themed => None,
            _ => Some((
                format!("{name}=\"{value}\" is right in one theme only"),
                "Use the classes of book/theme/course.css, currentColor, or var(--…)",
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::each_fault_is_found;

    #[test]
    fn drawings_that_somebody_cannot_read_are_found() {
        let drawing = "book/src/figures/01-tiny.svg";
        let page = "book/src/01-tiny.md";
        each_fault_is_found(
            check,
            &[
                (drawing, "<title>", "\n<title>", "a blank line ends"),
                (drawing, " role=\"img\"", "", "role=\"img\""),
                (drawing, "viewBox=\"0 0 360 40\" ", "", "no viewBox"),
                (drawing, "0 0 360 40", "0 0 900 40", "too wide"),
                (drawing, "<svg ", "<svg width=\"900\" ", "size of its own"),
                (drawing, "<title>Two lines</title>", "", "no <title>"),
                (
                    drawing,
                    "A line of text above another line of text.",
                    "Lines.",
                    "no <desc>",
                ),
                (
                    drawing,
                    "<text x=\"0\" y=\"14\"",
                    "<text fill=\"#333\" x=\"0\" y=\"14\"",
                    "one theme only",
                ),
                (
                    drawing,
                    "<text x=\"0\" y=\"14\"",
                    "<text style=\"fill: red\" x=\"0\" y=\"14\"",
                    "one theme only",
                ),
                (
                    drawing,
                    "<text x=\"0\" y=\"14\"",
                    "<text font-size=\"9\" x=\"0\" y=\"14\"",
                    "too small",
                ),
                (
                    drawing,
                    "<text x=\"0\" y=\"14\"",
                    "<text id=\"a\" x=\"0\" y=\"14\"",
                    "appear twice",
                ),
                (
                    page,
                    "## The idea",
                    "<svg></svg>\n\n## The idea",
                    "written into the page",
                ),
                (drawing, "<title>", "<style>a {}</style>\n<title>", "leak"),
                (
                    page,
                    "<figcaption>Two lines.</figcaption>\n",
                    "\n",
                    "not in a figure",
                ),
                (
                    page,
                    "<figure class=\"fig\">\n",
                    "<figure>\n",
                    "not in a figure",
                ),
            ],
        );
    }
}
