//! The exercises about sockets, of chapters 9 and 11.

use std::time::{Duration, Instant};

use super::speaker::{Speaker, frame};
use crate::outcome::{Finding, Verdict};
use crate::world::World;

pub(crate) fn counts_the_sockets(world: &World) -> Verdict {
    let mut open = Vec::new();
    let (first, speaker) = opened(world)?;
    open.push(speaker);
    // Whoever has started the server himself may have a window of the chat open.
    if world.server(|_| ()).is_ok() {
        wanted(1, first)?;
    }
    for more in 1..=2 {
        let (count, speaker) = opened(world)?;
        wanted(first + more, count)?;
        open.push(speaker);
    }
    // One leaves, another one comes. That it has left is not known at once.
    open.pop();
    let until = Instant::now() + world.patience;
    loop {
        let (count, _speaker) = opened(world)?;
        let verdict = wanted(first + 2, count);
        if verdict.is_ok() || Instant::now() > until {
            return verdict;
        }
        world.pause(Duration::from_millis(100));
    }
}

/// A socket, and the number that it has been told.
fn opened(world: &World) -> Result<(usize, Speaker), Finding> {
    let mut speaker = Speaker::open_at(world, "/ws/count")?;
    let heard = speaker.hear(world)?;
    let text = heard.filter(|heard| heard.first == 0x81);
    let number = text.and_then(|text| str::from_utf8(&text.payload).ok()?.parse().ok());
    match number {
        Some(number) => Ok((number, speaker)),
        None => Err(Finding::wrong("its first message is no number")),
    }
}

fn wanted(wanted: usize, found: usize) -> Verdict {
    match wanted == found {
        true => Ok(()),
        false => Err(Finding::wrong(format!("wanted {wanted}, got {found}"))),
    }
}

pub(crate) fn speaks_to_sockets(world: &World) -> Verdict {
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut reader = Speaker::open_at(world, "/ws/news")?;
        // A 101 is the worker's; a pong comes from whoever has taken over.
        reader.say(&frame(0x89, b"there?"));
        reader.expect(world, &[(0x8A, b"there?")])?;
        readers.push(reader);
    }
    let say = |body: &[u8]| {
        let fields = format!("Content-Length: {}\r\n", body.len());
        let head = world.request("POST", "/say", &fields);
        world.ask([head.as_bytes(), body].concat())
    };
    for text in ["héllo", "again"] {
        let status = say(text.as_bytes())?.status;
        if status != 204 {
            return Err(Finding::wrong(format!("wanted 204, got {status}")));
        }
        for reader in &mut readers {
            reader.expect(world, &[(0x81, text.as_bytes())])?;
        }
    }
    match say(b"\xff")?.status {
        400 => Ok(()),
        status => Err(Finding::wrong(format!(
            "wanted 400 for bytes that are no text, got {status}"
        ))),
    }
}

pub(crate) fn adds_up(world: &World) -> Verdict {
    let mut first = Speaker::open_at(world, "/ws/sum")?;
    let mut second = Speaker::open_at(world, "/ws/sum")?;
    let say = |speaker: &mut Speaker, text: &str| speaker.say(&frame(0x81, text.as_bytes()));
    for text in ["3", "4"] {
        say(&mut first, text);
        say(&mut second, "10");
    }
    say(&mut first, "=");
    first.expect(world, &[(0x81, b"7")])?;
    say(&mut second, "=");
    second.expect(world, &[(0x81, b"20")])?;
    for text in ["-5", "="] {
        say(&mut first, text);
    }
    first.expect(world, &[(0x81, b"-5")])?;
    say(&mut first, "many");
    // It waits for the client to agree, as it may.
    match first.hear(world)?.and_then(|heard| heard.code()) {
        Some(1007) => Ok(()),
        code => Err(Finding::wrong(format!(
            "wanted a close with 1007, got {code:?}"
        ))),
    }
}
