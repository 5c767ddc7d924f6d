//! What is left over of the clients that were there: processes, threads, descriptors.

mod growth;

use std::time::{Duration, Instant};

use crate::client::{Client, GUARD};
use crate::outcome::{Finding, Verdict};
use crate::probe::{Flags, Needs, Probe};
use crate::probes::group::Group;
use crate::server::Server;
use crate::transcript::Event;
use crate::world::World;

use growth::{Growth, MOST_ROUNDS};

pub(super) const GROUP: Group = Group {
    name: "leaks",
    title: "What is left over",
    probes: &[
        Probe::behaviour("zombies", "128 clients in a burst, then a look for zombies", zombies)
            .asks("wait(2)", "A child that has ended stays in the kernel's table until its parent waits for it.")
            .explained_in(5)
            .needs(Needs::Process)
            .flags(&[
                Flags { from: 1, to: 99, words: "--backlog 256" },
                Flags { from: 5, to: 5, words: "--max-children 128" },
                Flags { from: 7, to: 9, words: "--queue 256" },
            ])
            .question("128 clients come at once and are served. How many processes are left that have ended and that nobody has waited for?"),
        Probe::behaviour("many-requests", "2,000 requests: no more descriptors, threads, children or memory than before", many_requests)
            .asks("close(2)", "What is opened or started for a client is given back after it.")
            .explained_in(6)
            .needs(Needs::Process)
            .flags(&[Flags { from: 12, to: 12, words: "--workers 1" }]) // Threads come when they are needed.
            .question("2,000 clients come and go. Which of these numbers has grown: descriptors, threads, children, memory?"),
    ],
};

fn zombies(world: &World) -> Verdict {
    let quiet = world.unrecorded();
    let request = world.request("GET", "/", "Connection: close\r\n");
    // Whom a short backlog turns away comes again only after a second, and there would be no
    // burst: such a server gets as many clients in waves.
    let wave = match world.launched_with("--backlog") {
        true => 128,
        false => 4,
    };
    for _ in 0..128 / wave {
        let clients: Result<Vec<Client>, Finding> = (0..wave)
            .map(|_| {
                let mut client = quiet.connect()?;
                // If sending fails, there is no answer either, and that is the finding.
                let _ = client.send(request.as_bytes());
                Ok(client)
            })
            .collect();
        for mut client in clients? {
            client.answer()?;
        }
    }
    // Whoever was last has its answer a moment before its server has ended.
    let until = Instant::now() + GUARD / 4;
    loop {
        match world.server(Server::processes)?.zombies() {
            0 => return Ok(()),
            count if Instant::now() > until => {
                return Err(Finding::wrong(format!("{count} zombies are left")));
            }
            _ => world.pause(Duration::from_millis(5)),
        }
    }
}

/// How many descriptors, threads and children the server has, when it is at rest.
#[derive(Clone, Copy)]
struct Holdings([usize; 3]);

impl Holdings {
    /// A client is answered a moment before it is forgotten, so the least of many looks counts.
    fn of(world: &World) -> Result<Holdings, Finding> {
        Holdings::of_at_most(world, Holdings([usize::MAX; 3]))
    }

    /// The same, and with more patience as long as there seems to be more than `wanted`.
    fn of_at_most(world: &World, wanted: Holdings) -> Result<Holdings, Finding> {
        let mut least = [usize::MAX; 3];
        let until = Instant::now() + GUARD / 3;
        for look in 0.. {
            let is_less = least
                .iter()
                .zip(wanted.0)
                .all(|(least, wanted)| *least <= wanted);
            if look >= 20 && (is_less || Instant::now() > until) {
                break;
            }
            world.pause(Duration::from_millis(5));
            let processes = world.server(Server::processes)?;
            let now = [
                processes.descriptors(),
                processes.threads(),
                processes.children(),
            ];
            for (least, now) in least.iter_mut().zip(now) {
                *least = now.min(*least);
            }
        }
        Ok(Holdings(least))
    }

    fn no_more_than(self, before: Holdings, requests: u32) -> Verdict {
        let grown = ["descriptors", "threads", "children"]
            .into_iter()
            .zip(before.0.into_iter().zip(self.0))
            .find(|(_, (before, after))| after > before);
        match grown {
            None => Ok(()),
            Some((what, (before, after))) => Err(Finding::wrong(format!(
                "{before} {what} before {requests} requests, {after} after"
            ))),
        }
    }
}

fn many_requests(world: &World) -> Verdict {
    let quiet = world.unrecorded();
    let mut served = 0;
    // As many as there is time for: a slow server is no leak.
    let mut serve = |requests: u32| {
        for _ in 0..requests {
            if world.bound().is_half_spent() {
                break;
            }
            quiet.still_answers()?;
            served += 1;
        }
        Ok::<u32, Finding>(served)
    };
    // Some things are made once, for the first client who needs them.
    serve(world.requests / 10)?;
    let before = Holdings::of(world)?;
    let mut growth = Growth::from(resident(world)?);
    // A round in which nothing grows ends the suspicion; and four rounds are run in any case.
    for round in 1..=MOST_ROUNDS {
        let so_far = serve(0)?;
        let requests = serve(world.requests / 4)? - so_far;
        growth.add(resident(world)?, requests);
        if round >= 4 && growth.has_stopped() {
            break;
        }
        if world.bound().is_half_spent() {
            break;
        }
    }
    let requests = growth.requests();
    if requests < world.requests / 10 {
        return Err(Finding::NotApplicable(format!(
            "only {requests} requests in the time there is (--limit): too few to see a leak"
        )));
    }
    let after = Holdings::of_at_most(world, before)?;
    let counted = format!(
        "descriptors, threads, children: {:?} before {requests} requests, {:?} after; \
         memory meanwhile: {:?} KiB",
        before.0, after.0, growth.memory
    );
    world.transcript.add(1, Event::Note(counted));
    if let Err(finding) = after.no_more_than(before, requests) {
        // A worker that an earlier probe has killed may have come back meanwhile: once, with all
        // that it holds. What leaks grows again.
        let so_far = serve(0)?;
        let requests = serve(world.requests / 4)? - so_far;
        if requests == 0 {
            return Err(finding);
        }
        Holdings::of_at_most(world, after)?.no_more_than(after, requests)?;
    }
    growth.judge()
}

fn resident(world: &World) -> Result<u64, Finding> {
    Ok(world.server(Server::processes)?.memory())
}
