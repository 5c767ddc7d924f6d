//! The figures for a terminal: one table for each class, in 80 columns.

use crate::report::{Class, Crowd, HONEST, Quiet, Report, Row, Spread};

/// The whole report as text.
pub fn draw(report: &Report) -> String {
    let mut text = String::new();
    for class in &report.classes {
        text.push_str(&heading(report, class));
        text.push_str(&line([
            "server",
            "of the limit",
            "CPU/request",
            "requests/s",
            "p99",
        ]));
        for row in class.rows.iter().chain([&class.limit]) {
            text.push_str(&table_row(row));
        }
        text.push('\n');
        for trouble in class.troubles().chain(class.noise()) {
            text.push_str(&(wrapped(&trouble) + "\n"));
        }
    }
    if let Some(crowd) = &report.crowd {
        text.push_str(&draw_crowd(crowd));
    }
    text.push_str(&wrapped(
        "The median of the rounds, and their least and most. Of the limit: the limit's CPU time \
         per request as a fraction of the server's, user and system time of its whole process \
         tree; 1 would be as cheap as the limit.",
    ));
    text.push('\n');
    text.push_str(&wrapped(HONEST));
    text.push_str(&format!("\n{}\n", report.stamp.lines().join("\n")));
    text
}

fn draw_crowd(crowd: &Crowd) -> String {
    let mut text = String::from("Quiet clients\n");
    text.push_str(&line(["server", "how", "clients", "bytes each", "others"]));
    for row in &crowd.rows {
        let cells = quiet_cells(row);
        text.push_str(&line(cells.each_ref().map(String::as_str)));
    }
    text.push('\n');
    for sentence in crowd.troubles().chain([Crowd::EXPLAINED.to_owned()]) {
        text.push_str(&(wrapped(&sentence) + "\n"));
    }
    text
}

/// A row about quiet clients: server, manner, number, bytes, and what becomes of others.
pub(crate) fn quiet_cells(row: &Quiet) -> [String; 5] {
    [
        row.name.clone(),
        row.manner.clone(),
        thousands(row.clients as f64),
        row.bytes.map_or("–".to_owned(), thousands),
        match row.serves_others {
            true => "served".to_owned(),
            false => "wait".to_owned(),
        },
    ]
}

fn heading(report: &Report, class: &Class) -> String {
    wrapped(&format!(
        "{}: {} at a time, {} of {} s",
        capitalised(&class.name),
        class.connections,
        report.rounds_in_words(),
        report.seconds
    ))
}

fn table_row(row: &Row) -> String {
    let ratio = row.ratio.map(|ratio| {
        let Spread { median, min, max } = ratio;
        format!("{median:.2} ({min:.2}–{max:.2})")
    });
    let cpu = row.cpu_us.map(|cpu| format!("{:.1} µs", cpu.median));
    line([
        &row.name,
        ratio.as_deref().unwrap_or("–"),
        cpu.as_deref().unwrap_or("–"),
        &thousands(row.per_second.median),
        &milliseconds(row.p99_us.median),
    ])
}

fn line(cells: [&str; 5]) -> String {
    let [name, ratio, cpu, per_second, p99] = cells;
    let name: String = name.chars().take(20).collect();
    let line = format!("  {name:<20} {ratio:<18} {cpu:>11} {per_second:>11} {p99:>10}");
    line.trim_end().to_owned() + "\n"
}

/// Microseconds as milliseconds with two decimals.
pub(crate) fn milliseconds(microseconds: f64) -> String {
    format!("{:.2} ms", microseconds / 1000.0)
}

/// A whole number with its thousands apart: `12 345`.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A sentence that begins as one.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// Text in lines of at most 78 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().filter(|line| {
            line.chars().count() + 1 + word.chars().count() <= 78 || line.is_empty()
        });
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => line.push_str(&format!(" {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;

    #[test]
    fn a_table_reads_well() {
        let text = draw(&example());
        let expected = "\
A new connection for each request: 16 at a time, 3 rounds of 2 s
  server               of the limit       CPU/request  requests/s        p99
  lesson03             0.90 (0.81–0.99)       16.7 µs      12 346    1.23 ms
  far <away>           –                            –      12 346    1.23 ms
  the limit            –                      15.0 µs      12 346    1.23 ms

far <away>: 7 requests failed.

Fell out of the race: lame: answered no request.
";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("opposite order of their"), "{text}");
        let quiet = "\
Quiet clients
  server               how                    clients  bytes each     others
  lesson03             kept alive                   1           –       wait
  lesson10             kept alive               4 000         246     served

Not measured: far: nobody may look at its memory.
";
        assert!(text.contains(quiet), "{text}");
    }

    #[test]
    fn nothing_is_wider_than_80_columns() {
        let mut report = example();
        report.classes[0].rows[0].name = "a server with a very long name indeed".repeat(3);
        let longest = draw(&report).lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(80));
    }

    #[test]
    fn thousands_stand_apart() {
        let numbers = [0.0, 999.4, 1000.0, 1_234_567.0].map(thousands);
        assert_eq!(numbers, ["0", "999", "1 000", "1 234 567"]);
    }
}
