//! The handshake: what is agreed on, and when.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kit::patience::until;
use lesson03::demo;
use lesson07::PoolSettings;
use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;

use crate::house::{
    CLOSE, Client, End, GUARD, Site, VERSIONS, client_config, client_hello, get, rest_of,
    with_head_timeout,
};

#[test]
fn both_versions_of_tls_are_spoken_and_nothing_older_is_offered() {
    let site = Site::serve(demo::application);
    for (version, name) in VERSIONS
        .into_iter()
        .zip([ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3])
    {
        let mut client = site.client_of(&[version]);
        client.send(get("/", CLOSE));
        let (text, end) = client.rest();
        assert!(text.ends_with("\r\n\r\nHello, World!"), "{text}");
        assert_eq!(end, End::Goodbye);
        assert_eq!(client.stream.conn.protocol_version(), Some(name));
    }
}

#[test]
fn a_client_that_can_do_more_is_told_that_it_is_http_1_1() {
    let site = Site::serve(demo::application);
    let offering = |names: &[&str]| {
        let mut config = site.client_config(&VERSIONS);
        config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut client = Client::new(site.socket(), config, "localhost");
        let shaken = client.shake();
        let agreed = client.stream.conn.alpn_protocol().map(<[u8]>::to_vec);
        (shaken.is_ok(), agreed)
    };
    let one = Some(b"http/1.1".to_vec());
    assert_eq!(offering(&["h2", "http/1.1"]), (true, one));
    assert_eq!(offering(&[]), (true, None));
    let (shaken, _) = offering(&["h2"]);
    assert!(!shaken, "HTTP/2 alone is nothing that this server speaks");
}

#[test]
fn a_handshake_and_a_request_may_come_byte_by_byte() {
    let site = Site::serve(demo::application);
    for version in VERSIONS {
        let mut client = site.client_of(&[version]);
        let tls = &mut client.stream.conn;
        let socket = &mut client.stream.sock;
        let mut rounds = 0;
        while tls.is_handshaking() {
            let mut flight = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut flight).unwrap();
            }
            for byte in flight {
                socket.write_all(&[byte]).unwrap();
            }
            if tls.wants_read() && tls.is_handshaking() {
                tls.read_tls(socket).unwrap();
                tls.process_new_packets().unwrap();
            }
            rounds += 1;
            assert!(rounds < 100);
        }
        tls.writer().write_all(get("/", CLOSE).as_bytes()).unwrap();
        let mut question = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut question).unwrap();
        }
        for byte in question {
            socket.write_all(&[byte]).unwrap();
        }
        let (text, end) = client.rest();
        assert!(text.ends_with("Hello, World!"), "{text}");
        assert_eq!(end, End::Goodbye);
    }
}

#[test]
fn half_a_handshake_ends_with_the_deadline_for_the_head_and_holds_up_nobody() {
    let time = Duration::from_millis(500);
    let settings = PoolSettings {
        threads: 2,
        ..PoolSettings::default()
    };
    let site = Site::serve_with(demo::application, with_head_timeout(time), settings);
    let hello = client_hello(&site);
    let started = Instant::now();
    let mut stalled = site.socket();
    stalled.write_all(&hello[..hello.len() / 2]).unwrap();
    // The other worker is free, and the thread that accepts does not shake hands.
    assert!(site.get("/").ends_with("Hello, World!"));
    let (said, _) = rest_of(&mut stalled);
    assert_eq!(
        said, b"",
        "nothing was agreed on, so there is nothing to say"
    );
    assert!(started.elapsed() >= time);
}

#[test]
fn a_handshake_that_drips_for_ever_ends_with_the_deadline_for_the_head() {
    let time = Duration::from_millis(500);
    let site = Site::serve_with(
        demo::application,
        with_head_timeout(time),
        PoolSettings::default(),
    );
    let mut hello = client_hello(&site);
    hello.truncate(hello.len() - 1);
    let mut socket = site.socket();
    let started = Instant::now();
    // A byte at a time, and then again from the beginning: the end never comes.
    let mut bytes = hello.iter().cycle();
    until("the server has had enough", || {
        socket.write_all(&[*bytes.next().unwrap()]).is_err()
    });
    assert!(started.elapsed() < GUARD);
    assert!(site.get("/").ends_with("Hello, World!"));
}

#[test]
fn a_hundred_half_made_handshakes_cost_a_deadline_and_no_thread() {
    let time = Duration::from_millis(800);
    let settings = PoolSettings {
        threads: 4,
        queue_size: 200,
        ..PoolSettings::default()
    };
    let site = Site::serve_with(demo::application, with_head_timeout(time), settings);
    assert!(site.get("/").ends_with("Hello, World!"));
    let hello = client_hello(&site);
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let mut socket = site.socket();
            socket.write_all(&hello[..50]).unwrap();
            socket
        })
        .collect();
    until("every worker has one", || {
        site.server.pool().numbers().idle == 0
    });
    // A client behind all of them is served when their time is over, and that began for all of
    // them when they came, not when a worker took them.
    assert!(site.get("/").ends_with("Hello, World!"));
    assert_eq!(site.server.pool().numbers().live, 4);
    for mut socket in crowd {
        assert_eq!(rest_of(&mut socket).0, b"");
    }
    until("every worker is free", || {
        site.server.pool().numbers().idle == 4
    });
}

#[test]
fn a_client_that_leaves_in_a_handshake_costs_nothing() {
    let settings = PoolSettings {
        threads: 1,
        ..PoolSettings::default()
    };
    let site = Site::serve_with(demo::application, crate::house::options(), settings);
    let hello = client_hello(&site);
    for length in [0, 1, 5, 6, hello.len() / 2, hello.len() - 1, hello.len()] {
        for resets in [false, true] {
            let mut socket = site.socket();
            socket.write_all(&hello[..length]).unwrap();
            if resets {
                let zero = Some(Duration::ZERO);
                socket2::SockRef::from(&socket).set_linger(zero).unwrap();
            }
            drop(socket);
        }
        // There is one worker, and it is the same one all the time.
        assert!(site.get("/").ends_with("Hello, World!"));
    }
    assert_eq!(site.server.pool().numbers().live, 1);
}

#[test]
fn a_client_resumes_its_session_in_both_versions() {
    let site = Site::serve(demo::application);
    for version in VERSIONS {
        let config = Arc::new(site.client_config(&[version]));
        let mut kinds = Vec::new();
        for _ in 0..3 {
            let mut client = Client::sharing(site.socket(), Arc::clone(&config), "localhost");
            client.send(get("/environ", CLOSE));
            let (page, _) = client.rest();
            kinds.push(crate::house::variable(&page, "SSL_SESSION_RESUMED").expect(&page));
        }
        assert_eq!(kinds, ["Initial", "Resumed", "Resumed"], "{version:?}");
    }
}

#[test]
fn a_client_that_expects_somebody_else_refuses_and_the_server_goes_on() {
    let site = Site::serve(demo::application);
    let mut config = site.client_config(&VERSIONS);
    config.enable_sni = true;
    let mut wrong_name = Client::new(site.socket(), config, "www.cherrypy.example");
    let error = wrong_name.shake().unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
    // The client's alert must reach the server before this test asks again.
    let _ = wrong_name
        .stream
        .conn
        .complete_io(&mut wrong_name.stream.sock);
    let stranger = client_config(crate::house::Authority::new().trusted(), &VERSIONS);
    let error = Client::new(site.socket(), stranger, "localhost").shake();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    assert!(ServerName::try_from("localhost").is_ok());
    assert!(site.get("/").ends_with("Hello, World!"));
}
