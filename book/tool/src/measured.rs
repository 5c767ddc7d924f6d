//! Figures that come from a run: runs it, and writes them down with where they were made.

use std::process::Command;

use check::workshop::workspace;
use kit::stamp::Stamp;

/// Runs lesson 3's bench and gives the page fragment with its figures.
pub fn gateway_bench() -> Result<String, String> {
    let output = output_of(
        "cargo",
        &["bench", "-q", "-p", "lesson03", "--bench", "gateway"],
    )?;
    let rows = rows(&output);
    if rows.is_empty() {
        return Err(format!("the bench printed no figures:\n{output}"));
    }
    let mut text = String::from(
        "| in memory, without a socket | client | median time | allocations (median) |\n\
         |---|---|---|---|\n",
    );
    for row in rows {
        let name = row.bench.replace('_', " → ");
        text.push_str(&format!(
            "| {name} | {} | {} | {} |\n",
            row.client, row.median, row.allocations
        ));
    }
    text.push_str(&format!("\n{}\n", Stamp::here(workspace()).line()));
    Ok(text)
}

/// One line of the bench's table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    bench: String,
    client: String,
    median: String,
    allocations: String,
}

/// Reads the tree that divan prints: a line for each bench, below it a line for each client, and
/// below that, if anything was allocated, labelled lines.
fn rows(output: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut bench = String::new();
    let mut counts_follow = false;
    for line in output.lines() {
        let is_branch = line.contains("├─") || line.contains("╰─");
        let cells: Vec<&str> = line.split('│').map(str::trim).collect();
        let words = line.trim_start_matches(['│', ' ', '├', '╰', '─']);
        let name = words
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        // The tree's own lines use the sign that separates the cells: count from the right.
        let median = cells.len().checked_sub(4).map_or("", |at| cells[at]);
        if is_branch
            && line
                .chars()
                .next()
                .is_some_and(|first| "├╰".contains(first))
        {
            bench = name;
        } else if is_branch && !median.is_empty() {
            let (median, allocations) = (median.to_owned(), "0".to_owned());
            rows.push(Row {
                bench: bench.clone(),
                client: name,
                median,
                allocations,
            });
        } else if std::mem::take(&mut counts_follow)
            && let Some(row) = rows.last_mut()
        {
            row.allocations = median.to_owned();
        }
        counts_follow = words.starts_with("alloc:");
    }
    rows
}

fn output_of(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(workspace())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!(
                "{program} {} failed: {message}",
                arguments.join(" ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_the_bench_is_read_with_and_without_allocations() {
        let output = "\
gateway           fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ parse                        │               │               │               │         │
│  ├─ browser     539.7 ns      │ 33.23 µs      │ 550.7 ns      │ 884.9 ns      │ 100     │ 100
│  ╰─ curl        149.9 ns      │ 153.7 ns      │ 151.8 ns      │ 151.6 ns      │ 100     │ 1600
╰─ parse_environ                │               │               │               │         │
   ╰─ browser     659.7 ns      │ 9.131 µs      │ 690.7 ns      │ 799.9 ns      │ 100     │ 100
                  max alloc:    │               │               │               │         │
                    7           │ 7             │ 7             │ 7             │         │
                    0 B         │ 69 B          │ 0 B           │ 0.69 B        │         │
                  alloc:        │               │               │               │         │
                    0           │ 3             │ 2             │ 0.03          │         │
                    0 B         │ 45 B          │ 0 B           │ 0.45 B        │         │
";
        let row = |bench: &str, client: &str, median: &str, allocations: &str| Row {
            bench: bench.to_owned(),
            client: client.to_owned(),
            median: median.to_owned(),
            allocations: allocations.to_owned(),
        };
        let expected = [
            row("parse", "browser", "550.7 ns", "0"),
            row("parse", "curl", "151.8 ns", "0"),
            row("parse_environ", "browser", "690.7 ns", "2"),
        ];
        assert_eq!(rows(output), expected);
    }
}
