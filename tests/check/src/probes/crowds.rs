//! As many clients as workers, and more: who is kept waiting, who is turned away, who is lost.

use crate::client::{Client, NoAnswer};
use crate::outcome::{Finding, Verdict};
use crate::probe::{Flags, Needs, Probe};
use crate::probes::group::Group;
use crate::world::World;

/// Room for as many clients as [`World::workers`] says, and no more.
const FOUR_WORKERS: &[Flags] = &[
    flags(2, 99, "--head-timeout 0.4 --drain-timeout 0.4"),
    flags(5, 5, "--max-children 4"),
    flags(6, 6, "--max-threads 4"),
    flags(7, 9, "--threads 4 --keep-alive 0.4"),
    flags(10, 99, "--keep-alive 0.4"),
];

pub(super) const GROUP: Group = Group {
    name: "crowds",
    title: "Crowds",
    probes: &[
        Probe::behaviour("many-silent-clients", "as many silent clients as workers, and then somebody who asks", silent_crowd)
            .asks("RFC 9112 §9.5", "Clients that say nothing may not hold up another one, however many they are.")
            .explained_in(7)
            .flags(FOUR_WORKERS)
            .question("Four clients connect to a server with room for four, and say nothing. A fifth one asks. When is it answered?"),
        Probe::behaviour("idle-keep-alive-crowd", "as many idle connections as workers, and then somebody who asks", idle_crowd)
            .asks("RFC 9112 §9.5", "A connection that waits for its next request may not hold up another client.")
            .explained_in(7)
            .flags(FOUR_WORKERS)
            .question("Four clients have their answers and keep their connections, as HTTP/1.1 says. A fifth one comes. When is it answered?"),
        Probe::behaviour("queue-overflow", "one worker, one place in the queue, five clients", queue_overflow)
            .asks("RFC 9110 §15.6.4", "Who cannot be served in time is told so with 503, and told in Retry-After when to come again.")
            .explained_in(7)
            .needs(Needs::Route("GET", "/sleep?ms=0"))
            .flags(&[flags(7, 9, "--threads 1 --queue 1 --queue-timeout 0.1")])
            .question("The only worker is busy, the only place in the queue is taken, and three more clients come. What do they get?"),
        Probe::behaviour("panic-storm", "100 panics at once; then every worker must still be there", panic_storm)
            .asks("RFC 9110 §15.6.1", "A fault of the application is a 500 for its client, and costs no worker.")
            .explained_in(7)
            .needs(Needs::Route("GET", "/panic"))
            .flags(&[
                flags(2, 4, "--head-timeout 0.4 --drain-timeout 0.4"),
                flags(7, 9, "--threads 4 --queue 128"),
            ])
            .question("The application panics a hundred times at once. How many clients can be served at a time afterwards?"),
    ],
};

const fn flags(from: u8, to: u8, words: &'static str) -> Flags {
    Flags { from, to, words }
}

fn silent_crowd(world: &World) -> Verdict {
    let mut crowd = connect(world, world.workers)?;
    let newest = asking(world, &world.hello())?;
    world.is_served_before(newest, &mut crowd)
}

fn idle_crowd(world: &World) -> Verdict {
    let mut crowd = Vec::new();
    for _ in 0..world.workers {
        let mut client = asking(world, &world.hello())?;
        if client.answer()?.says_close() {
            return Err(Finding::NotApplicable(
                "it closes after its answer, so that nobody can stay and be idle".to_owned(),
            ));
        }
        crowd.push(client);
    }
    let newest = asking(world, &world.hello())?;
    world.is_served_before(newest, &mut crowd)
}

fn queue_overflow(world: &World) -> Verdict {
    // As long as an answer may take, and a little less.
    let target = format!("/sleep?ms={}", world.patience.as_millis() * 3 / 5);
    let slow = world.request("GET", &target, "Connection: close\r\n");
    let mut first = asking(world, &slow)?;
    let quick = world.request("GET", "/", "Connection: close\r\n");
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(asking(world, &quick)?);
    }
    let mut turned_away = 0;
    // The newest is turned away first, if anybody is: the oldest has the place in the queue.
    for client in others.iter_mut().rev() {
        let answer = client.answer()?;
        match (answer.status, answer.field("retry-after")) {
            (200, _) => {}
            (503, _) if turned_away == 0 && first.is_answered() => {
                return Err(Finding::wrong("who is turned away has to wait for that"));
            }
            (503, Some(_)) => turned_away += 1,
            (503, None) => {
                return Err(Finding::Allowed(
                    "the 503 does not say in Retry-After when to come again".to_owned(),
                ));
            }
            (status, _) => {
                return Err(Finding::Should(format!("wanted 200 or 503, got {status}")));
            }
        }
    }
    match (first.answer()?.status, turned_away) {
        (200, 0) => Err(Finding::NotApplicable(
            "nobody is turned away: there is room for all".to_owned(),
        )),
        (200, _) => Ok(()),
        (status, _) => Err(Finding::wrong(format!("the first client got {status}"))),
    }
}

fn panic_storm(world: &World) -> Verdict {
    let quiet = world.unrecorded();
    let panic = world.request("GET", "/panic", "Connection: close\r\n");
    let mut storm = Vec::new();
    for _ in 0..100 {
        storm.push(asking(&quiet, &panic)?);
    }
    for mut client in storm {
        match client.answer() {
            Ok(answer) if answer.status == 500 => {}
            Ok(answer) => {
                return Err(Finding::Should(format!(
                    "wanted 500, got {}",
                    answer.status
                )));
            }
            Err(NoAnswer::Ended(_)) => {
                return Err(Finding::Should("it closes without a 500".to_owned()));
            }
            Err(reason) => return Err(reason.into()),
        }
    }
    // The newest asks first, so that one worker cannot serve them all.
    let mut crowd = connect(world, world.workers)?;
    while let Some(mut newest) = crowd.pop() {
        // If sending fails, there is no answer either, and that is the finding.
        let _ = newest.send(world.hello().as_bytes());
        world.is_served_before(newest, &mut crowd)?;
    }
    Ok(())
}

fn connect(world: &World, count: usize) -> Result<Vec<Client>, Finding> {
    (0..count).map(|_| world.connect()).collect()
}

/// A client that has sent its whole request.
fn asking(world: &World, request: &str) -> Result<Client, Finding> {
    let mut client = world.connect()?;
    let _ = client.send(request.as_bytes());
    Ok(client)
}
