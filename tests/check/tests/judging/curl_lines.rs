//! The line of curl that a report prints does what the probe did: every line is run, and what it
//! sends is compared with what the probe sent.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use check::matrix::{self, Expected};
use check::probe::Probe;
use check::probes;
use check::server::Launch;
use check::transcript::visible_lines;
use check::workshop;
use check::world::World;

/// A server that answers everything, and tells what each of its clients has sent.
fn recorder() -> (SocketAddr, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // One client at a time: curl has no more connections than it needs.
            if tell.send(record(client)).is_err() {
                return;
            }
        }
    });
    (address, told)
}

/// Everything that a client sends until it leaves; each request is answered when it is whole.
fn record(mut client: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut begun = 0;
    let mut continued = false;
    let mut buffer = [0; 64 * 1024];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
        let request = String::from_utf8_lossy(&all[begun..]).into_owned();
        let Some((head, _)) = request.split_once("\r\n\r\n") else {
            continue;
        };
        if head.contains("Expect: 100-continue") && !continued {
            continued = true;
            let _ = client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if is_whole(head, all.len() - begun - head.len() - 4, &request) {
            begun = all.len();
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n";
            let _ = client.write_all(answer.as_bytes());
        }
    }
    all
}

fn is_whole(head: &str, body: usize, request: &str) -> bool {
    let lines = head.to_lowercase();
    let length = lines
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => body >= length.parse().unwrap(),
        None if lines.contains("transfer-encoding") => request.ends_with("0\r\n\r\n"),
        None => true,
    }
}

/// What was sent, so that it can be compared: the Host is made equal, what curl says of itself is
/// left out, and the fields of a head are a set.
fn normalised(sent: &[String]) -> Vec<BTreeSet<String>> {
    let mut parts = vec![BTreeSet::new()];
    for line in sent {
        let its_own = [
            "User-Agent: curl",
            "Accept: */*",
            "Content-Type: application/x-www",
        ];
        let line = match line.strip_prefix("Host: ") {
            Some(host) if host.starts_with("127.0.0.1:") || host == "localhost\\r\\n" => {
                "Host: HERE"
            }
            _ if its_own.iter().any(|own| line.starts_with(own)) => continue,
            _ => line,
        };
        // An empty line ends a head, and what follows is another part.
        match line == "\\r\\n" {
            true => parts.push(BTreeSet::new()),
            false => _ = parts.last_mut().unwrap().insert(line.to_owned()),
        }
    }
    parts
}

/// What the probe's clients sent to our server of a lesson that passes it.
fn sent_by(probe: &Probe) -> Vec<Vec<String>> {
    let passes = |lesson: &u8| matrix::cell(probe, *lesson).expected == Expected::Ok;
    let lesson = (1..=7).rev().find(passes).unwrap();
    let binary = workshop::binary(&format!("lesson{lesson:02}")).unwrap();
    let server = Launch::lesson(binary, &probe.flags_for(lesson))
        .start(None)
        .unwrap();
    let world = World::with(server);
    let _ = probe.run(&world);
    let lines = world.transcript.lines(None);
    let by = |number: usize| {
        let alone = "> ".to_owned();
        let one_of_several = format!("[{number}] > ");
        let sent = lines.iter().filter_map(|line| {
            let line = line.strip_prefix(&one_of_several);
            line.map(str::to_owned)
        });
        let sent: Vec<_> = sent.collect();
        match sent.is_empty() && number == 1 {
            true => lines
                .iter()
                .filter_map(|line| line.strip_prefix(&alone).map(str::to_owned))
                .collect(),
            false => sent,
        }
    };
    (1..=8)
        .map(by)
        .filter(|sent: &Vec<_>| !sent.is_empty())
        .collect()
}

#[test]
fn every_curl_line_sends_what_its_probe_sends() {
    let with_curl = probes::all().filter(|probe| !probe.curl.is_empty());
    let mut wrong = Vec::new();
    for probe in with_curl {
        let (address, told) = recorder();
        let line = probe.curl.replace("{url}", &format!("http://{address}"));
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        let curls = told
            .recv_timeout(check::client::GUARD)
            .unwrap_or_else(|_| panic!("{line}: {}", String::from_utf8_lossy(&output.stderr)));
        let curls = normalised(&visible_lines(&curls));
        let probes: Vec<_> = sent_by(probe).iter().map(|sent| normalised(sent)).collect();
        if !probes.contains(&curls) {
            wrong.push(format!(
                "{}: {line}\n  curl:  {curls:?}\n  probe: {probes:?}",
                probe.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
