//! Redis goes, and comes back.

use kit::patience::until;
use rustix::process::Signal;

use crate::member::Member;
use crate::redis::OwnRedis;
use crate::shared::{machine, members};

/// A number that is said, so that no other one contains it.
fn line(number: usize) -> String {
    format!("line {number}.")
}

fn all_hear_all(members: &[Member], count: usize) {
    for member in members {
        for number in 0..count {
            until(&line(number), || member.count(&line(number)) > 0);
            assert_eq!(member.count(&line(number)), 1, "{:?}", member.heard());
        }
    }
}

fn a_chat_outlives(keeps: bool, end: Signal) {
    let Some(mut redis) = OwnRedis::start(keeps) else {
        return;
    };
    let machines = [(); 3].map(|()| machine(&redis, ""));
    let mut members = members(&machines);
    for number in 0..100 {
        members[number % 12].say(&line(number));
    }
    if !keeps {
        // What it has not told everybody yet, it forgets.
        all_hear_all(&members, 100);
    }
    redis.end(end);
    for member in &members {
        member.hears("\"alone\"");
    }
    // The room lives on: those of the same process hear each other at once.
    for number in 100..200 {
        members[number % 12].say(&line(number));
        if number % 10 == 0 {
            members[number % 12].hears(&line(number));
        }
    }
    redis.start_again();
    for member in &members {
        member.hears("\"together\"");
    }
    for number in 200..300 {
        members[number % 12].say(&line(number));
    }
    // Everything that was said is heard by everybody, and once.
    all_hear_all(&members, 300);
}

#[test]
fn a_chat_across_three_machines_outlives_a_restart_of_redis_and_nothing_is_lost() {
    a_chat_outlives(true, Signal::TERM);
}

#[test]
fn and_a_redis_that_is_killed() {
    a_chat_outlives(true, Signal::KILL);
}

#[test]
fn and_one_that_forgets_as_far_as_it_had_told_them() {
    a_chat_outlives(false, Signal::KILL);
}

#[test]
fn whoever_was_away_for_too_long_is_told_that_something_is_missing() {
    let Some(redis) = OwnRedis::start(false) else {
        return;
    };
    let machines = [(); 2].map(|()| machine(&redis, ""));
    let mut members = members(&machines);
    let frozen = kit::process::below(machines[1].id());
    for &worker in &frozen {
        crate::shared::signal(worker, Signal::STOP);
    }
    // Members 0 to 3 are on the first machine.
    for number in 0..50 {
        members[number % 4].say(&line(number));
    }
    all_hear_all(&members[..4], 50);
    let last = members[0].heard().last().cloned().unwrap();
    // The stream has become too long, and its beginning is thrown away.
    redis
        .ask(&["XTRIM", "lesson14:letters", "MAXLEN", "5"])
        .unwrap();
    for &worker in &frozen {
        crate::shared::signal(worker, Signal::CONT);
    }
    for member in &members[4..] {
        member.hears("\"resync\"");
        member.hears(&last);
        let lines = member.count("\"line ");
        assert!(lines < 50, "they were never too many");
    }
    for member in &members[..4] {
        assert_eq!(member.count("\"resync\""), 0);
    }
}
