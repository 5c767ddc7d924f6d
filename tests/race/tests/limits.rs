//! The limits do the least, but that they do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use check::server::Launch;
use check::workshop;
use race::client::{Failure, Mode, Plan};
use race::contender::{Contender, MODES};
use race::limit::{LAST_ANSWER, NEXT_ANSWER};

fn limit(mode: Mode) -> Contender {
    Contender::limit(Path::new(env!("CARGO_BIN_EXE_race")), mode).unwrap()
}

fn connect(server: &Contender) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

#[test]
fn the_blocking_limit_answers_whatever_it_reads_and_closes() {
    let server = limit(Mode::NewConnection);
    for request in ["GET / HTTP/1.1\r\n\r\n", "x"] {
        let mut client = connect(&server);
        client.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, LAST_ANSWER);
    }
}

#[test]
fn the_epoll_limit_answers_many_again_and_again() {
    let server = limit(Mode::KeepAlive);
    let mut clients: Vec<TcpStream> = (0..20).map(|_| connect(&server)).collect();
    for _ in 0..3 {
        for client in &mut clients {
            client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        }
        for client in clients.iter_mut().rev() {
            let mut answer = vec![0; NEXT_ANSWER.len()];
            client.read_exact(&mut answer).unwrap();
            assert_eq!(answer, NEXT_ANSWER);
        }
        clients.truncate(clients.len() - 5); // Some leave, and the rest is still served.
    }
}

#[test]
fn the_limit_writes_as_many_bytes_as_lesson_3() {
    let binary = workshop::binary("lesson03").unwrap();
    let server = Launch::lesson(binary, "--quiet").start(None).unwrap();
    let mut client = TcpStream::connect(server.address()).unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), LAST_ANSWER.len());
}

#[test]
fn the_client_counts_every_request_of_both_kinds() {
    for mode in MODES {
        let server = limit(mode);
        let plan = Plan {
            connections: 5,
            duration: Duration::from_millis(100),
            ..Plan::get(server.address, "x", "/", mode)
        };
        let load = plan.run().unwrap();
        assert_eq!((load.errors, load.first_error), (0, None));
        assert_eq!(load.latencies.len(), load.requests);
        match mode {
            Mode::NewConnection => assert_eq!(load.connections, load.requests),
            _ => assert!(load.connections == 5 && load.requests > 5),
        }
    }
}

#[test]
fn the_client_gives_up_on_a_server_that_is_not_there() {
    let server = limit(Mode::KeepAlive);
    let plan = Plan {
        duration: Duration::from_secs(60),
        ..Plan::get(server.address, "x", "/", Mode::KeepAlive)
    };
    drop(server);
    let load = plan.run().unwrap();
    assert!(load.requests == 0 && load.errors > 100, "{load:?}");
    assert!(matches!(load.first_error, Some(Failure::Call(_, _))));
}

#[test]
fn a_limit_says_where_it_listens_and_what_it_cannot_do() {
    let start = |arguments: &[&str]| -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_race"));
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut first = start(&["limit-epoll", "--addr", "127.0.0.1:0"]);
    let mut line = String::new();
    let output = first.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("limit-epoll listening on http://");
    let second = start(&["limit-blocking", "--addr", address.unwrap()]).wait();
    let third = start(&["--lessons", "99"]).wait();
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.unwrap().code(), Some(1));
    assert_eq!(third.unwrap().code(), Some(2));
}
