//! More connections than descriptors. The limit is that of the whole process, so this is a test
//! binary of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::process::Command;
use std::time::Duration;

use load::{Plan, Question, Schedule};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// In the environment: be the server, in a process with descriptors of its own.
const SERVER: &str = "LOAD_TEST_SERVER";

const COUNT: usize = 200;

/// Answers everybody as soon as all are there.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("port {}", listener.local_addr().unwrap().port());
    let clients = listener.incoming().take(COUNT).map(Result::unwrap);
    let clients: Vec<TcpStream> = clients.collect();
    for mut client in clients {
        let _ = client.read(&mut [0; 1000]).unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        client.write_all(answer.as_bytes()).unwrap();
    }
}

#[test]
fn the_limit_of_descriptors_is_raised_for_a_load_and_is_then_as_before() {
    if std::env::var_os(SERVER).is_some() {
        return serve();
    }
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--nocapture", "--test-threads", "1"])
        .env(SERVER, "1")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = server.stdout.take().unwrap();
    let mut text = String::new();
    let port: u16 = loop {
        let mut byte = [0];
        said.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
        let port = text.split("port ").nth(1);
        if let Some(port) = port.and_then(|rest| rest.strip_suffix('\n')) {
            break port.parse().unwrap();
        }
    };
    let few = Rlimit {
        current: Some(64),
        ..getrlimit(Resource::Nofile)
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let address = ([127, 0, 0, 1], port).into();
    let question = Question::get(format!("127.0.0.1:{port}"), "/");
    let schedule = Schedule::even(1000.0, Duration::from_millis(COUNT as u64));
    let plan = Plan {
        patience: Duration::from_secs(60),
        ..Plan::new(address, question, schedule)
    };
    let outcome = plan.run(|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcome.failures(), [].into());
    assert_eq!(outcome.answered().count(), COUNT);
    assert_eq!(getrlimit(Resource::Nofile).current, Some(64));
    // It has answered everybody, and goes by itself.
    assert!(server.wait().unwrap().success());
}
