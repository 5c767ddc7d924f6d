//! The thread that reads the stream.

// ANCHOR: imports
use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use terminal::say;

use crate::link::{Letter, Link, Side};
use crate::resp::{PATIENCE, Redis, RedisError, Reply};
use crate::sender::{PAUSE, STREAM};
// ANCHOR_END: imports

// ANCHOR: run
/// `XREAD` waits so many milliseconds for something new. It is less than our patience: no answer
/// at all is something else than the answer that there is nothing.
const BLOCK: &str = "500";

/// Where in the stream something stands: the time, and a number within that millisecond.
type Place = (u64, u64);

/// Delivers what comes into the stream, for as long as the process lives.
pub(crate) fn run(link: &Link) {
    // Where we are. Whoever has just come starts at the end: it has missed nothing.
    let mut place = None;
    loop {
        let error = match Redis::connect(link.address, PATIENCE + Duration::from_secs(1)) {
            Ok(mut redis) => read_all(link, &mut redis, &mut place),
            Err(error) => Err(error.into()),
        };
        let was_up = link.set(Side::Reads, false);
        if let Err(error) = error
            && was_up
        {
            say(format_args!("the bus cannot read: {error}"));
        }
        thread::sleep(PAUSE);
    }
}

fn read_all(link: &Link, redis: &mut Redis, place: &mut Option<Place>) -> Result<(), RedisError> {
    let first = end_of_stream(redis, "XRANGE", ["-", "+"])?;
    let last = end_of_stream(redis, "XREVRANGE", ["+", "-"])?;
    let mut here = match *place {
        None => last,
        Some(here) if was_cut(here, first, last) => {
            link.missed();
            here.min(last)
        }
        Some(here) => here,
    };
    *place = Some(here);
    link.set(Side::Reads, true);
    loop {
        let from = format!("{}-{}", here.0, here.1);
        let words = [
            "XREAD", "COUNT", "100", "BLOCK", BLOCK, "STREAMS", STREAM, &from,
        ];
        for (at, letter) in entries_of_streams(&redis.ask(&words)?) {
            here = at;
            *place = Some(here);
            if let Some(letter) = letter {
                link.came(&letter);
            }
        }
    }
}

/// Whether what stands between where we are and the first thing that is there is lost: Redis has
/// thrown it away, because the stream was too long, or has lost it, because it had kept it in
/// memory.
fn was_cut(here: Place, first: Place, last: Place) -> bool {
    here != NOWHERE && (last < here || first > here)
}

/// Where an empty stream begins and ends.
const NOWHERE: Place = (0, 0);
// ANCHOR_END: run

// ANCHOR: entries
/// The first place of a stream, or the last one.
fn end_of_stream(redis: &mut Redis, verb: &str, range: [&str; 2]) -> Result<Place, RedisError> {
    let reply = redis.ask(&[verb, STREAM, range[0], range[1], "COUNT", "1"])?;
    let entry = entries(&reply).next();
    Ok(entry.map_or(NOWHERE, |(place, _)| place))
}

/// The answer to `XREAD` is a list of streams, each with its name.
fn entries_of_streams(reply: &Reply) -> impl Iterator<Item = (Place, Option<Letter>)> {
    let streams = reply.list().iter();
    streams
        .filter_map(|stream| stream.list().get(1))
        .flat_map(entries)
}

/// A stream is a list of entries, each a place and a list of names and values.
fn entries(stream: &Reply) -> impl Iterator<Item = (Place, Option<Letter>)> {
    stream.list().iter().filter_map(|entry| {
        let [place, fields] = entry.list() else {
            return None;
        };
        Some((place_in(place.text()?)?, letter_in(fields)))
    })
}

fn place_in(text: &str) -> Option<Place> {
    let (time, number) = text.split_once('-')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

/// `None` if somebody else has written something else.
fn letter_in(fields: &Reply) -> Option<Letter> {
    let pairs = fields.list().chunks_exact(2);
    let fields: HashMap<&str, &str> = pairs
        .filter_map(|pair| Some((pair[0].text()?, pair[1].text()?)))
        .collect();
    let field = |name| fields.get(name).map(|text| (*text).to_owned());
    Some(Letter {
        from: field("from")?,
        number: field("number")?.parse().ok()?,
        channel: field("channel")?,
        text: field("text")?,
    })
}
// ANCHOR_END: entries

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_was_cut_or_lost_is_told_from_one_that_goes_on() {
        let [one, two, three] = [(1, 0), (2, 0), (3, 0)];
        for (here, first, last, expected) in [
            (two, one, three, false),
            (two, two, two, false),
            (one, two, three, true), // What stood between may have been thrown away.
            (two, NOWHERE, NOWHERE, true), // Redis has forgotten everything.
            (three, one, two, true), // It has, and began again.
            (NOWHERE, one, three, false), // Nothing was there when we came.
        ] {
            assert_eq!(
                was_cut(here, first, last),
                expected,
                "{here:?} {first:?} {last:?}"
            );
        }
    }

    #[test]
    fn entries_of_others_are_passed_over_and_do_not_hold_us_up() {
        let text = |text: &str| Reply::Text(text.to_owned());
        let entry = |place: &str, words: &[&str]| {
            let fields = words.iter().map(|word| text(word)).collect();
            Reply::List(vec![text(place), Reply::List(fields)])
        };
        let own = [
            "from", "a", "number", "7", "channel", "chat:", "text", "hello",
        ];
        let stream = Reply::List(vec![entry("5-1", &["x", "y"]), entry("5-2", &own)]);
        let found: Vec<_> = entries(&stream).collect();
        assert_eq!(found[0], ((5, 1), None));
        let letter = found[1].1.clone().unwrap();
        assert_eq!(
            (found[1].0, letter.number, letter.text.as_str()),
            ((5, 2), 7, "hello")
        );
    }
}
