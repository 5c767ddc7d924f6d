//! One lesson against its column, in child processes.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Cell, cell};
use crate::lessons;
use crate::outcome::{Finding, Verdict, describe};
use crate::probe::Probe;
use crate::probes;
use crate::server::{Launch, Server};
use crate::transcript::Transcript;
use crate::world::World;

/// How many servers run at a time. Most of them wait for deadlines.
const AT_A_TIME: usize = 4;

/// Runs every probe against a fresh server of this lesson and panics unless every cell is as
/// promised, red ones included.
pub fn assert_column(lesson: u8, binary: impl AsRef<Path>) {
    let binary = binary.as_ref();
    assert!(
        lessons::numbered(lesson).is_some(),
        "there is no lesson {lesson} in the list of lessons"
    );
    let rows: Vec<&Probe> = probes::all().collect();
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(probe) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(report) = run_cell(probe, lesson, binary) {
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
        "lesson {lesson:02}: {} of {} cells are not as promised\n\n{}",
        broken.len(),
        rows.len(),
        broken.join("\n")
    );
}

/// Runs one cell. The error says what was promised, what happened, and shows the conversation.
fn run_cell(probe: &Probe, lesson: u8, binary: &Path) -> Result<(), String> {
    let cell = cell(probe, lesson);
    let flags = probe.flags_for(lesson);
    let (verdict, transcript, said) = match Launch::lesson(binary, &flags).start(None) {
        Ok(server) => {
            let world = World::with(server);
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
        "{:24} {:6} {mark}: {}",
        probe.name,
        cell.expected.word(),
        describe(&verdict)
    );
    match kept {
        true => Ok(()),
        false => Err(report(probe, &flags, cell, &verdict, &transcript, &said)),
    }
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
