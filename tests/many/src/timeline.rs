//! A run as a drawing: one row for each machine, a cell for each 100 ms, red where a request was
//! lost, and a mark where something happened.

use std::fmt::Write as _;

use kit::xml::on_one_line;

use crate::cells::{CELL_MS, MACHINES};
use crate::report::{Act, Report};

const WIDTH: f64 = 480.0;
const LEFT: f64 = 46.0;
const ROW: f64 = 14.0;
const NEXT: f64 = 17.0;

/// The drawing, for a page that has the book's style sheet.
pub fn draw(report: &Report) -> String {
    let height: f64 = report.acts.iter().map(height).sum();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Three machines behind a balancer</title>\n<desc>{}</desc>\n",
        on_one_line(&words(report))
    );
    let longest = report
        .acts
        .iter()
        .map(|act| act.cells.len())
        .max()
        .unwrap_or(1);
    let cell = (WIDTH - LEFT - 2.0) / longest.max(1) as f64;
    let mut top = 0.0;
    for act in &report.acts {
        draw_act(&mut svg, act, top, cell);
        top += height_of(act);
    }
    svg.push_str("</svg>\n");
    svg
}

fn height(act: &Act) -> f64 {
    height_of(act)
}

/// A title, four rows, and a line for each thing that happened.
fn height_of(act: &Act) -> f64 {
    24.0 + 4.0 * NEXT + 16.0 * act.notes.len() as f64 + 14.0
}

fn draw_act(svg: &mut String, act: &Act, top: f64, cell: f64) {
    let lost = act.get.lost + act.post.lost;
    let title = format!(
        "{}: {} requests, {lost} lost",
        act.name,
        act.get.requests + act.post.requests
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<text x=\"0\" y=\"{}\">{}</text>",
        top + 15.0,
        on_one_line(&title)
    );
    let first = top + 24.0;
    for (machine, name) in MACHINES.iter().enumerate() {
        let y = first + NEXT * machine as f64;
        label(svg, name, y);
        row(svg, y, cell, act, |index| {
            match act.cells[index].answered[machine] {
                0 => "wait",
                _ => "served",
            }
        });
    }
    let y = first + NEXT * 3.0;
    label(svg, "lost", y);
    row(svg, y, cell, act, |index| match act.cells[index].lost {
        0 => "",
        _ => "wrong",
    });
    let bottom = first + NEXT * 4.0;
    for (index, (at, text)) in act.notes.iter().enumerate() {
        let x = LEFT + *at as f64 / CELL_MS as f64 * cell;
        // The earliest stands lowest: its line passes to the left of all later words, through none.
        let lower = act.notes.len() - 1 - index;
        let y = bottom + 16.0 * lower as f64 + 12.0;
        let _ = writeln!(
            svg,
            "<path class=\"line\" d=\"M{x:.1} {:.1}V{:.1}\"/>",
            first - 3.0,
            y - 4.0
        );
        let (class, x) = match x > WIDTH * 0.6 {
            true => ("small dim end", x - 4.0),
            false => ("small dim", x + 4.0),
        };
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            on_one_line(text)
        );
    }
}

fn label(svg: &mut String, name: &str, y: f64) {
    let _ = writeln!(
        svg,
        "<text class=\"small dim end\" x=\"{}\" y=\"{:.1}\">{name}</text>",
        LEFT - 6.0,
        y + 11.0
    );
}

/// Cells of one kind beside each other are one bar.
fn row(svg: &mut String, y: f64, cell: f64, act: &Act, class: impl Fn(usize) -> &'static str) {
    let mut from = 0;
    while from < act.cells.len() {
        let kind = class(from);
        let to = (from..act.cells.len()).find(|&index| class(index) != kind);
        let to = to.unwrap_or(act.cells.len());
        if !kind.is_empty() {
            let _ = writeln!(
                svg,
                "<rect class=\"{kind}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{ROW}\"/>",
                LEFT + from as f64 * cell,
                (to - from) as f64 * cell
            );
        }
        from = to;
    }
}

/// The drawing, for those who cannot see it.
fn words(report: &Report) -> String {
    let mut words =
        "One row for each machine, a cell for each tenth of a second: coloured where it \
                     has answered, grey where it has not. "
            .to_owned();
    for act in &report.acts {
        let _ = write!(
            words,
            "{}: {} of {} GET and {} of {} POST lost. ",
            act.name, act.get.lost, act.get.requests, act.post.lost, act.post.requests
        );
    }
    words.trim_end().to_owned()
}
