//! Lesson 8's TLS on tasks, by its adapter: not a line here knows of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use check::tls::promises;
use lesson02::{Limits, Settings};
use lesson03::{Bell, Options, demo};
use lesson07::Rules;
use lesson08::{Identity, TlsAdapter};
use lesson12::{AsyncServer, AsyncSettings};

/// A server behind TLS, which gives a head a second. It is there until the test ends.
fn secured(settings: AsyncSettings) -> SocketAddr {
    let (identity, _) = Identity::self_signed(["localhost"]).unwrap();
    let adapter = TlsAdapter::new(identity, None, "test").unwrap();
    let options = Options {
        settings: Settings {
            limits: Limits {
                head_timeout: Duration::from_secs(1),
                ..Limits::default()
            },
            quiet: true,
            ..Settings::default()
        },
        software: "test",
        ..Options::default()
    };
    let (sender, address) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let stop = Arc::new(Bell::new().unwrap());
        let server = AsyncServer::bind(
            "127.0.0.1:0",
            Arc::new(demo::application),
            options,
            Rules::default(),
            settings,
            stop,
        )
        .unwrap();
        server.set_adapter(Some(Arc::new(adapter)));
        sender.send(server.address()).unwrap();
        server.start().unwrap();
    });
    address.recv().unwrap()
}

#[test]
fn every_probe_for_tls_is_ok() {
    promises::every_probe_is_ok(secured(AsyncSettings::default()));
}

#[test]
fn records_are_no_borders() {
    promises::records_are_no_borders(secured(AsyncSettings::default()));
}

#[test]
fn records_are_no_borders_on_several_threads() {
    promises::records_are_no_borders(secured(AsyncSettings {
        threads: 3,
        ..AsyncSettings::default()
    }));
}
