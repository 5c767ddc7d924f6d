//! Random bytes and damaged requests: none may end or jam a server.

use std::time::Instant;

use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::deadlines::SHORT_DEADLINES;
use crate::probes::group::Group;
use crate::transcript::Event;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "rubbish",
    title: "Garbage",
    probes: &[
        Probe::behaviour("garbage", "random bytes and damaged requests", garbage)
            .asks(
                "RFC 9112 §3",
                "Whatever bytes a client sends, it is answered or closed, and the next one is served.",
            )
            .explained_in(1)
            .flags(SHORT_DEADLINES)
            .question("Hundreds of clients send random bytes. Is there a sequence that ends the server?"),
    ],
};

/// Sequences are the same in every run: a failure can be repeated.
fn garbage(world: &World) -> Verdict {
    let quiet = world.unrecorded();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..world.garbage {
        let bytes = match number % 3 {
            0 => noise(&mut random),
            _ => damaged(world, &mut random),
        };
        let found = spit(&quiet, &bytes);
        let found = match number % 50 {
            49 => found.and_then(|()| quiet.still_answers()),
            _ => found,
        };
        if let Err(finding) = found {
            // Once more, on the record.
            spit(world, &bytes)?;
            return Err(finding);
        }
        if world.bound().is_half_spent() {
            let done = format!(
                "{} of {} inputs, in the time there is",
                number + 1,
                world.garbage
            );
            world.transcript.add(1, Event::Note(done));
            break;
        }
    }
    Ok(())
}

/// Sends the bytes, says that this was all, and waits for any answer or the end.
fn spit(world: &World, bytes: &[u8]) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send(bytes);
    client.finish_sending();
    // A server may keep the connection after its answer, and that is no reason to wait.
    let until = Instant::now() + world.patience;
    while client.end().is_none() && client.received().is_empty() && client.wait_until(until) {}
    match client.end() {
        Some(_) => Ok(()),
        // Any answer will do: one to HEAD says how long a body would be, and has none.
        None if !client.received().is_empty() => Ok(()),
        None => Err(Finding::wrong(
            "neither answered nor closed, though nothing more can come",
        )),
    }
}

fn noise(random: &mut Random) -> Vec<u8> {
    let length = random.below(200) + 1;
    (0..length).map(|_| random.byte()).collect()
}

/// A good request with a few bytes changed, left out, doubled, or its end cut off.
fn damaged(world: &World, random: &mut Random) -> Vec<u8> {
    const SPECIAL: &[u8] = b"\r\n\0 \t:,;%?#/*\"\\\x7f\x80\xff0aG";
    let fields =
        "Content-Length: 5\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n";
    let lines: Vec<_> = fields.split_inclusive('\n').collect();
    let kept: String = lines
        .iter()
        .filter(|_| random.below(3) == 0)
        .copied()
        .collect();
    let method = ["GET", "POST", "HEAD", "OPTIONS"][random.below(4)];
    let mut bytes = (world.request(method, "/?a=%20b", &kept) + "hello").into_bytes();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = SPECIAL[random.below(SPECIAL.len())],
            1 => _ = bytes.remove(at),
            2 => bytes.insert(at, SPECIAL[random.below(SPECIAL.len())]),
            _ => bytes[at] = random.byte(),
        }
    }
    if random.below(8) == 0 {
        bytes.truncate(random.below(bytes.len()) + 1);
    }
    bytes
}

/// Xorshift: three shifts, repeatable, and random enough to be rude.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        // The remainder is smaller than `bound`, so it fits.
        (self.next() % bound as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
