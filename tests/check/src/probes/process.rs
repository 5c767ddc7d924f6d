//! The server as a process: memory, descriptors, processor time, and its return after an end.

use std::time::{Duration, Instant};

use crate::outcome::{Finding, Verdict};
use crate::probe::{Needs, Probe};
use crate::probes::group::Group;
use crate::process::Processes;
use crate::server::Server;
use crate::world::World;

pub(super) const GROUP: Group = Group {
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
    let serve = |clients: u32| (0..clients).try_for_each(|_| quiet.still_answers());
    serve(100)?;
    let (descriptors, memory) = settled(world)?;
    serve(400)?;
    let (descriptors_after, memory_after) = settled(world)?;
    world.connect()?.note(format!(
        "after 100 clients: {descriptors} descriptors, {memory} KiB; \
         after 500: {descriptors_after}, {memory_after} KiB"
    ));
    if descriptors_after > descriptors {
        return Err(Finding::wrong(format!(
            "{descriptors} descriptors after 100 clients, {descriptors_after} after 500"
        )));
    }
    // An allocator may take a page or a hundred more; a leak takes something for each client.
    if memory_after > memory + memory / 4 + 512 {
        return Err(Finding::wrong(format!(
            "{memory} KiB after 100 clients, {memory_after} KiB after 500"
        )));
    }
    Ok(())
}

/// Descriptors and memory once the last connection is closed on the server's side as well:
/// the smallest number seen in a while counts.
fn settled(world: &World) -> Result<(usize, u64), Finding> {
    let processes = world.server(Server::processes)?;
    let looks = (0..20).map(|_| {
        std::thread::sleep(Duration::from_millis(5));
        (processes.descriptors(), processes.memory())
    });
    Ok(looks.min().unwrap_or_default())
}

fn descriptors_exhausted(world: &World) -> Verdict {
    world.still_answers()?;
    let (descriptors, _) = settled(world)?;
    let processes = world.server(Server::processes)?;
    let exhausted = processes
        .exhaust_descriptors()
        .map_err(|error| Finding::NotApplicable(format!("prlimit: {error}")))?;
    let mut client = world.connect()?;
    client.note(format!(
        "the server may have {descriptors} descriptors and no more"
    ));
    let _ = client.send(world.hello().as_bytes());
    // Time for accept to fail. If the server closes the client instead, it is lost.
    client.wait_until(Instant::now() + world.patience / 5);
    if world.has_exited() {
        return Err(Finding::Died("it ended when accept failed".to_owned()));
    }
    client.note("the server may open descriptors again");
    drop(exhausted);
    client.answer()?;
    Ok(())
}

fn idle_cpu(world: &World) -> Verdict {
    let client = world.connect()?;
    client.note("says nothing");
    let processes: Processes = world.server(Server::processes)?;
    let before = processes.ticks();
    let start = Instant::now();
    std::thread::sleep(world.patience / 4);
    let used = Duration::from_millis(10) * u32::try_from(processes.ticks() - before).unwrap_or(0);
    match used > start.elapsed() / 3 {
        true => Err(Finding::wrong("it spins while it waits")),
        false => Ok(()),
    }
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
