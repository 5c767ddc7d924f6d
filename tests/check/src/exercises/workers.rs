//! What it means that an exercise about many processes is solved.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::solved::expect;
use crate::client::GUARD;
use crate::outcome::{Finding, Verdict};
use crate::server::Server;
use crate::world::World;

pub(super) fn names_its_worker(world: &World) -> Verdict {
    let first: BTreeSet<String> = (0..20).map(|_| worker(world)).collect::<Result<_, _>>()?;
    reload(world)?;
    let (quiet, until) = (world.unrecorded(), Instant::now() + GUARD);
    while first.contains(&worker(&quiet)?) {
        if Instant::now() > until {
            return Err(Finding::wrong(
                "after SIGHUP the old workers go on answering",
            ));
        }
        world.pause(Duration::from_millis(20));
    }
    worker(world).map(drop)
}

/// Who has answered, as the answer says.
fn worker(world: &World) -> Result<String, Finding> {
    let answer = world.ask(world.request("GET", "/", "Connection: close\r\n"))?;
    expect(&answer, 200)?;
    match answer.field("x-worker") {
        Some(pid) if pid.parse::<u32>().is_ok() => Ok(pid.to_owned()),
        _ => Err(Finding::wrong("an answer has no `X-Worker` with a number")),
    }
}

fn reload(world: &World) -> Verdict {
    let id = world.server(Server::top)?;
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    let sent = pid.map(|pid| kill_process(pid, Signal::HUP));
    match sent {
        Some(Ok(())) => Ok(()),
        _ => Err(Finding::wrong("there is no process to send SIGHUP to")),
    }
}

pub(super) fn replaces_who_is_old(world: &World) -> Verdict {
    let quiet = world.unrecorded();
    let workers = || world.server(|server| kit::process::below(server.top()));
    let mut seen: BTreeSet<u32> = workers()?.into_iter().collect();
    let before = seen.len();
    let mut look = || {
        let workers = workers()?;
        if workers.len() < before {
            return Err(Finding::wrong(
                "for a while there is a worker less: one leaves before another one has come",
            ));
        }
        seen.extend(workers);
        Ok(seen.len())
    };
    for _ in 0..600 {
        let answer = quiet.ask(quiet.request("GET", "/", "Connection: close\r\n"))?;
        expect(&answer, 200)?;
        look()?;
    }
    let until = Instant::now() + GUARD / 2;
    while look()? <= before {
        if Instant::now() > until {
            return Err(Finding::wrong(
                "after 600 requests the workers are the same",
            ));
        }
        world.pause(Duration::from_millis(10));
    }
    Ok(())
}
