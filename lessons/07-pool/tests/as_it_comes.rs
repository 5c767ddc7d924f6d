//! A body that is taken in as it comes: in any pieces, the same as one that was gathered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson02::{Limits, Settings};
use lesson03::{Bell, Body, Deployment, Gateway, Pace, Transport, application};
use lesson07::{Conversation, House, Papers, Rules, Step};

const PEER: ([u8; 4], u16) = ([127, 0, 0, 1], 40_000);

/// What a client says next.
#[derive(Clone, Debug)]
enum Says {
    Bytes(Vec<u8>),
    /// It has nothing more to say.
    End,
    /// It says nothing, until its time is up.
    Nothing,
}

/// What came of it all.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// What the application has taken in, request by request.
    taken: Vec<Vec<u8>>,
    /// The statuses that the client has heard.
    statuses: Vec<String>,
}

/// Whose bodies are taken in when.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Gathered,
    AsTheyCome,
}

fn house(mode: Mode) -> House {
    let limits = Limits {
        body_bytes: 20,
        ..Limits::default()
    };
    let settings = Settings {
        limits,
        quiet: true,
        ..Settings::default()
    };
    let deployment = Deployment::at(SocketAddr::from(PEER), "test");
    let gateway = Gateway::new(settings, Pace::default(), deployment);
    let app = application(|_, start_response| {
        start_response.begin("200 OK", &[])?;
        Ok(Body::from("done\n"))
    });
    let rules = Rules {
        whole_bodies: mode == Mode::Gathered,
        ..Rules::default()
    };
    House::new(
        gateway,
        Arc::new(app),
        rules,
        Arc::new(Bell::new().unwrap()),
    )
}

/// These bytes come.
fn come(bytes: &[u8], conversation: &mut Conversation, papers: &mut Papers, now: Instant) {
    papers.desk.input.room()[..bytes.len()].copy_from_slice(bytes);
    papers.desk.input.grow(bytes.len());
    conversation.received(bytes.len(), papers, now);
}

/// The client says something, or does not until its time is up. Returns what time it is then.
fn hear(
    says: Says,
    house: &House,
    conversation: &mut Conversation,
    papers: &mut Papers,
    now: Instant,
    until: Instant,
) -> Instant {
    match says {
        Says::Bytes(bytes) => come(&bytes, conversation, papers, now),
        Says::End => conversation.input_ended(house, papers),
        Says::Nothing => {
            conversation.timed_out(house, papers);
            return until;
        }
    }
    now
}

/// Plays a whole conversation, whose client waits for a `100 Continue` before its second piece if
/// it has asked for one.
fn play(mode: Mode, says: impl IntoIterator<Item = Says>) -> Seen {
    let house = house(mode);
    let (mut papers, mut now) = (Papers::new(1024), Instant::now());
    let mut conversation = Conversation::new(PEER.into(), now, &house);
    let mut says: VecDeque<Says> = says.into_iter().collect();
    let (mut seen, mut sent, mut body) = (Seen::default(), Vec::new(), Vec::new());
    for _ in 0..1000 {
        match conversation.step(&house, &mut papers, now) {
            Step::Receive(until) => {
                let says = says.pop_front().unwrap_or(Says::End);
                now = hear(says, &house, &mut conversation, &mut papers, now, until);
            }
            Step::Send(_) => {
                sent.extend_from_slice(papers.unsent());
                papers.sent(papers.unsent().len());
            }
            Step::Work if mode == Mode::AsTheyCome => {
                let Some(came) = conversation.take_in(&house, &mut papers) else {
                    continue;
                };
                body.extend(came.bytes);
                if !came.is_last {
                    if let Some(until) = conversation.want_more(&mut papers, now) {
                        assert!(until > now);
                        let says = says.pop_front().unwrap_or(Says::End);
                        now = hear(says, &house, &mut conversation, &mut papers, now, until);
                    }
                    continue;
                }
                seen.taken.push(std::mem::take(&mut body));
                conversation.work(&house, &mut papers, None::<&mut dyn Transport>);
            }
            Step::Work => conversation.work(&house, &mut papers, None::<&mut dyn Transport>),
            Step::Upgrade(_) => unreachable!("nobody has asked for it"),
            Step::End(_) => {
                let text = String::from_utf8(sent).unwrap();
                let lines = text.lines().filter(|line| line.starts_with("HTTP/1.1 "));
                seen.statuses = lines.map(|line| line[9..12].to_owned()).collect();
                return seen;
            }
        }
    }
    panic!("a conversation that does not end");
}

const LENGTH: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcdef";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                       4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n";
const NEXT: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn however_it_is_cut_the_application_has_all_of_it_and_the_next_request_follows() {
    for request in [LENGTH, CHUNKED] {
        let text = format!("{request}{NEXT}");
        for first in 1..text.len() {
            for second in first + 1..text.len() {
                let cuts = [&text[..first], &text[first..second], &text[second..]];
                let says = cuts.map(|cut| Says::Bytes(cut.into()));
                let seen = play(Mode::AsTheyCome, says);
                assert_eq!(seen.taken, [&b"abcdef"[..], b""], "{cuts:?}");
                assert_eq!(seen.statuses, ["200", "200"], "{cuts:?}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_it_is_answered_as_if_it_had_been_gathered() {
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n";
    let half = &LENGTH[..LENGTH.len() - 3];
    let bytes = |text: &str| Says::Bytes(text.into());
    for (says, status) in [
        (vec![bytes(half), Says::End], "400"),
        (vec![bytes(half), Says::Nothing], "408"),
        (vec![bytes(chunked), bytes("x\r\n")], "400"),
        (vec![bytes(chunked), bytes("14\r\n")], "413"),
        (vec![bytes(chunked), Says::Nothing], "408"),
        (vec![bytes(chunked), Says::End], "400"),
    ] {
        for mode in [Mode::Gathered, Mode::AsTheyCome] {
            let seen = play(mode, says.clone());
            assert_eq!(seen.statuses, [status], "{says:?}");
            assert_eq!(seen.taken.len(), 0, "{says:?}");
        }
    }
}

#[test]
fn whoever_asks_whether_it_may_go_on_is_told_when_more_is_wanted() {
    let head = LENGTH.replace("Host", "Expect: 100-continue\r\nHost");
    let (head, body) = head.split_at(head.len() - 6);
    let says = [head, body].map(|text| Says::Bytes(text.into()));
    let seen = play(Mode::AsTheyCome, says);
    assert_eq!(seen.statuses, ["100", "200"]);
    assert_eq!(seen.taken, [b"abcdef"]);
}

#[test]
fn a_client_that_drips_gets_no_more_time_than_its_bytes_are_worth() {
    let house = house(Mode::AsTheyCome);
    let (mut papers, mut now) = (Papers::new(1024), Instant::now());
    let begin = now;
    let mut conversation = Conversation::new(PEER.into(), now, &house);
    come(
        &LENGTH.as_bytes()[..LENGTH.len() - 6],
        &mut conversation,
        &mut papers,
        now,
    );
    for _ in 0..5 {
        assert!(matches!(
            conversation.step(&house, &mut papers, now),
            Step::Work
        ));
        assert!(!conversation.take_in(&house, &mut papers).unwrap().is_last);
        let until = conversation.want_more(&mut papers, now).unwrap();
        let grace = Pace::default().grace;
        assert!(until < begin + grace + Duration::from_millis(100));
        now += grace / 10;
        come(b"a", &mut conversation, &mut papers, now);
    }
}
