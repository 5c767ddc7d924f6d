//! A server's turn, shown on the screen while it goes on.

use std::io;
use std::path::PathBuf;

use check::server::Launch;
use sleep_demo::draw::Paper;
use sleep_demo::lanes::{self, seconds};
use sleep_demo::plan::{Load, Plan};
use sleep_demo::run::{Lane, Run, Turn};
use sleep_demo::screen::Screen;
use sleep_demo::table;
use sleep_demo::target::Target;

/// What takes part.
pub(super) enum Server {
    /// One of ours, built and to be started.
    Lesson { plan: Plan, binary: PathBuf },
    /// One that somebody else has started.
    Running(Target),
}

/// One scale for all pictures, so that they can be compared: that of the slowest ideal.
pub(super) fn scale(servers: &[Server], load: &Load) -> f64 {
    let ideals = servers.iter().map(|server| match server {
        Server::Lesson { plan, .. } => plan.kind.ideal_ms(load),
        // Nobody knows. The scale grows as it has to.
        Server::Running(_) => load.sleep_ms as f64,
    });
    ideals.fold(0.0, f64::max)
}

impl Server {
    /// Its turn, shown on the screen. A lesson is started for it, and ended after it.
    pub(super) fn turn(
        &self,
        load: &Load,
        scale_ms: f64,
        screen: &mut Screen<io::Stdout>,
    ) -> Result<Run, String> {
        let (plan, binary) = match self {
            Server::Lesson { plan, binary } => (plan, binary),
            Server::Running(target) => {
                let turn = Turn {
                    name: target.name(),
                    words: None,
                    kind: None,
                    target,
                    process: None,
                };
                return watched(&turn, load, scale_ms, screen);
            }
        };
        let launch = Launch::Lesson {
            binary: binary.clone(),
            flags: plan.flags.clone(),
        };
        let server = launch.start(None).map_err(|error| error.to_string())?;
        let turn = Turn {
            name: &plan.name,
            words: Some(plan.words),
            kind: Some(plan.kind),
            target: &Target::sleep_at(server.address(), load),
            process: Some(server.id()),
        };
        watched(&turn, load, scale_ms, screen)
    }
}

/// Takes a turn while the screen shows how far it is, and then how it ended.
fn watched(
    turn: &Turn,
    load: &Load,
    scale_ms: f64,
    screen: &mut Screen<io::Stdout>,
) -> Result<Run, String> {
    let mut paper = Paper {
        columns: screen.columns,
        colour: screen.colour,
        scale_ms,
    };
    let run = turn.take(load, |now_ms, requests| {
        // Slower than ideal: the picture shrinks, and what happened stays in it.
        paper.scale_ms = scale_ms.max(now_ms);
        let mut picture = vec![progress(turn, now_ms, requests)];
        picture.extend(paper.waterfall(&lanes::of_turn(now_ms, requests), load));
        screen.show(&picture);
    });
    let run = run.map_err(|error| format!("cannot send the requests: {error}"))?;
    paper.scale_ms = scale_ms.max(run.summary.total_ms);
    let mut picture = vec![format!("{}, {}: {}", run.name, run.words, outcome(&run))];
    picture.extend(paper.waterfall(&lanes::of_run(&run.requests), load));
    picture.push(String::new());
    screen.keep(&picture);
    Ok(run)
}

fn progress(turn: &Turn, now_ms: f64, requests: &[Lane]) -> String {
    let done = requests
        .iter()
        .filter(|lane| matches!(lane, Lane::Ended(_)));
    let words = turn
        .words
        .map_or(String::new(), |words| format!(", {words}"));
    format!(
        "{}{words}: {} of {} done, {:.1} s",
        turn.name,
        done.count(),
        requests.len(),
        now_ms / 1000.0
    )
}

fn outcome(run: &Run) -> String {
    let summary = &run.summary;
    let total = format!("{:.3} s", summary.total_ms / 1000.0);
    match summary.overhead {
        Some(overhead) => format!(
            "{total}, ideal {} ({})",
            seconds(summary.ideal_ms),
            table::percent(overhead)
        ),
        None => format!("{total}, {} not served", summary.failed),
    }
}
