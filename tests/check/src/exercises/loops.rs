//! What it means that an exercise about event loops is solved.

use std::thread;
use std::time::{Duration, Instant};

use super::solved::{expect, expect_body};
use crate::client::Client;
use crate::outcome::{Finding, Verdict};
use crate::world::World;

pub(super) fn counts_the_connections(world: &World) -> Verdict {
    let mut first = world.connect()?;
    is_said(world, &mut first, "1")?;
    let mut others = Vec::new();
    for _ in 0..5 {
        let mut other = world.connect()?;
        // One that has been answered is there for certain.
        let _ = other.send(world.hello().as_bytes());
        expect(&other.answer()?, 200)?;
        others.push(other);
    }
    is_said(world, &mut first, "6")?;
    for (number, other) in others.into_iter().enumerate() {
        match number % 2 {
            0 => other.leave(),
            _ => other.reset(),
        }
    }
    is_said(world, &mut first, "1")
}

/// Asks again and again until the answer is this one: somebody may still be on the way out.
fn is_said(world: &World, client: &mut Client, wanted: &str) -> Verdict {
    let until = Instant::now() + world.patience;
    let question = world.request("GET", "/open", "");
    loop {
        // If sending fails, there is no answer either, and that is the finding.
        let _ = client.send(question.as_bytes());
        let answer = client.answer()?;
        expect(&answer, 200)?;
        if answer.text().trim() == wanted || Instant::now() > until {
            return expect_body(&answer, wanted);
        }
        // A server may close a connection after a hundred answers.
        thread::sleep(Duration::from_millis(100));
    }
}

pub(super) fn serves_beside_one_that_sleeps(world: &World) -> Verdict {
    for _ in 0..3 {
        let mut sleeper = world.connect()?;
        let sleep = world.request("GET", "/sleep?ms=1500", "Connection: close\r\n");
        let _ = sleeper.send(sleep.as_bytes());
        let mut other = world.connect()?;
        let hello = world.request("GET", "/", "Connection: close\r\n");
        let _ = other.send(hello.as_bytes());
        expect(&other.answer()?, 200)?;
        if sleeper.is_answered() {
            return Err(Finding::wrong("`/` is answered only after the sleeper"));
        }
        expect(&sleeper.answer()?, 200)?;
    }
    Ok(())
}

pub(super) fn gives_up(world: &World) -> Verdict {
    let patient = |ms: u32| world.request("GET", &format!("/patient?ms={ms}"), "");
    let timed = |ms: u32, status: u16| {
        let before = Instant::now();
        expect(&world.ask(patient(ms))?, status)?;
        Ok::<Duration, Finding>(before.elapsed())
    };
    // By a moment a server may be early: it looks at its clock now and then.
    timed(0, 200)?;
    if timed(300, 200)? < Duration::from_millis(270) {
        return Err(Finding::wrong("/patient?ms=300 does not wait for 300 ms"));
    }
    let one = timed(60_000, 504)?;
    if one < Duration::from_millis(450) {
        return Err(Finding::wrong("it gives up before half a second is over"));
    }
    // A machine that has other things to do makes them late, but hardly each time.
    for _ in 0..3 {
        if a_hundred(world, &patient(60_000))? < one * 5 / 2 {
            return Ok(());
        }
    }
    Err(Finding::wrong("a hundred of them wait for each other"))
}

/// How long a hundred clients take that ask for this at the same time, and are given up.
fn a_hundred(world: &World, request: &str) -> Result<Duration, Finding> {
    let (quiet, before) = (world.unrecorded(), Instant::now());
    let mut many = Vec::new();
    for _ in 0..100 {
        let mut client = quiet.connect()?;
        let _ = client.send(request.as_bytes());
        many.push(client);
    }
    // Whoever has no need to wait finds nobody in the way: threads that wait would be.
    expect(&world.ask(world.request("GET", "/patient?ms=0", ""))?, 200)?;
    for mut client in many {
        expect(&client.answer()?, 504)?;
    }
    Ok(before.elapsed())
}
