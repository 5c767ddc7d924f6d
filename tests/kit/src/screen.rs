//! A terminal as a drawing: what a command has printed, as an SVG that stands alone.

use std::fmt::Write as _;

use crate::xml::on_one_line;

/// The columns of the terminal; a longer line is continued on the next.
const COLUMNS: usize = 88;
/// The width of a letter, and the height of a line. Letters are laid out by the browser, so these
/// only have to be near the truth.
const LETTER: f64 = 7.85;
const LINE: usize = 19;
/// The room around the text, and the bar above it.
const MARGIN: usize = 14;
const BAR: usize = 30;

const STYLE: &str = "\
<style>
rect { fill: #16181d; }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace; fill: #e6edf3; white-space: pre; }
.bar { fill: #2a2e37; }
.dim { fill: #a9b3c1; }
.typed { font-weight: 600; }
.good { fill: #6fce8a; }
.bad { fill: #ff8f80; }
.warns { fill: #f0c466; }
</style>
";

/// Draws what was typed and what came out. The title says, to whoever cannot see it, what it shows.
pub fn drawing(title: &str, typed: &str, output: &str) -> String {
    let typed = format!("$ {typed}");
    let lines: Vec<String> = std::iter::once(typed.as_str())
        .chain(output.lines())
        .flat_map(folded)
        .collect();
    let width = (COLUMNS as f64 * LETTER) as usize + 2 * MARGIN;
    let height = BAR + lines.len() * LINE + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{}</title>\n{STYLE}<rect width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n\
         <path class=\"bar\" d=\"M0 {BAR}V8a8 8 0 0 1 8-8H{}a8 8 0 0 1 8 8V{BAR}z\"/>\n",
        on_one_line(title),
        width - 8
    );
    for (index, line) in lines.iter().enumerate() {
        let y = BAR + MARGIN + 12 + index * LINE;
        let _ = writeln!(
            svg,
            "<text class=\"{}\" x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">{}</text>",
            class(line),
            on_one_line(line)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Colour says what the first sign says, to those who see it.
fn class(line: &str) -> &'static str {
    match line.chars().next() {
        Some('$') => "typed",
        Some('✓') => "good",
        Some('✗') => "bad",
        Some('!') => "warns",
        Some('–' | '≈' | '◷' | ' ') | None => "dim",
        Some(_) => "plain",
    }
}

/// A line in pieces that fit, broken at blanks. What is continued is indented as the line is.
fn folded(line: &str) -> Vec<String> {
    let indent: String = line.chars().take_while(|&letter| letter == ' ').collect();
    let mut pieces = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let length = |text: &str| text.trim_end().chars().count();
        let last = &pieces[pieces.len() - 1];
        if !last.trim().is_empty() && last.chars().count() + length(word) > COLUMNS {
            pieces.push(format!("{indent}  "));
        }
        let last = pieces.len() - 1;
        pieces[last].push_str(word);
    }
    pieces
        .iter()
        .map(|piece| piece.trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_place_and_the_colour_of_its_sign() {
        let svg = drawing("A <test>", "check", "✓ hello\n✗ panic\n  > a");
        assert!(svg.contains("<title>A &lt;test&gt;</title>"), "{svg}");
        let lines: Vec<&str> = svg
            .lines()
            .filter(|line| line.starts_with("<text"))
            .collect();
        assert_eq!(lines.len(), 4);
        for (line, (class, text)) in lines.iter().zip([
            ("typed", "$ check"),
            ("good", "✓ hello"),
            ("bad", "✗ panic"),
            ("dim", "  &gt; a"),
        ]) {
            assert!(line.contains(&format!("class=\"{class}\"")), "{line}");
            assert!(line.ends_with(&format!(">{text}</text>")), "{line}");
        }
    }

    #[test]
    fn a_long_line_is_continued_under_its_indent_and_loses_nothing() {
        let line = format!("    {}", "seven12 ".repeat(30));
        let pieces = folded(&line);
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| piece.chars().count() <= COLUMNS));
        assert!(pieces[1].starts_with("      seven12"));
        let words: usize = pieces
            .iter()
            .map(|piece| piece.split_whitespace().count())
            .sum();
        assert_eq!(words, 30);
    }
}
