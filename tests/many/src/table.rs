//! A run in words and columns, for a terminal.

use crate::cells::{CELL_MS, Cell, MACHINES};
use crate::report::{Count, Report};

/// The whole run.
pub fn lines(report: &Report, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for act in &report.acts {
        lines.push(act.name.clone());
        lines.extend(lanes(&act.cells, &act.notes, columns));
        lines.push(String::new());
    }
    lines.extend(table(report));
    lines.extend(
        report
            .left_out
            .iter()
            .map(|what| format!("left out: {what}")),
    );
    lines.extend(report.stamp.lines());
    lines
}

/// One scene: a row for each machine, a sign for each 100 ms, and what happened below.
pub fn lanes(cells: &[Cell], notes: &[(u64, String)], columns: usize) -> Vec<String> {
    const LEFT: usize = 7;
    let room = columns.saturating_sub(LEFT).max(20);
    // More cells than columns: several of them share a sign.
    let share = cells.len().div_ceil(room).max(1);
    let row = |name: &str, sign: &dyn Fn(&[Cell]) -> char| {
        let signs: String = cells.chunks(share).map(sign).collect();
        format!("{name:<LEFT$}{signs}")
    };
    let mut lines = Vec::new();
    for (machine, name) in MACHINES.iter().enumerate() {
        lines.push(row(name, &|cells| {
            let answered: u32 = cells.iter().map(|cell| cell.answered[machine]).sum();
            if answered > 0 { '█' } else { '·' }
        }));
    }
    lines.push(row("lost", &|cells| {
        let lost: u32 = cells.iter().map(|cell| cell.lost).sum();
        match lost {
            0 => ' ',
            1..=9 => char::from_digit(lost, 10).unwrap_or('+'),
            _ => '+',
        }
    }));
    for (at, text) in notes {
        let column = LEFT + (*at / CELL_MS) as usize / share;
        lines.push(format!("{:column$}↑ {text}", ""));
    }
    lines
}

/// A row for each scene and kind of request.
fn table(report: &Report) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<16}{:<6}{:>8}{:>6}{:>13}{:>13}  {}",
        "", "", "requests", "lost", "longest gap", "slowest", "why"
    )];
    for act in &report.acts {
        for (kind, count) in [("GET", &act.get), ("POST", &act.post)] {
            lines.push(format!(
                "{:<16}{kind:<6}{:>8}{:>6}{:>10} ms{:>10} ms  {}",
                act.name,
                count.requests,
                count.lost,
                count.longest_gap_ms,
                count.slowest_ms,
                reasons(count)
            ));
        }
        if let Some(remark) = &act.remark {
            lines.push(format!("{:<16}! {remark}", ""));
        }
    }
    lines
}

/// Each reason with its number.
pub fn reasons(count: &Count) -> String {
    let reasons = count.reasons.iter();
    let reasons: Vec<String> = reasons
        .map(|(reason, count)| format!("{count} × {reason}"))
        .collect();
    reasons.join(", ")
}
