//! The ladder: the picture of the course at the head of every chapter, drawn from the one list.
//!
//! Steps rise from the lower left. What the reader has climbed is solid, the step of the chapter
//! is lit, what comes later is dashed.

use std::fmt::Write as _;

use check::lessons::Lesson;
use kit::xml::escaped;

const WIDTH: usize = 400;
const HEIGHT: usize = 36;
const GAP: usize = 4;

/// A ladder to be inlined, coloured by `course.css`. `lit` is a lesson's number; 0 lights nothing.
pub fn themed(lessons: &[Lesson], lit: u8) -> String {
    let mut svg = opening(lessons, "");
    let _ = writeln!(svg, "<title>{}</title>", title(lessons, lit));
    let _ = writeln!(svg, "<desc>{}</desc>", description(lessons, lit));
    for (lesson, step) in lessons.iter().zip(steps(lessons.len())) {
        let (bar, text) = match lesson.number {
            number if lit == 0 || number < lit => ("box", ""),
            number if number == lit => ("served", "on"),
            _ => ("open", "dim"),
        };
        draw(&mut svg, &step, lesson, bar, text);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The ladder seen from above, for chapters that begin with something to do: a strip with the step
/// of the chapter lit.
pub fn strip(lessons: &[Lesson], lit: u8) -> String {
    const LINE: usize = 26;
    let width = (WIDTH - 2 + GAP) / lessons.len().max(1);
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {LINE}\" role=\"img\">\n");
    let _ = writeln!(svg, "<title>{}</title>", title(lessons, lit));
    let steps = description(lessons, lit).replace("bottom to top", "left to right");
    let _ = writeln!(svg, "<desc>{steps}</desc>");
    for (index, lesson) in lessons.iter().enumerate() {
        let (bar, text) = match lesson.number {
            number if number < lit => ("box", "mid"),
            number if number == lit => ("served", "on mid"),
            _ => ("open", "dim mid"),
        };
        let (x, number) = (1 + index * width, lesson.number);
        let (wide, middle) = (width - GAP, x + (width - GAP) / 2);
        let _ = writeln!(
            svg,
            "<rect class=\"{bar}\" x=\"{x}\" y=\"1\" width=\"{wide}\" height=\"24\" rx=\"4\"/>\n\
             <text class=\"{text}\" x=\"{middle}\" y=\"18\">{number:02}</text>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// A ladder that stands alone, as an image in README: it brings its colours for both themes.
pub fn alone(lessons: &[Lesson]) -> String {
    let mut svg = opening(
        lessons,
        " xmlns=\"http://www.w3.org/2000/svg\" width=\"520\"",
    );
    let _ = writeln!(svg, "<title>{}</title>", title(lessons, 0));
    let _ = writeln!(svg, "<desc>{}</desc>", description(lessons, 0));
    svg.push_str(STYLE);
    for (lesson, step) in lessons.iter().zip(steps(lessons.len())) {
        draw(&mut svg, &step, lesson, "box", "");
    }
    svg.push_str("</svg>\n");
    svg
}

const STYLE: &str = "\
<style>
text { font: 14px \"Open Sans\", \"Segoe UI\", sans-serif; fill: #24292f; }
.box { fill: #e6eef7; stroke: #2065a8; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.box { fill: #16304d; stroke: #3d8bd8; }
}
</style>
";

/// Where a step is drawn.
struct Step {
    x: usize,
    y: usize,
    width: usize,
}

/// The steps from the first lesson up: each begins further right and higher than the one before.
fn steps(count: usize) -> impl Iterator<Item = Step> {
    // Fourteen steps leave half of the width for the last title.
    let shift = (WIDTH / 2 / count.max(1)).min(28);
    (0..count).map(move |index| Step {
        x: 1 + shift * index,
        y: 1 + (HEIGHT + GAP) * (count - 1 - index),
        width: WIDTH - 2 - shift * index,
    })
}

fn opening(lessons: &[Lesson], more: &str) -> String {
    let height = (HEIGHT + GAP) * lessons.len() - GAP + 2;
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"{more}>\n")
}

fn title(lessons: &[Lesson], lit: u8) -> String {
    match lessons.iter().find(|lesson| lesson.number == lit) {
        Some(lesson) => escaped(&format!("The ladder, step {lit} lit: {}", lesson.title)),
        None => format!("The ladder of {} lessons", lessons.len()),
    }
}

fn description(lessons: &[Lesson], lit: u8) -> String {
    let steps: Vec<String> = lessons
        .iter()
        .map(|lesson| {
            let here = if lesson.number == lit {
                " (you are here)"
            } else {
                ""
            };
            format!("{} {}{here}", lesson.number, lesson.title)
        })
        .collect();
    escaped(&format!("Steps from bottom to top: {}.", steps.join(", ")))
}

fn draw(svg: &mut String, step: &Step, lesson: &Lesson, bar: &str, text: &str) {
    let Step { x, y, width } = step;
    let class = match text {
        "" => String::new(),
        text => format!(" class=\"{text}\""),
    };
    let _ = writeln!(
        svg,
        "<rect class=\"{bar}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"4\"/>"
    );
    let (number, title) = (format!("{:02}", lesson.number), escaped(lesson.title));
    for (shift, words) in [(12, number), (40, title)] {
        let (x, y) = (x + shift, y + 23);
        let _ = writeln!(svg, "<text{class} x=\"{x}\" y=\"{y}\">{words}</text>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{LESSONS, Planted};
    use crate::rules::figures;

    #[test]
    fn the_lit_step_is_the_one_of_the_chapter() {
        let list = check::lessons::LESSONS;
        let svg = themed(list, 2);
        let lit: Vec<&str> = svg
            .lines()
            .filter(|line| line.contains("class=\"on\""))
            .collect();
        assert!(lit.len() == 2 && lit[1].contains(">A request<"), "{lit:?}");
        assert_eq!(
            svg.matches("class=\"box\"").count(),
            1,
            "one step is climbed"
        );
        assert_eq!(svg.matches("class=\"open\"").count(), list.len() - 2);
        assert!(svg.contains("2 A request (you are here)"));
        assert!(!themed(list, 0).contains("class=\"served\""));
    }

    #[test]
    fn every_ladder_keeps_the_rules_of_figures() {
        let many = vec![LESSONS[0]; 14];
        for svg in [
            themed(LESSONS, 1),
            themed(LESSONS, 0),
            themed(&many, 1),
            strip(LESSONS, 1),
            strip(&many, 1),
        ] {
            let planted = Planted::clean();
            planted.write("book/src/figures/01-tiny.svg", &svg);
            assert_eq!(figures::check(&planted.tree()), []);
        }
    }

    #[test]
    fn a_strip_lights_the_step_of_the_chapter() {
        let svg = strip(check::lessons::LESSONS, 2);
        assert_eq!(svg.matches("class=\"served\"").count(), 1);
        assert!(svg.contains("class=\"on mid\"") && svg.contains(">02</text>"));
        assert!(svg.contains("2 A request (you are here)"));
    }

    #[test]
    fn fourteen_steps_rise_and_stay_inside() {
        let steps: Vec<Step> = steps(14).collect();
        for pair in steps.windows(2) {
            assert!(pair[1].x > pair[0].x && pair[1].y < pair[0].y);
        }
        assert!(steps[13].width >= WIDTH / 2 - 2);
        assert!(alone(LESSONS).contains("prefers-color-scheme: dark"));
    }
}
