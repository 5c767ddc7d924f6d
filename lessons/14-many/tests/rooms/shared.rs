//! What machines share, as long as there is a Redis.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use check::server::{Launch, Server};
use kit::patience::{GUARD, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::member::Member;
use crate::redis::OwnRedis;

/// A machine: a supervisor with two workers.
pub(crate) fn machine(redis: &OwnRedis, flags: &str) -> Server {
    let flags = format!("--quiet --workers 2 --redis {} {flags}", redis.address());
    Launch::lesson(env!("CARGO_BIN_EXE_lesson14"), &flags)
        .start(None)
        .unwrap()
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

pub(crate) fn ask(address: SocketAddr, line: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(GUARD)).unwrap();
    let request =
        format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// Members on each machine, often enough that both workers of each have some. The bus is there:
/// all have heard what the first one says.
pub(crate) fn members(machines: &[Server]) -> Vec<Member> {
    let mut members = Vec::new();
    for (number, machine) in machines.iter().enumerate() {
        for place in 0..4 {
            members.push(Member::join(
                machine.address(),
                &format!("m{number}{place}"),
            ));
        }
    }
    let mut attempt = 0;
    until("everybody hears everybody", || {
        attempt += 1;
        let text = format!("attempt {attempt}.");
        members[0].say(&text);
        let mut looks = 0;
        // A bus that has just begun may not have been there for the one or the other.
        while looks < 100 && !members.iter().all(|member| member.count(&text) == 1) {
            std::thread::sleep(std::time::Duration::from_millis(5));
            looks += 1;
        }
        members.iter().all(|member| member.count(&text) == 1)
    });
    members
}

#[test]
fn a_room_has_members_on_three_machines_and_all_hear_the_same_in_the_same_order() {
    let Some(redis) = OwnRedis::start(false) else {
        return;
    };
    let machines = [(); 3].map(|()| machine(&redis, ""));
    let mut members = members(&machines);
    for number in 0..200 {
        let count = members.len();
        members[number % count].say(&format!("line {number}."));
    }
    for member in &members {
        until("all lines", || member.count("line ") == 200);
    }
    let lines = |member: &Member| {
        let mut lines = member.heard().clone();
        lines.retain(|line| line.contains("line "));
        lines
    };
    let first = lines(&members[0]);
    for member in &members {
        assert_eq!(lines(member), first);
    }
}

#[test]
fn a_count_is_one_count_wherever_it_is_asked_and_says_so_when_it_cannot_be() {
    let Some(mut redis) = OwnRedis::start(false) else {
        return;
    };
    let machines = [(); 2].map(|()| machine(&redis, ""));
    let all = || machines.iter().cycle().take(10);
    for machine in all() {
        assert_eq!(ask(machine.address(), "POST /count").0, 200);
    }
    for machine in all() {
        let (status, body) = ask(machine.address(), "GET /count");
        assert!(
            status == 200 && body.starts_with("{\"count\":10,"),
            "{body}"
        );
    }
    redis.end(Signal::TERM);
    // Whoever has an old connection finds out that it is dead, and everybody else finds nobody.
    for machine in all() {
        assert_eq!(ask(machine.address(), "POST /count").0, 503);
        assert_eq!(ask(machine.address(), "GET /").0, 200);
        assert_eq!(ask(machine.address(), "GET /health").0, 200);
    }
    redis.start_again();
    for machine in all() {
        // A worker that had nothing to ask meanwhile may have an old connection still.
        until("it counts again", || {
            ask(machine.address(), "POST /count").0 == 200
        });
    }
}
