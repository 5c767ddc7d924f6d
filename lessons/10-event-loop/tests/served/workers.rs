//! An application that sleeps: without workers everybody waits for it, with workers nobody does.

use check::client::Client;

use crate::house::{Lesson, expect, get};

/// A number in an answer of `/sleep`.
fn number(text: &str, name: &str) -> f64 {
    let (_, rest) = text.split_once(&format!("\"{name}\": ")).expect(text);
    rest[..rest.find([',', '}']).unwrap()].parse().unwrap()
}

/// When each of four sleepers began and ended, as the application says itself, in their order.
fn four_sleepers(flags: &str) -> Vec<(f64, f64)> {
    let lesson = Lesson::start(flags);
    let mut clients: Vec<Client> = (0..4)
        .map(|_| lesson.ask(get("/sleep?ms=500", "")))
        .collect();
    let mut times: Vec<(f64, f64)> = clients
        .iter_mut()
        .map(|client| {
            let text = expect(client, 200).text();
            (number(&text, "started_ms"), number(&text, "finished_ms"))
        })
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times
}

#[test]
fn on_the_loop_one_application_begins_when_another_has_ended() {
    let times = four_sleepers("");
    assert!(
        times.windows(2).all(|two| two[1].0 >= two[0].1),
        "{times:?}"
    );
}

#[test]
fn with_workers_applications_overlap() {
    let times = four_sleepers("--workers 4");
    let last_begins = times.last().unwrap().0;
    assert!(times.iter().all(|time| time.1 > last_begins), "{times:?}");
}

#[test]
fn on_the_loop_an_application_that_takes_its_time_over_each_piece_lets_others_in_between() {
    let lesson = Lesson::start("");
    let mut streaming = lesson.ask(get("/stream?n=20&ms=100", ""));
    let guard = std::time::Instant::now() + check::client::GUARD;
    while streaming.received().is_empty() && streaming.wait_until(guard) {}
    lesson.expect_hello();
    assert!(!streaming.is_answered());
    expect(&mut streaming, 200);
}

#[test]
fn with_workers_the_loop_serves_others_while_all_of_them_are_taken() {
    let lesson = Lesson::start("--workers 1 --keep-alive 3600");
    let mut sleeper = lesson.ask(get("/sleep?ms=3000", ""));
    // Nobody is there to answer these, but they are heard, and refused where they are wrong.
    let mut faulty = lesson.ask("GET / HTTP/1.1\r\n\r\n");
    expect(&mut faulty, 400);
    let mut next = lesson.ask(get("/", ""));
    assert!(!sleeper.is_answered());
    expect(&mut sleeper, 200);
    expect(&mut next, 200);
}

#[test]
fn a_client_whose_application_took_longer_than_its_deadlines_is_not_to_blame() {
    // Both ask in the same round; the second is served when the first has slept.
    let lesson = Lesson::start("--keep-alive 1 --head-timeout 1");
    let mut sleeper = lesson.ask(get("/sleep?ms=2500", ""));
    let mut others: Vec<Client> = (0..4).map(|_| lesson.ask(get("/", ""))).collect();
    expect(&mut sleeper, 200);
    for client in &mut others {
        assert!(!expect(client, 200).says_close());
        client.send(get("/", "").as_bytes()).unwrap();
        expect(client, 200);
    }
}

#[test]
fn pieces_of_a_body_are_made_by_workers_and_come_as_they_are_made() {
    let lesson = Lesson::start("--workers 2");
    let mut client = lesson.ask(get("/stream?n=3&ms=300", ""));
    let guard = std::time::Instant::now() + check::client::GUARD;
    while !String::from_utf8_lossy(client.received()).contains("line 1 of 3") {
        assert!(client.wait_until(guard));
    }
    assert!(!String::from_utf8_lossy(client.received()).contains("line 3 of 3"));
    let text = expect(&mut client, 200).text();
    assert_eq!(text, "line 1 of 3\nline 2 of 3\nline 3 of 3\n");
}

#[test]
fn many_more_clients_than_workers_are_all_served_in_order_of_their_own_requests() {
    let lesson = Lesson::start("--workers 3");
    let mut clients: Vec<Client> = (0..50)
        .map(|_| lesson.ask(get("/sleep?ms=5", "") + &get("/nowhere", "") + &get("/", "")))
        .collect();
    for client in &mut clients {
        assert!(expect(client, 200).text().contains("worker"));
        expect(client, 404);
        expect(client, 200);
    }
}
