//! Several threads and one lock: what waits, what does not, and what ends them all.

mod served;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use check::client::GUARD;
use check::server::Server;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use served::{asking, serve, text};

#[test]
fn what_a_thread_remembers_it_remembers_at_the_next_request() {
    let Some(server) = serve("--threads 3 rules:app") else {
        return;
    };
    let mut counts: HashMap<String, u32> = HashMap::new();
    for _ in 0..30 {
        let (_, said) = text(&server, "/remembers");
        let (thread, count) = said.split_once(' ').unwrap();
        let before = counts.entry(thread.to_owned()).or_default();
        *before += 1;
        assert_eq!(count.parse(), Ok(*before), "{thread} has forgotten");
    }
    assert!(counts.len() <= 3);
}

#[test]
fn an_application_is_told_whether_it_is_called_by_several_threads() {
    for (flags, told) in [
        ("--threads 1 rules:app", "False"),
        ("--threads 2 rules:app", "True"),
    ] {
        let Some(server) = serve(flags) else { return };
        assert_eq!(text(&server, "/is-threaded").1, told);
    }
}

/// Whether somebody is answered while an application sleeps.
fn is_answered_beside_a_sleeper(flags: &str) -> Option<bool> {
    let server = serve(&format!("{flags} demo:app"))?;
    let mut sleeper = asking(&server, "GET /sleep?ms=2000", "");
    let mut quick = asking(&server, "GET /", "");
    assert_eq!(quick.answer().unwrap().status, 200);
    let is_beside = !sleeper.is_answered();
    assert_eq!(sleeper.answer().unwrap().status, 200);
    Some(is_beside)
}

#[test]
fn an_application_that_sleeps_lets_the_others_have_the_lock() {
    assert_ne!(is_answered_beside_a_sleeper("--threads 2"), Some(false));
}

#[test]
fn with_one_thread_an_application_that_sleeps_stops_everybody() {
    assert_ne!(is_answered_beside_a_sleeper("--threads 1"), Some(true));
}

/// Asks for much that an application writes itself, and reads no more than the first bytes of it.
fn deaf_to_an_application_that_writes(server: &Server) -> TcpStream {
    let mut deaf = TcpStream::connect(server.address()).unwrap();
    deaf.set_read_timeout(Some(GUARD)).unwrap();
    deaf.write_all(b"GET /written-much HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    deaf.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    deaf
}

/// Whether this client gets all of its answer, if somebody else is answered before it goes on.
fn gets_all_after_another(flags: &str) -> Option<bool> {
    let server = serve(&format!("{flags} rules:app"))?;
    let mut deaf = deaf_to_an_application_that_writes(&server);
    assert_eq!(text(&server, "/good").1, "good");
    let mut rest = Vec::new();
    let _ = deaf.read_to_end(&mut rest); // A reset, if it has been dropped.
    Some(rest.len() > 50 * 1024 * 1024)
}

/// This is the price of `write`, and the chapter names it: with one thread the other is answered
/// when the one who does not read has been dropped, and with two beside it.
#[test]
fn a_client_that_does_not_read_holds_the_thread_that_writes_and_no_other() {
    let alone = gets_all_after_another("--threads 1 --write-timeout 2");
    assert_ne!(alone, Some(true), "the only thread was not held");
    let beside = gets_all_after_another("--threads 2 --write-timeout 600");
    assert_ne!(beside, Some(false), "it was dropped");
}

#[test]
fn as_many_sleep_at_once_as_there_are_threads() {
    let Some(server) = serve("--threads 4 demo:app") else {
        return;
    };
    let ask = |_| asking(&server, "GET /sleep?ms=1000", "");
    let mut sleepers: Vec<_> = (0..4).map(ask).collect();
    let times: Vec<_> = sleepers
        .iter_mut()
        .map(|client| span(&client.answer().unwrap().text()))
        .collect();
    let last_begin = times.iter().map(|(begin, _)| *begin).fold(0.0, f64::max);
    let first_end = times.iter().map(|(_, end)| *end).fold(f64::MAX, f64::min);
    assert!(last_begin < first_end, "{times:?}");
}

/// When a sleep began and ended.
fn span(text: &str) -> (f64, f64) {
    let number = |name: &str| {
        let (_, rest) = text.split_once(&format!("\"{name}\": ")).unwrap();
        let end = rest.find([',', '}']).unwrap();
        rest[..end].parse().unwrap()
    };
    (number("started_ms"), number("finished_ms"))
}

#[test]
fn processes_can_be_started_forked_and_ended() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    assert_eq!(text(&server, "/subprocesses").1, "hello\n");
    assert_eq!(text(&server, "/forks").1, "True");
    assert_eq!(text(&server, "/spawns").1, "[1, 2, 3]");
    for _ in 0..5 {
        assert_eq!(text(&server, "/ends-a-child").1, "-15");
    }
    assert_eq!(text(&server, "/good").1, "good"); // Nobody has told *us* to stop.
}

#[test]
fn a_second_signal_ends_even_a_server_whose_lock_is_never_let_go() {
    let Some(server) = serve("--threads 2 --stop-timeout 60 rules:app") else {
        return;
    };
    let _busy = asking(&server, "GET /computes-for-ever", "");
    assert_eq!(text(&server, "/has-begun").1, "True");
    let pid = Pid::from_raw(i32::try_from(server.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    kit::patience::until("the first signal is heard", || {
        server.said().contains("stopping")
    });
    assert!(!server.has_exited());
    kill(pid, Signal::SIGTERM).unwrap();
    kit::patience::until("the second signal ends it", || server.has_exited());
    assert_eq!(server.exit_code(), Some(1));
}

#[test]
fn a_signal_lets_those_finish_who_have_asked() {
    for flags in ["--threads 1 rules:app", "rules:app", "asgi_rules:app"] {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let Some(server) = serve(flags) else { return };
            let mut sleeper = asking(&server, "GET /sleeps", "");
            kit::patience::until("it sleeps", || server.said().contains("asleep"));
            let pid = Pid::from_raw(i32::try_from(server.id()).unwrap());
            kill(pid, signal).unwrap();
            let answer = sleeper.answer().unwrap();
            assert_eq!(
                (answer.status, &*answer.text()),
                (200, "slept"),
                "{flags} {signal}"
            );
            kit::patience::until("it ends", || server.has_exited());
            assert_eq!(server.exit_code(), Some(0), "{flags} {signal}");
        }
    }
}
