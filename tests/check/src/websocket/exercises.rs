//! The exercises about sockets, of chapters 9 and 11.

use super::speaker::{Speaker, frame};
use crate::outcome::{Finding, Verdict};
use crate::world::World;

pub(crate) fn counts_the_sockets(world: &World) -> Verdict {
    let mut open = Vec::new();
    for count in ["1", "2", "3"] {
        let mut speaker = Speaker::open_at(world, "/ws/count")?;
        speaker.expect(world, &[(0x81, count.as_bytes())])?;
        open.push(speaker);
    }
    Ok(())
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
