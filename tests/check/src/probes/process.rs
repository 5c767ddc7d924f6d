//! The server as a process: memory, descriptors, processor time, and its return after an end.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::client::{Client, GUARD, NoAnswer};
use crate::outcome::{Finding, Verdict};
use crate::probe::{Needs, Probe};
use crate::probes::group::Group;
use crate::process::Processes;
use crate::server::Server;
use crate::transcript::Event;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "process",
    title: "The process",
    probes: &[
        process("five-hundred-clients", "500 clients one after another", five_hundred)
            .asks("close(2)", "What is opened for a client is given back after it: 500 clients cost no more than 100.")
            .question("500 clients come and go. Does the server hold more descriptors or memory than before?"),
        process("descriptors-exhausted", "no descriptor is left for a new client", descriptors_exhausted)
            .asks("accept(2), EMFILE", "A client that cannot be accepted yet waits in the backlog; accept is tried again.")
            .question("The server may open no more descriptors, and a client connects. Is the client lost? Is the server?"),
        process("idle-cpu", "a silent client costs no processor time", idle_cpu)
            .asks("recv(2)", "While nothing has arrived, recv waits; and who waits, sleeps.")
            .question("A client is connected and says nothing. How busy is the server?"),
        process("restart", "stop and start again on the same port, at once", restart)
            .asks("RFC 9293 §3.6.1, TIME-WAIT", "With SO_REUSEADDR a port can be bound although old connections linger.")
            .question("The server has just served clients, stops, and starts again. Does it get its port?"),
    ],
};

const fn process(name: &'static str, title: &'static str, run: fn(&World) -> Verdict) -> Probe {
    Probe::behaviour(name, title, run)
        .explained_in(1)
        .needs(Needs::Process)
}

fn five_hundred(world: &World) -> Verdict {
    let quiet = world.unrecorded();
    // As many as there is time for: a slow server is no leak.
    let serve = |clients: u32| {
        let timely = (0..clients).take_while(|_| !world.bound().is_half_spent());
        timely
            .map(|_| quiet.still_answers())
            .try_fold(0, |served, answered| answered.map(|()| served + 1))
    };
    serve(100)?;
    let before = settled(world, None)?;
    let served: u32 = serve(400)?;
    if served < 100 {
        return Err(Finding::NotApplicable(format!(
            "only {served} more clients in the time there is (--limit): too few to see a leak"
        )));
    }
    let after = settled(world, Some(before))?;
    world.transcript.add(
        1,
        Event::Note(format!(
            "after 100 clients: {} descriptors, {} KiB; after 500: {}, {} KiB",
            before.descriptors, before.memory, after.descriptors, after.memory
        )),
    );
    if after.descriptors > before.descriptors {
        return Err(Finding::wrong(format!(
            "{} descriptors after 100 clients, {} after 500",
            before.descriptors, after.descriptors
        )));
    }
    // An allocator may take a page or a hundred more; a leak takes something for each client.
    if !before.allows(after.memory) {
        return Err(Finding::wrong(format!(
            "{} KiB after 100 clients, {} KiB after 500",
            before.memory, after.memory
        )));
    }
    Ok(())
}

/// What the server holds when it is at rest.
#[derive(Clone, Copy)]
struct Holds {
    descriptors: usize,
    memory: u64,
}

impl Holds {
    fn allows(self, memory: u64) -> bool {
        memory <= self.memory + self.memory / 4 + 2048
    }
}

/// Descriptors and memory once the last connection is closed on the server's side as well: the
/// smallest number seen in a while counts. Some servers close only seconds after their client, so
/// that whoever seems to hold more than `before` is looked at for longer.
fn settled(world: &World, before: Option<Holds>) -> Result<Holds, Finding> {
    let look = || {
        let processes = world.server(Server::processes)?;
        Ok::<_, Finding>((processes.descriptors(), processes.memory()))
    };
    let (mut descriptors, mut memory) = look()?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(100)
        || (start.elapsed() < GUARD / 2
            && !world.bound().is_half_spent()
            && before
                .is_some_and(|before| descriptors > before.descriptors || !before.allows(memory)))
    {
        world.pause(Duration::from_millis(5));
        let (now, resident) = look()?;
        descriptors = descriptors.min(now);
        memory = memory.min(resident);
    }
    Ok(Holds {
        descriptors,
        memory,
    })
}

/// A limit holds only if it is as low as what is open. A connection that closes meanwhile makes
/// room for one more, so whoever is served all the same is followed by a lower limit.
fn descriptors_exhausted(world: &World) -> Verdict {
    world.still_answers()?;
    let holds = settled(world, None)?;
    world.transcript.add(
        1,
        Event::Note(format!(
            "the server may have {} descriptors and no more",
            holds.descriptors
        )),
    );
    for _ in 0..5 {
        let processes = world.server(Server::processes)?;
        let exhausted = processes
            .exhaust_descriptors()
            .map_err(|error| Finding::NotApplicable(format!("prlimit: {error}")))?;
        let mut clients = Vec::new();
        // Linux takes a number for the next client before accept waits for it. So each worker that
        // waits has one more to give, and only who comes after those is without.
        for _ in 0..world.workers + 2 {
            let mut client = world.connect()?;
            let _ = client.send(world.hello().as_bytes());
            clients.push(client);
        }
        // Time for accept to fail.
        let last = clients.len() - 1;
        clients[last].wait_until(Instant::now() + world.patience / 3);
        if world.has_exited() || (clients[last].end().is_some() && world.exits_soon()) {
            return Err(Finding::Died("it ended when accept failed".to_owned()));
        }
        if clients[last].is_answered() {
            drop(exhausted);
            settled(world, Some(holds))?;
            continue;
        }
        clients[last].note("the server may open descriptors again");
        drop(exhausted);
        return served_after_all(clients);
    }
    Err(Finding::not_applicable(
        "it serves clients although it may open no descriptor: it keeps some in reserve",
    ))
}

/// Those that came while there were no descriptors.
fn served_after_all(clients: Vec<Client>) -> Verdict {
    for mut client in clients {
        match client.answer() {
            Ok(_) => {}
            // Some runtimes keep a descriptor in reserve, to take such a client and drop it.
            Err(NoAnswer::Ended(_)) => {
                return Err(Finding::allowed(
                    "it accepts a client only to close at once; in the backlog the client could \
                     have waited",
                ));
            }
            Err(reason) => return Err(reason.into()),
        }
    }
    Ok(())
}

fn idle_cpu(world: &World) -> Verdict {
    // An application may still be making an answer for a client that has left long ago.
    world.restart()?;
    let client = world.connect()?;
    client.note("says nothing");
    // It may still be busy with its start, which takes a while on a busy machine; who spins does
    // it for ever.
    for _ in 0..4 {
        let processes: Processes = world.server(Server::processes)?;
        let before = processes.awake();
        let start = Instant::now();
        world.pause(world.patience / 4);
        if used(&before, &processes.awake()) <= start.elapsed() / 3 {
            return Ok(());
        }
    }
    Err(Finding::wrong("it spins while it waits"))
}

/// For how long they did not sleep between two looks. A worker may have ended meanwhile, and
/// another one begun: they cannot be compared.
fn used(before: &HashMap<u32, Duration>, after: &HashMap<u32, Duration>) -> Duration {
    let each = before.iter().map(|(id, before)| {
        let after = after.get(id).copied().unwrap_or_default();
        after.saturating_sub(*before)
    });
    each.sum()
}

fn restart(world: &World) -> Verdict {
    // The one who closes first keeps the socket pair in TIME_WAIT, so let it be the server. And
    // a server on port 0 may have left SO_REUSEADDR out: the restart gives it a port by number.
    world.restart()?;
    let mut client = world.connect()?;
    let request = world.request("GET", "/", "Connection: close\r\n");
    let _ = client.send(request.as_bytes());
    client.answer()?;
    client.wait_for_end();
    drop(client);
    world.restart()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_ends_meanwhile_does_not_confuse() {
        let ms = Duration::from_millis;
        let before = HashMap::from([(1, ms(1000)), (2, ms(500))]);
        let after = HashMap::from([(1, ms(1030)), (3, ms(70))]);
        assert_eq!(used(&before, &after), ms(30));
    }
}
