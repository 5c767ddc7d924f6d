//! The server as a library: its application can be replaced, and its end has Python's options.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use kit::patience::eventually;
use lesson03::{Application, Bell, Options, application, demo};
use lesson05::Ended;
use lesson06::{Run, ThreadingServer, Threads};

use crate::running::{ask, connect};

const PLAIN: (&str, &str) = ("Content-Type", "text/plain");

/// A server in this process, stopped by a bell of its own.
struct Served {
    server: Arc<ThreadingServer>,
    address: SocketAddr,
    stop: Arc<Bell>,
    thread: JoinHandle<Ended>,
}

fn serve(app: impl Application + 'static, threads: Threads) -> Served {
    let mut options = Options::default();
    options.settings.quiet = true;
    let (listener, address, gateway) = options.listen("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = Arc::new(ThreadingServer::new(gateway, Arc::new(app), threads).unwrap());
    let stop = Arc::new(Bell::new().unwrap());
    let thread = {
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        thread::spawn(move || server.serve(listener, &stop))
    };
    Served {
        server,
        address,
        stop,
        thread,
    }
}

impl Served {
    fn get(&self) -> String {
        let mut client = connect(self.address);
        ask(&mut client, "/");
        client.answer().unwrap().text()
    }
}

/// An application that tells when it has begun, and answers when it is let go.
fn gated() -> (impl Application, Receiver<()>, Sender<()>) {
    let (begun, has_begun) = channel();
    let (let_go, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let app = application(move |_, start_response| {
        begun.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
        start_response.begin("200 OK", &[PLAIN])?;
        Ok("whole".into())
    });
    (app, has_begun, let_go)
}

#[test]
fn set_app_takes_effect_on_the_next_connection() {
    let served = serve(demo::hello, Threads::default());
    assert_eq!(served.get(), "Hello, World!");
    let first = served.server.get_app();
    served.server.set_app(application(|_, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        Ok("another".into())
    }));
    assert_eq!(served.get(), "another");
    served.server.set_app(first);
    assert_eq!(served.get(), "Hello, World!");
    served.stop.ring();
    assert_eq!(served.thread.join().unwrap(), Ended::Clean);
}

#[test]
fn a_request_under_way_keeps_the_application_that_it_began_with() {
    let (app, has_begun, let_go) = gated();
    let served = serve(app, Threads::default());
    let mut client = connect(served.address);
    ask(&mut client, "/");
    has_begun.recv().unwrap();
    served.server.set_app(demo::hello);
    assert_eq!(served.get(), "Hello, World!");
    assert!(eventually(|| served.server.alive() == 1));
    let_go.send(()).unwrap();
    assert_eq!(client.answer().unwrap().text(), "whole");
    assert!(eventually(|| served.server.alive() == 0));
    served.stop.ring();
    assert_eq!(served.thread.join().unwrap(), Ended::Clean);
}

#[test]
fn a_stop_waits_for_threads_unless_they_are_daemons_or_it_must_not_block() {
    let waits = Threads::default();
    assert!(waits.block_on_close && !waits.daemon_threads);
    let does_not_block = Threads {
        block_on_close: false,
        ..waits
    };
    let daemons = Threads {
        daemon_threads: true,
        ..waits
    };
    for (threads, is_to_wait) in [(waits, true), (does_not_block, false), (daemons, false)] {
        let (app, has_begun, let_go) = gated();
        let served = serve(app, threads);
        let mut client = connect(served.address);
        ask(&mut client, "/");
        has_begun.recv().unwrap();
        served.stop.ring();
        if is_to_wait {
            // When nobody accepts any more, it is waiting for its threads, or has wrongly left.
            let refused = || std::net::TcpStream::connect(served.address).is_err();
            assert!(eventually(refused));
            assert!(!served.thread.is_finished());
            let_go.send(()).unwrap();
            assert_eq!(served.thread.join().unwrap(), Ended::Clean);
            assert_eq!(served.server.alive(), 0);
        } else {
            assert_eq!(served.thread.join().unwrap(), Ended::Clean);
            assert_eq!(served.server.alive(), 1);
            // This process lives on, and so does the thread.
            let_go.send(()).unwrap();
        }
        assert_eq!(client.answer().unwrap().text(), "whole");
    }
}

#[test]
fn run_has_the_defaults_of_wsocket() {
    let defaults = Run::default();
    assert_eq!(defaults.host, "127.0.0.1");
    assert_eq!(defaults.port, 8080);
}
