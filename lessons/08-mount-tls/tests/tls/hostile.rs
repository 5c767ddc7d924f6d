//! Bytes that are no TLS, in a place where there should be some.

use std::io::Write;
use std::time::Duration;

use lesson03::demo;
use lesson07::PoolSettings;

use crate::house::{End, Site, VERSIONS, client_hello, get, options, rest_of, shown};

fn one_worker() -> Site {
    let settings = PoolSettings {
        threads: 1,
        ..PoolSettings::default()
    };
    Site::serve_with(demo::application, options(), settings)
}

#[test]
fn a_damaged_handshake_is_answered_with_an_alert_and_an_orderly_end() {
    let site = one_worker();
    let hello = client_hello(&site);
    let mut damages = vec![
        // A record that claims to be larger than a record can be.
        b"\x16\x03\x01\xff\xff".to_vec(),
        // A message that is no ClientHello.
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00".to_vec(),
        [&hello[..], b"GET / HTTP/1.1\r\n\r\n"].concat(),
    ];
    for place in [5, 6, 9, 43, 44] {
        let mut damaged = hello.clone();
        damaged[place] ^= 0xff;
        damages.push(damaged);
    }
    for damaged in damages {
        let mut socket = site.socket();
        socket.write_all(&damaged).unwrap();
        // Some damage cannot be seen before more comes.
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let (bytes, end) = rest_of(&mut socket);
        assert_eq!(end, End::Cut, "{}", shown(&damaged));
        if let Some(first) = bytes.first() {
            assert!([21, 22].contains(first), "{}", shown(&bytes));
        }
        assert!(site.get("/").ends_with("Hello, World!"));
    }
    assert_eq!(site.server.pool().numbers().live, 1);
}

#[test]
fn a_damaged_record_ends_the_connection_and_costs_one_request() {
    let site = one_worker();
    for version in VERSIONS {
        let mut client = site.client_of(&[version]);
        client.send(get("/", ""));
        client.answer();
        let mut record = Vec::new();
        let question = get("/environ", "");
        client
            .stream
            .conn
            .writer()
            .write_all(question.as_bytes())
            .unwrap();
        client.stream.conn.write_tls(&mut record).unwrap();
        *record.last_mut().unwrap() ^= 1;
        client.stream.sock.write_all(&record).unwrap();
        let (text, end) = client.rest();
        assert_eq!(text, "", "what was changed on its way is not answered");
        assert_eq!(end, End::Fault, "an alert");
        assert!(site.get("/").ends_with("Hello, World!"));
    }
}

#[test]
fn a_flood_of_empty_records_is_bounded() {
    let site = one_worker();
    let mut client = site.client();
    client.shake().unwrap();
    // A client may change its keys, but not for ever.
    let mut refused = false;
    for _ in 0..10_000 {
        if client.stream.conn.refresh_traffic_keys().is_err()
            || client
                .stream
                .conn
                .write_tls(&mut client.stream.sock)
                .is_err()
        {
            refused = true;
            break;
        }
    }
    let (text, end) = client.rest();
    assert_eq!(text, "");
    assert!(refused || end != End::Goodbye);
    assert!(site.get("/").ends_with("Hello, World!"));
}

#[test]
fn a_server_under_fire_keeps_its_workers() {
    let site = Site::serve_with(
        demo::application,
        crate::house::with_head_timeout(Duration::from_millis(500)),
        PoolSettings::default(),
    );
    assert!(site.get("/").ends_with("Hello, World!"));
    let hello = client_hello(&site);
    let live = site.server.pool().numbers().live;
    for round in 0..100_usize {
        let mut socket = site.socket();
        let mut bytes = hello.clone();
        let place = round % bytes.len();
        bytes[place] = bytes[place].wrapping_add(round as u8 | 1);
        let _ = socket.write_all(&bytes);
    }
    assert!(site.get("/").ends_with("Hello, World!"));
    assert_eq!(site.server.pool().numbers().live, live);
}
