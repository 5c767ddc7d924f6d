//! The planted failures of the chapter, each failing in its own way, and the lesson beside them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use check::server::{Launch, Server};
use check::workshop;
use kit::patience::{GUARD, until};
use kit::process::below;
use rustix::process::{Pid, Signal, kill_process};

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// An example that is told what to do on its standard input.
struct Example {
    child: Child,
    input: Option<ChildStdin>,
    address: SocketAddr,
    said: Arc<Mutex<String>>,
}

impl Example {
    fn start(name: &str) -> Example {
        let mut child = Command::new(workshop::example("lesson14", name).unwrap())
            .args(["--addr", "127.0.0.1:0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .split_once("http://")
            .unwrap()
            .1
            .parse()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (into, errors) = (Arc::clone(&said), child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                into.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Example {
            input: child.stdin.take(),
            child,
            address,
            said,
        }
    }

    fn tell(&mut self) {
        self.input.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    fn until_it_says(&self, words: &str) {
        until(words, || self.said.lock().unwrap().contains(words));
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that is connected and has asked.
fn asking(address: SocketAddr, target: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(GUARD)).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    client
}

/// What it is answered; `None` if it is reset, or hears nothing.
fn answer(mut client: TcpStream) -> Option<String> {
    let mut answer = String::new();
    let read = client.read_to_string(&mut answer);
    (read.is_ok() && answer.starts_with("HTTP/1.1 200 OK")).then_some(answer)
}

fn supervisor(flags: &str) -> Server {
    let flags = format!("--quiet {flags}");
    Launch::lesson(env!("CARGO_BIN_EXE_lesson14"), &flags)
        .start(None)
        .unwrap()
}

#[test]
fn with_a_socket_for_each_worker_a_restart_resets_those_who_wait_in_its_queue() {
    let mut example = Example::start("reuseport_restart");
    let clients: Vec<_> = (0..60).map(|_| asking(example.address, "/")).collect();
    example.tell();
    example.until_it_says("restarted");
    let answered = clients.into_iter().filter_map(answer).count();
    assert!(answered < 60, "nobody was reset");
    assert!(answered > 0, "there is another worker");
}

#[test]
fn with_one_socket_for_all_a_reload_with_a_full_queue_resets_nobody() {
    let server = supervisor("--workers 2 --threads 1 --connections 2");
    let clients: Vec<_> = (0..60)
        .map(|_| asking(server.address(), "/sleep?ms=20"))
        .collect();
    let before = below(server.id());
    signal(server.id(), Signal::HUP);
    assert_eq!(clients.into_iter().filter_map(answer).count(), 60);
    until("all workers are new", || {
        below(server.id())
            .iter()
            .all(|worker| !before.contains(worker))
    });
}

#[test]
fn a_supervisor_that_keeps_its_listener_lets_clients_in_whom_nobody_serves() {
    let mut example = Example::start("kept_listener");
    assert!(answer(asking(example.address, "/")).is_some());
    example.tell();
    example.until_it_says("the worker has left");
    let client = asking(example.address, "/");
    drop(example.input.take());
    assert_eq!(answer(client), None);
    assert!(example.child.wait().unwrap().success());
}

#[test]
fn workers_that_nobody_tells_own_the_port_when_their_supervisor_is_killed() {
    let mut example = Example::start("orphans");
    let orphans = below(example.child.id());
    assert_eq!(orphans.len(), 2);
    example.child.kill().unwrap();
    example.child.wait().unwrap();
    assert!(TcpListener::bind(example.address).is_err());
    assert!(answer(asking(example.address, "/")).is_some());
    orphans
        .iter()
        .for_each(|&orphan| signal(orphan, Signal::KILL));
    until("nobody listens", || {
        TcpStream::connect(example.address).is_err()
    });
}

#[test]
fn the_small_supervisor_reloads_its_workers_and_loses_nobody_in_the_queue() {
    let small = workshop::example("lesson14", "small14").unwrap();
    // Its worker is the lesson's: it must be there.
    workshop::binary("lesson14").unwrap();
    let command = format!("exec {} {{port}}", small.display());
    let server = Launch::Command(command).start(None).unwrap();
    let supervisor = server.id();
    let workers = || below(supervisor);
    until("two workers", || workers().len() == 2);
    let before = workers();
    let clients: Vec<_> = (0..30)
        .map(|_| asking(server.address(), "/sleep?ms=50"))
        .collect();
    signal(supervisor, Signal::HUP);
    assert_eq!(clients.into_iter().filter_map(answer).count(), 30);
    until("all workers are new", || {
        let now = workers();
        now.len() == 2 && now.iter().all(|worker| !before.contains(worker))
    });
}
