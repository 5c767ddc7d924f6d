//! The chat: everybody hears everybody, and nobody waits for the slow.

use std::time::Instant;

use check::client::GUARD;

use crate::house::{Speaker, ask, expect_hello, get, lesson};

#[test]
fn everybody_in_a_room_hears_who_comes_speaks_and_goes() {
    let server = lesson("");
    let at = server.address();
    let mut ada = Speaker::open(at, "/ws/chat?name=Ada&room=tea");
    assert!(ada.hear_text().contains(r#""kind":"came","name":"Ada""#));
    let mut bob = Speaker::open(at, "/ws/chat?name=Bob&room=tea");
    assert!(bob.hear_text().contains(r#""name":"Bob""#));
    assert!(ada.hear_text().contains(r#""kind":"came","name":"Bob""#));
    let mut eve = Speaker::open(at, "/ws/chat?name=Eve&room=coffee");
    assert!(eve.hear_text().contains("Eve"));
    bob.say_text("hello");
    for speaker in [&mut ada, &mut bob] {
        let line = speaker.hear_text();
        assert!(
            line.contains(r#""name":"Bob""#) && line.contains(r#""text":"hello""#),
            "{line}"
        );
    }
    bob.client.leave();
    assert!(ada.hear_text().contains(r#""kind":"went","name":"Bob""#));
    eve.say_text("alone");
    assert!(
        eve.hear_text().contains("alone"),
        "she has heard nothing of tea"
    );
}

#[test]
fn bytes_are_no_chat() {
    let server = lesson("");
    let mut ada = Speaker::open(server.address(), "/ws/chat");
    ada.say(0x82, b"bytes");
    assert_eq!(ada.hear().0, 0x81, "that she came");
    let (first, payload) = ada.hear();
    assert_eq!((first, &payload[..2]), (0x88, &1008u16.to_be_bytes()[..]));
}

#[test]
fn the_page_comes_whole_and_may_load_nothing_else() {
    let server = lesson("");
    let mut client = ask(server.address(), get("/chat", ""));
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.field("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        answer
            .field("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let html = answer.text();
    assert!(
        html.contains("</html>") && !html.contains("src=\"http") && !html.contains("href=\"http")
    );
    expect_hello(server.address());
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_the_others_hear_everything() {
    let server = lesson("--mailbox 65536 --patience 1");
    let at = server.address();
    let mut deaf = Speaker::open(at, "/ws/chat?name=Deaf");
    assert!(deaf.hear_text().contains("Deaf"));
    let mut ada = Speaker::open(at, "/ws/chat?name=Ada");
    assert!(ada.hear_text().contains("Ada"));
    // The kernel takes a good deal for the deaf one; then it goes, while Ada is answered each time.
    // The server waits a second for its agreement: how many lines fit in there is not counted.
    let line = "x".repeat(10_000);
    let begun = Instant::now();
    loop {
        ada.say_text(&line);
        let heard = ada.hear_text();
        if heard.contains("went") {
            assert!(heard.contains("Deaf"), "{heard}");
            break;
        }
        assert!(heard.contains(&line));
        assert!(begun.elapsed() < GUARD, "it is never dropped");
    }
    expect_hello(at);
}

#[test]
fn a_flood_from_one_reaches_all_who_read_and_drops_nobody() {
    let server = lesson("");
    let at = server.address();
    let mut ada = Speaker::open(at, "/ws/chat?name=Ada");
    let mut bob = Speaker::open(at, "/ws/chat?name=Bob");
    let flood: Vec<u8> = (0..3000)
        .flat_map(|number| crate::house::frame(0x81, format!("line {number}").as_bytes()))
        .collect();
    bob.client.send(&flood).unwrap();
    for speaker in [&mut ada, &mut bob] {
        let mut number = 0;
        while number < 3000 {
            let line = speaker.hear_text();
            if line.contains("said") {
                assert!(
                    line.contains(&format!("line {number}\"")),
                    "{line}, not {number}"
                );
                number += 1;
            }
        }
    }
}
