//! One lesson against its column, in child processes.

mod cells;

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::expected::Expected;
use super::{Cell, Column, columns};
use crate::lessons;
use crate::outcome::{Finding, Verdict, describe};
use crate::probe::Probe;
use crate::server::{Launch, Server};
use crate::transcript::Transcript;
use crate::world::World;

/// How many servers run at a time. Most of them wait for deadlines.
const AT_A_TIME: usize = 4;

/// What a probe may take that is expected to find a fault. Waiting longer for what does not come
/// would only prove more of the same.
const DECLARED: Duration = Duration::from_secs(30);

/// Runs every probe against a fresh server of this lesson and panics unless every cell is as
/// promised, red ones included. `CELL=deaf-client` in the environment runs this one only, and shows
/// the whole conversation: `CELL=deaf-client cargo test -p lesson07 --test matrix`.
pub fn assert_column(lesson: u8, binary: impl AsRef<Path>) {
    assert!(
        lessons::numbered(lesson).is_some(),
        "there is no lesson {lesson} in the list of lessons"
    );
    let variant = None;
    assert_cells(Column { lesson, variant }, binary.as_ref());
}

/// The same for a lesson that is started in another way, as the list of variants has it.
pub fn assert_variant(lesson: u8, name: &str, binary: impl AsRef<Path>) {
    let is_meant = |column: &Column| {
        column.lesson == lesson && column.variant.is_some_and(|variant| variant.name == name)
    };
    match columns().find(is_meant) {
        Some(column) => assert_cells(column, binary.as_ref()),
        None => panic!("lesson {lesson} has no variant {name:?}"),
    }
}

fn assert_cells(column: Column, binary: &Path) {
    let wanted = std::env::var("CELL").ok();
    let rows = cells::chosen(wanted.as_deref()).unwrap_or_else(|unknown| panic!("{unknown}"));
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(probe) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (kept, report) = run_cell(probe, column, binary);
                    if wanted.is_some() {
                        // Whoever asks for a cell wants to see it, and the harness hides what a
                        // test prints that passes. Nobody may be there to read it.
                        let _ = writeln!(io::stderr(), "{report}");
                    }
                    if !kept {
                        let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                        broken.push(report);
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(
        broken.is_empty(),
        "lesson {}: {} of {} cells are not as promised\n\n{}",
        column.heading(),
        broken.len(),
        rows.len(),
        broken.join("\n")
    );
}

/// Runs one cell: whether it is as promised, and a report that says what was promised, what
/// happened, and shows the conversation.
fn run_cell(probe: &Probe, column: Column, binary: &Path) -> (bool, String) {
    let start = Instant::now();
    let (cell, flags) = (column.cell(probe), column.flags(probe));
    let (verdict, transcript, said) = match Launch::lesson(binary, &flags).start(None) {
        Ok(server) => {
            let mut world = World::with(server);
            if cell.expected != Expected::Ok {
                world.limit = DECLARED;
            }
            let verdict = probe.run(&world);
            let transcript = world.transcript.clone();
            let said = world.into_server().map(Server::end);
            (verdict, transcript, said.unwrap_or_default())
        }
        Err(error) => {
            let died = Err(Finding::Died(error.to_string()));
            (died, Transcript::default(), String::new())
        }
    };
    let kept = cell.expected.is_kept_by(&verdict);
    let mark = if kept {
        "as promised"
    } else {
        "NOT AS PROMISED"
    };
    println!(
        "{:24} {:6} {mark} after {:.1} s: {}",
        probe.name,
        cell.expected.word(),
        start.elapsed().as_secs_f64(),
        describe(&verdict)
    );
    let report = report(probe, &flags, cell, &verdict, &transcript, &said);
    (kept, report)
}

fn report(
    probe: &Probe,
    flags: &str,
    cell: Cell,
    verdict: &Verdict,
    transcript: &Transcript,
    said: &str,
) -> String {
    let mut text = format!(
        "── {}: {}\n   {}\n   promised: {:?} {}\n   found:    {}\n   flags:    {flags}\n",
        probe.name,
        probe.title,
        probe.section,
        cell.expected,
        cell.reason,
        describe(verdict)
    );
    for line in transcript.lines(Some(16)) {
        text.push_str(&format!("   {line}\n"));
    }
    let last = said.lines().rev().take(8).collect::<Vec<_>>();
    for line in last.into_iter().rev() {
        text.push_str(&format!("   server: {line}\n"));
    }
    text
}
