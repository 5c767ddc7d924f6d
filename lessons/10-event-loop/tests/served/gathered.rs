//! Bodies are gathered before the application is called, up to a limit for all of them together.

use std::io::Read;

use check::client::Client;
use check::slow_reader::narrow_client;
use kit::patience::until;

use crate::house::{Lesson, expect, get, post};

const HALF: usize = 400_000;
const WHOLE: usize = 450_000;

/// A client that has sent the most of a body, and waits before the rest.
fn holding_client(lesson: &Lesson) -> Client {
    let mut client = lesson.ask(post("/echo", WHOLE));
    client.send(&vec![b'x'; HALF]).unwrap();
    client
}

#[test]
fn a_body_for_which_there_is_no_room_is_a_503_and_the_others_are_served() {
    for workers in ["", "--workers 2"] {
        let flags = format!("--gathered 1000000 --body-timeout 3600 {workers}");
        let lesson = Lesson::start(&flags);
        let mut held = [holding_client(&lesson), holding_client(&lesson)];
        let mut third = holding_client(&lesson);
        // Whichever comes last: it depends on which of them the loop has read from first.
        let mut refused = 0;
        until("one of three is refused", || {
            refused = held
                .iter_mut()
                .chain([&mut third])
                .filter_map(|client| client.is_answered().then_some(()))
                .count();
            refused > 0
        });
        assert_eq!(refused, 1, "two of them fit");
        for client in held.iter_mut().chain([&mut third]) {
            if client.is_answered() {
                let answer = expect(client, 503);
                assert!(answer.says_close());
                assert_eq!(answer.field("retry-after"), Some("1"));
            } else {
                client.send(&vec![b'x'; WHOLE - HALF]).unwrap();
                assert_eq!(expect(client, 200).text().len(), WHOLE);
            }
        }
        // What has been gathered is given back: there is room again.
        let mut again = [holding_client(&lesson), holding_client(&lesson)];
        for client in &mut again {
            client.send(&vec![b'x'; WHOLE - HALF]).unwrap();
            expect(client, 200);
        }
    }
}

#[test]
fn a_body_that_comes_whole_and_is_too_much_is_refused_before_it_leaves_for_a_worker() {
    let lesson = Lesson::start("--gathered 1000 --workers 1");
    let question = post("/echo", 2000) + &"x".repeat(2000);
    for _ in 0..3 {
        expect(&mut lesson.ask(&question), 503);
    }
    lesson.expect_hello();
}

#[test]
fn an_answer_on_its_way_is_not_cut_because_the_body_of_somebody_else_is_too_much() {
    let lesson = Lesson::start("--gathered 1500000 --body-limit 10000000 --body-timeout 3600");
    let length = 1_400_000;
    let question = post("/echo", length) + &"x".repeat(length);
    let mut slow = narrow_client(lesson.address, &question);
    let mut head = [0; 15];
    slow.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    expect(&mut holding_client(&lesson), 503);
    let mut rest = vec![0; length];
    slow.read_exact(&mut rest).unwrap();
    lesson.expect_hello();
}

#[test]
fn a_body_too_slow_for_its_deadline_is_a_408_and_the_application_never_hears_of_it() {
    let lesson = Lesson::start("--body-timeout 0.2 --body-rate 1000000");
    let mut client = lesson.ask(post("/panic", 1000));
    assert!(expect(&mut client, 408).says_close());
    assert!(!lesson.said().contains("panic"), "{}", lesson.said());
    expect(&mut lesson.ask(get("/", "")), 200);
}
