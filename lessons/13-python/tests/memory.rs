//! What a large body costs in memory, on its way in and on its way out: never as much as it is long.

mod served;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use check::client::GUARD;
use check::server::Server;
use served::{asking, serve, text};

const MEGABYTE: u64 = 1024 * 1024;

/// The most memory that a server has ever had, in bytes.
fn peak(server: &Server) -> u64 {
    let status = format!("/proc/{}/status", server.id());
    kit::process::number_in(&status, "VmHWM:").unwrap() * 1024
}

/// Sends a body from a thread of its own, as fast as the server takes it.
fn upload(server: &Server, path: &str, megabytes: u64) -> JoinHandle<String> {
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(GUARD)).unwrap();
    let length = megabytes * MEGABYTE;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    thread::spawn(move || {
        client.write_all(head.as_bytes()).unwrap();
        let piece = vec![b'x'; MEGABYTE as usize];
        for _ in 0..megabytes {
            client.write_all(&piece).unwrap();
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    })
}

#[test]
fn an_upload_of_a_hundred_megabytes_passes_through_a_small_server() {
    let Some(server) = serve("--body-limit 200000000 asgi_rules:app") else {
        return;
    };
    assert!(
        upload(&server, "/counts", 1)
            .join()
            .unwrap()
            .ends_with("1048576")
    );
    let before = peak(&server);
    // The second has to wait: nobody receives what it sends.
    let waits = upload(&server, "/counts-when-let-go", 100);
    let answer = upload(&server, "/counts", 100).join().unwrap();
    assert!(answer.ends_with("104857600"), "{answer}");
    assert!(!waits.is_finished());
    assert_eq!(text(&server, "/let-go").1, "gone");
    assert!(waits.join().unwrap().ends_with("104857600"));
    let growth = peak(&server) - before;
    assert!(growth < 20 * MEGABYTE, "it has grown by {growth} bytes");
}

/// So many ask for much and read nothing.
const DEAF: usize = 20;

/// A client that has asked, and does not read.
fn deaf(server: &Server, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(GUARD)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    client
}

/// The longest that somebody waits who asks for little.
fn slowest_neighbour(server: &Server) -> Duration {
    let waits = (0..20).map(|_| {
        let begin = Instant::now();
        assert_eq!(text(server, "/good").1, "good");
        begin.elapsed()
    });
    waits.max().unwrap()
}

#[test]
fn many_who_ask_for_fifty_megabytes_and_do_not_read_cost_little_and_keep_nobody_waiting() {
    for app in ["rules:app", "asgi_rules:app"] {
        for path in ["/large", "/large-in-pieces"] {
            let Some(server) = serve(app) else { return };
            let mut whole = Vec::new();
            deaf(&server, path).read_to_end(&mut whole).unwrap();
            assert!(whole.len() as u64 > 50 * MEGABYTE, "{app} {path}");
            drop(whole);
            let before = peak(&server);
            let idle = slowest_neighbour(&server);
            let is_quick = (0..3).any(|_| {
                let _crowd: Vec<_> = (0..DEAF).map(|_| deaf(&server, path)).collect();
                slowest_neighbour(&server) < 50 * idle
            });
            let growth = peak(&server) - before;
            assert!(growth < 50 * MEGABYTE, "{app} {path}: {growth} bytes");
            assert!(is_quick, "{app} {path}: idle {idle:?}");
        }
    }
}

#[test]
fn a_large_body_is_announced_once_and_sent_whole() {
    let length = (50 * MEGABYTE).to_string();
    for app in ["rules:app", "asgi_rules:app"] {
        let Some(server) = serve(app) else { return };
        for (line, body) in [
            ("GET /large", 50 * MEGABYTE),
            ("HEAD /large", 0),
            ("GET /large-and-announced", 50 * MEGABYTE),
            ("GET /large-and-not-modified", 0),
        ] {
            let mut client = asking(&server, line, "");
            let answer = client.next_answer(line.starts_with("HEAD")).unwrap();
            assert_eq!(answer.body.len() as u64, body, "{app} {line}");
            let lengths: Vec<_> = answer
                .fields
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map(|(_, value)| value.as_str())
                .collect();
            match answer.status {
                304 => assert_eq!(lengths, [""; 0], "{app} {line}"),
                _ => assert_eq!(lengths, [&length], "{app} {line}"),
            }
        }
    }
}
