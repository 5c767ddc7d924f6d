//! What it means that an exercise of the lessons with many clients is solved.

use std::thread;
use std::time::{Duration, Instant};

use super::solved::{expect, expect_body};
use crate::answer::Answer;
use crate::client::{Client, GUARD};
use crate::outcome::{Finding, Verdict};
use crate::server::Server;
use crate::world::World;

pub(super) fn counts_over_all_children(world: &World) -> Verdict {
    let question = world.request("GET", "/count", "Connection: close\r\n");
    let first = number(&world.ask(&question)?)?;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(world.connect()?);
    }
    for client in &mut clients {
        // If sending fails, there is no answer either, and that is the finding.
        let _ = client.send(question.as_bytes());
    }
    let mut numbers = Vec::new();
    for client in &mut clients {
        numbers.push(number(&client.answer()?)?);
    }
    numbers.sort_unstable();
    match numbers.iter().copied().eq(first + 1..=first + 20) {
        true => Ok(()),
        false => Err(Finding::wrong(format!(
            "after {first}, 20 clients at once get {numbers:?}"
        ))),
    }
}

pub(super) fn limits_the_processor(world: &World) -> Verdict {
    let mut spinning = asking(world, "/spin")?;
    expect(&ask(world, "/")?, 200)?;
    // A second of processor time can be several of the clock on a busy machine.
    let until = Instant::now() + GUARD;
    while spinning.end().is_none() && Instant::now() < until {
        spinning.wait_until(until);
    }
    if !spinning.received().is_empty() {
        return Err(Finding::wrong("/spin is answered, but it has no end"));
    }
    if spinning.end().is_none() {
        return Err(Finding::wrong("/spin computes on and on"));
    }
    expect(&ask(world, "/")?, 200)?;
    // Who sleeps does not compute, and has the limit all the same: each request has it.
    let mut sleeping = asking(world, "/sleep?ms=1500")?;
    let mut is_limited = false;
    while !is_limited && !sleeping.is_answered() && sleeping.end().is_none() {
        is_limited = match world.server(Server::processes) {
            Ok(processes) => processes.may_compute_for(1),
            // A server that somebody else has started cannot be looked into.
            Err(_) => true,
        };
        world.pause(Duration::from_millis(5));
    }
    expect(&sleeping.answer()?, 200)?;
    match is_limited {
        true => Ok(()),
        false => Err(Finding::wrong(
            "while /sleep is answered, no process has a limit of a second: each request needs it, \
             whatever its path",
        )),
    }
}

pub(super) fn counts_the_requests_under_way(world: &World) -> Verdict {
    let is_busy = |count: &str| is_said(world, "/busy", count);
    is_busy("1")?;
    let mut sleepers = [
        asking(world, "/sleep?ms=1500")?,
        asking(world, "/sleep?ms=1500")?,
    ];
    is_busy("3")?;
    for sleeper in &mut sleepers {
        expect(&sleeper.answer()?, 200)?;
    }
    is_busy("1")?;
    for _ in 0..3 {
        expect(&ask(world, "/panic")?, 500)?;
    }
    is_busy("1")
}

/// Asks again and again until the answer is this one: somebody may still be on the way in or out.
fn is_said(world: &World, target: &str, wanted: &str) -> Verdict {
    let until = Instant::now() + world.patience;
    loop {
        let answer = ask(world, target)?;
        expect(&answer, 200)?;
        if answer.text().trim() == wanted || Instant::now() > until {
            return expect_body(&answer, wanted);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn waits_for_both(world: &World) -> Verdict {
    const WAIT: Duration = Duration::from_secs(1);
    // A machine that has other things to do makes one late, but hardly each of them.
    let mut took = Duration::MAX;
    for _ in 0..3 {
        let before = Instant::now();
        expect(&ask(world, "/both?ms=1000")?, 200)?;
        took = took.min(before.elapsed());
        // By a moment a server may be early: it looks at its clock now and then.
        if took < WAIT * 9 / 10 {
            return Err(Finding::wrong(
                "/both?ms=1000 was answered before a second was over: it did not wait",
            ));
        }
        if took < WAIT * 3 / 2 {
            break;
        }
    }
    if took >= WAIT * 3 / 2 {
        return Err(Finding::wrong(
            "/both?ms=1000 takes much more than a second: the waits run one after the other",
        ));
    }
    let mut both = asking(world, "/both?ms=1000")?;
    expect(&ask(world, "/both?ms=0")?, 200)?;
    if both.is_answered() {
        return Err(Finding::wrong(
            "/both?ms=0 was answered only after a /both?ms=1000 that had begun before it: while \
             one waits, nobody else is served",
        ));
    }
    expect(&both.answer()?, 200)
}

pub(super) fn lets_two_sleep(world: &World) -> Verdict {
    const SLEEP: &str = "/sleep?ms=2000";
    let mut sleepers = [asking(world, SLEEP)?, asking(world, SLEEP)?];
    let until = Instant::now() + world.patience;
    let third = loop {
        let third = ask(world, "/sleep?ms=0")?;
        let mut both_are_inside = true;
        for sleeper in &mut sleepers {
            // The third may have come first, and taken the place of one of the two for a moment.
            if let Some(answer) = sleeper.take_answer(false)? {
                if answer.status == 200 || Instant::now() > until {
                    return Err(Finding::wrong("a third sleeper was let in while two slept"));
                }
                turned_away(&answer)?;
                *sleeper = asking(world, SLEEP)?;
                both_are_inside = false;
            }
        }
        if third.status != 200 && both_are_inside {
            break third;
        }
        thread::sleep(Duration::from_millis(5));
    };
    turned_away(&third)?;
    expect(&ask(world, "/")?, 200)?;
    if sleepers.iter_mut().any(Client::is_answered) {
        return Err(Finding::wrong("`/` is answered only after a sleeper"));
    }
    for sleeper in &mut sleepers {
        expect(&sleeper.answer()?, 200)?;
    }
    has_room_again(world)
}

pub(super) fn counts_busy_workers(world: &World) -> Verdict {
    let question = world.request("GET", "/busy", "");
    let asks = |client: &mut Client| -> Result<Answer, Finding> {
        // If sending fails, there is no answer either, and that is the finding.
        let _ = client.send(question.as_bytes());
        Ok(client.answer()?)
    };
    let mut first = world.connect()?;
    let until = Instant::now() + world.patience;
    loop {
        let answer = asks(&mut first)?;
        expect(&answer, 200)?;
        if answer.text().trim() == "1" || Instant::now() > until {
            expect_body(&answer, "1")?;
            break;
        }
        // A worker may still be busy with the end of an earlier connection.
        thread::sleep(Duration::from_millis(50));
    }
    let mut second = world.connect()?;
    expect_body(&asks(&mut second)?, "2")?;
    let mut third = world.connect()?;
    expect_body(&asks(&mut third)?, "3")?;
    expect_body(&asks(&mut first)?, "3")
}

pub(super) fn has_a_budget(world: &World) -> Verdict {
    let mut sleepers = Vec::new();
    for _ in 0..8 {
        sleepers.push((asking(world, "/sleep?ms=2000")?, None));
    }
    expect(&ask(world, "/")?, 200)?;
    for (sleeper, answer) in &mut sleepers {
        *answer = sleeper.take_answer(false)?;
        if answer.as_ref().is_some_and(|answer| answer.status == 200) {
            return Err(Finding::wrong("`/` is answered only after a sleeper"));
        }
    }
    let mut slept = 0;
    for (sleeper, answer) in &mut sleepers {
        let answer = match answer.take() {
            Some(answer) => answer,
            None => sleeper.answer()?,
        };
        match answer.status {
            200 => slept += 1,
            _ => turned_away(&answer)?,
        }
    }
    match slept {
        1..=7 => has_room_again(world),
        _ => Err(Finding::wrong(format!("{slept} of 8 sleepers were let in"))),
    }
}

/// A client that was turned away is told so, and when to come again.
fn turned_away(answer: &Answer) -> Verdict {
    expect(answer, 503)?;
    match answer.field("retry-after") {
        Some(_) => Ok(()),
        None => Err(Finding::wrong("a 503 needs Retry-After")),
    }
}

/// The places of those who are done are free again, at once or a moment later.
fn has_room_again(world: &World) -> Verdict {
    let until = Instant::now() + world.patience;
    loop {
        let answer = ask(world, "/sleep?ms=0")?;
        if answer.status == 200 || Instant::now() > until {
            return expect(&answer, 200);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A client that has asked for a page, and for no other.
fn asking(world: &World, target: &str) -> Result<Client, Finding> {
    let mut client = world.connect()?;
    let question = world.request("GET", target, "Connection: close\r\n");
    // If sending fails, there is no answer either, and that is the finding.
    let _ = client.send(question.as_bytes());
    Ok(client)
}

fn ask(world: &World, target: &str) -> Result<Answer, Finding> {
    Ok(asking(world, target)?.answer()?)
}

fn number(answer: &Answer) -> Result<u64, Finding> {
    expect(answer, 200)?;
    let text = answer.text();
    let number = text.trim().parse();
    number.map_err(|_| Finding::wrong(format!("wanted a number, got {text:?}")))
}
