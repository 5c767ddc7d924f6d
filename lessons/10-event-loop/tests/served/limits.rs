//! Limits of connections and descriptors.

use kit::patience::until;

use crate::house::{Lesson, expect, get};

#[test]
fn one_that_comes_when_the_house_is_full_waits_at_the_door_until_somebody_leaves() {
    let lesson = Lesson::start("--connections 2 --keep-alive 3600 --head-timeout 3600");
    let mut first = lesson.ask(get("/", ""));
    expect(&mut first, 200);
    let second = lesson.ask(b"");
    let mut third = lesson.ask(get("/", "Connection: close\r\n"));
    // A quiet one is asked no more than to leave after its next answer.
    until("those inside hear that others wait", || {
        let mut guest = lesson.ask(b"");
        let _ = guest.send(b"");
        first.send(get("/", "").as_bytes()).unwrap();
        let answer = expect(&mut first, 200);
        assert!(!third.is_answered() || answer.says_close());
        answer.says_close()
    });
    assert_eq!(expect(&mut third, 200).text(), "Hello, World!");
    second.leave();
    lesson.expect_hello();
}

#[test]
fn without_descriptors_those_inside_are_served_as_ever_and_those_outside_when_there_are_some() {
    let lesson = Lesson::start("--keep-alive 3600 --max-requests 1000000");
    let mut inside = lesson.ask(get("/", ""));
    expect(&mut inside, 200);
    let exhausted = lesson.processes().exhaust_descriptors().unwrap();
    let mut outside = lesson.ask(get("/", ""));
    let complaints = || lesson.said().matches("trying again").count();
    until("it has noticed", || complaints() > 0);
    // A loop that slept each time would have a complaint for every answer.
    let before = complaints();
    let mut answers = 0;
    while complaints() < before + 5 {
        inside.send(get("/", "").as_bytes()).unwrap();
        expect(&mut inside, 200);
        answers += 1;
    }
    assert!(answers > 15, "{answers} answers between 5 complaints");
    assert!(!outside.is_answered());
    drop(exhausted);
    expect(&mut outside, 200);
}

#[test]
fn more_connections_than_there_can_be_descriptors_are_said_to_be_too_many() {
    let lesson = Lesson::start("--connections 2000000000");
    lesson.expect_hello();
    until("it says so", || {
        lesson.said().contains("descriptors at most")
    });
}
