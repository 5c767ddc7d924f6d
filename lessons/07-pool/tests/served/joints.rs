//! The joints for later lessons: another stream, something around a worker's life, another way
//! to pause, a listener of somebody else's.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use check::client::{Client, End};
use kit::patience::until;
use lesson02::{Limits, Session, Settings, Stream};
use lesson03::{AppError, Application, Body, Options, demo, pause_with};
use lesson05::Ended;
use lesson07::{Adapter, PoolServer, PoolSettings};
use socket2::{Domain, Socket, Type};

use crate::house::{PLAIN, Served, app, ask, bind, bind_with, brief, expect, get, serve, start};

/// Letters move by thirteen places, and everything else stays. It undoes itself.
fn rot13(bytes: &mut [u8]) {
    for byte in bytes {
        let first = match *byte {
            b'a'..=b'z' => b'a',
            b'A'..=b'Z' => b'A',
            _ => continue,
        };
        *byte = first + (*byte - first + 13) % 26;
    }
}

fn turned(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = text.as_ref().to_vec();
    rot13(&mut bytes);
    bytes
}

/// What a client sends before anything else, a system call for each byte.
const HANDSHAKE: &[u8] = b"knock knock";

/// A toy in place of TLS: a handshake, then everything is turned by thirteen letters.
struct Turned {
    socket: Arc<TcpStream>,
    /// How much of the handshake is to come.
    owed: usize,
    session: Arc<Session>,
}

impl Stream for Turned {
    fn socket(&self) -> &Arc<TcpStream> {
        &self.socket
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut socket = &*self.socket;
        if self.owed > 0 {
            return match socket.read(&mut [0])? {
                0 => Ok(0),
                _ => {
                    self.owed -= 1;
                    // Progress, and nothing to show for it.
                    Err(ErrorKind::Interrupted.into())
                }
            };
        }
        let count = socket.read(into)?;
        rot13(&mut into[..count]);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.socket).write(&turned(bytes))
    }

    fn say_goodbye(&mut self) {
        let _ = self.write(b"goodbye");
    }

    fn session(&self) -> Option<&Arc<Session>> {
        (self.owed == 0).then_some(&self.session)
    }
}

struct Turns {
    handshake: usize,
}

impl Adapter for Turns {
    fn wrap(&self, socket: Arc<TcpStream>) -> Box<dyn Stream> {
        let variables = vec![("TOY_ALPHABET".to_owned(), "latin".to_owned())];
        Box::new(Turned {
            socket,
            owed: self.handshake,
            session: Arc::new(Session { variables }),
        })
    }
}

fn turning(server: Arc<PoolServer>) -> Served {
    let handshake = HANDSHAKE.len();
    server.set_adapter(Some(Arc::new(Turns { handshake })));
    start(server)
}

/// A client that has shaken hands and asked.
fn ask_turned(served: &Served, question: &str) -> Client {
    served.ask([HANDSHAKE, &turned(question)].concat())
}

/// Everything until the end of the connection, readable.
fn all_turned(mut client: Client) -> (String, Option<End>) {
    let end = client.wait_for_end();
    let text = turned(client.received());
    (String::from_utf8(text).unwrap(), end)
}

const CLOSE: &str = "Connection: close\r\n";

#[test]
fn an_adapter_stands_between_the_server_and_its_clients_and_applications_are_told() {
    let served = turning(bind(demo::application, PoolSettings::default()));
    let two = get("/environ", "") + &get("/", CLOSE);
    let (text, end) = all_turned(ask_turned(&served, &two));
    assert_eq!(end, Some(End::Closed), "{text}");
    for line in [
        "wsgi.url_scheme = 'https'\n",
        "TOY_ALPHABET = 'latin'\n",
        "Connection: keep-alive\r\n",
        "Connection: close\r\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.ends_with("\r\n\r\nHello, World!goodbye"), "{text}");

    // From now on clients are served in plain text again.
    served.server.set_adapter(None);
    let environ = expect(&mut served.ask(get("/environ", "")), 200).text();
    assert!(environ.contains("wsgi.url_scheme = 'http'\n"), "{environ}");
    assert!(!environ.contains("TOY_ALPHABET"));
}

#[test]
fn a_handshake_in_any_pieces_is_a_handshake() {
    let served = turning(bind(demo::application, PoolSettings::default()));
    let bytes = [HANDSHAKE, &turned(get("/", CLOSE))].concat();
    let mut client = served.ask("");
    for byte in bytes {
        client.send(&[byte]).unwrap();
    }
    let (text, _) = all_turned(client);
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
}

#[test]
fn a_handshake_that_makes_progress_for_ever_ends_with_the_deadline_for_the_head() {
    let server = bind_with(demo::application, PoolSettings::default(), short_heads());
    let handshake = usize::MAX;
    server.set_adapter(Some(Arc::new(Turns { handshake })));
    let served = start(server);
    let mut client = served.ask("");
    until("the server has had enough", || {
        let _ = client.send(b"x");
        client.end().is_some() || client.is_cut_off()
    });
    assert!(client.received().is_empty() || client.received() == turned("goodbye"));
}

fn short_heads() -> Options {
    let options = brief();
    let limits = Limits {
        head_timeout: Duration::from_millis(300),
        ..options.settings.limits
    };
    Options {
        settings: Settings {
            limits,
            ..options.settings
        },
        ..options
    }
}

#[test]
fn an_address_with_https_is_right_where_nobody_can_read_along_and_misdirected_elsewhere() {
    let question = "GET https://a/environ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let served = turning(bind(demo::application, PoolSettings::default()));
    let (text, _) = all_turned(ask_turned(&served, question));
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("PATH_INFO = '/environ'\n"), "{text}");

    let plain = serve(demo::application);
    expect(&mut plain.ask(question), 421);
}

#[test]
fn an_answer_that_breaks_off_through_an_adapter_ends_with_a_reset_and_without_goodbye() {
    let served = turning(bind(
        app(|_, _, start_response| {
            start_response.begin("200 OK", &[PLAIN])?;
            let pieces = [Ok(b"one".to_vec()), Err(AppError::new("and no further"))];
            Ok(Body::try_chunks(pieces))
        }),
        PoolSettings::default(),
    ));
    let (text, end) = all_turned(ask_turned(&served, &get("/", "")));
    assert_eq!(end, Some(End::Reset), "{text}");
    assert!(!text.contains("goodbye"), "{text}");
}

#[test]
fn clients_for_whom_there_is_no_room_are_not_told_so_in_plain_text_through_an_adapter() {
    let settings = PoolSettings {
        threads: 1,
        queue_size: 1,
        queue_timeout: Duration::ZERO,
        ..PoolSettings::default()
    };
    let served = turning(bind(demo::application, settings));
    let busy = ask_turned(&served, &get("/sleep?ms=30000", ""));
    let mut late: Vec<Client> = (0..6).map(|_| served.ask("")).collect();
    let mut gone = 0;
    until("four of them are turned away", || {
        gone = late.iter_mut().filter(|client| client.is_cut_off()).count();
        gone >= 4
    });
    for client in &mut late {
        assert_eq!(client.received(), b"");
    }
    assert!(served.server.stats().turned_away.get() >= 4);
    drop((late, busy));
}

thread_local! {
    /// What the hook around its life has told this thread.
    static TOLD: Cell<u64> = const { Cell::new(0) };
}

/// An application that tells what its thread was told, when as many as `workers` are asked at
/// the same time.
fn telling(workers: usize) -> impl Application + 'static {
    let together = Barrier::new(workers);
    app(move |path, _, start_response| {
        if path == "/together" {
            together.wait();
        }
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(TOLD.get().to_string().into())
    })
}

fn three_workers(app: impl Application + 'static) -> Arc<PoolServer> {
    let three = PoolSettings {
        threads: 3,
        ..PoolSettings::default()
    };
    bind(app, three)
}

/// What each of three workers says.
fn three_answers(served: &Served) -> Vec<String> {
    let mut clients: Vec<Client> = (0..3)
        .map(|_| served.ask(get("/together", CLOSE)))
        .collect();
    let answers = clients.iter_mut().map(|client| expect(client, 200).text());
    let mut answers: Vec<String> = answers.collect();
    answers.sort();
    answers
}

#[test]
fn a_hook_is_around_the_whole_life_of_every_worker() {
    let server = three_workers(telling(3));
    let (lives, ends) = (AtomicU64::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&ends);
    let around = Box::new(move |work: &mut dyn FnMut()| {
        TOLD.set(lives.fetch_add(1, Ordering::SeqCst) + 1);
        work();
        counted.fetch_add(1, Ordering::SeqCst);
    });
    assert!(server.set_around(around).is_ok());
    assert!(server.set_around(Box::new(|work| work())).is_err());
    let served = start(server);
    for _ in 0..5 {
        assert_eq!(three_answers(&served), ["1", "2", "3"]);
    }
    assert_eq!(ends.load(Ordering::SeqCst), 0);
    assert_eq!(served.end(), Ended::Clean);
    until("three lives have ended", || {
        ends.load(Ordering::SeqCst) == 3
    });
}

#[test]
fn a_worker_that_panics_out_of_its_hook_is_replaced() {
    let server = three_workers(telling(3));
    let lives = AtomicU64::new(0);
    let around = Box::new(move |work: &mut dyn FnMut()| {
        let life = lives.fetch_add(1, Ordering::SeqCst);
        assert!(life >= 5, "as the test wants it");
        TOLD.set(1);
        work();
    });
    assert!(server.set_around(around).is_ok());
    let served = start(server);
    assert_eq!(three_answers(&served), ["1", "1", "1"]);
    until("there are three workers", || {
        served.server.pool().numbers().live == 3
    });
    assert_eq!(served.end(), Ended::Clean);
}

#[test]
fn a_hook_that_panics_after_the_work_is_done_does_not_keep_the_server_from_ending() {
    let server = three_workers(telling(3));
    let lives = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lives);
    let around = Box::new(move |work: &mut dyn FnMut()| {
        counted.fetch_add(1, Ordering::SeqCst);
        work();
        panic!("as the test wants it");
    });
    assert!(server.set_around(around).is_ok());
    let served = start(server);
    three_answers(&served);
    assert_eq!(served.end(), Ended::Clean);
    assert_eq!(
        lives.load(Ordering::SeqCst),
        3,
        "nobody came in their place"
    );
}

/// How long everybody has paused, in milliseconds.
static PAUSED: AtomicU64 = AtomicU64::new(0);

#[test]
fn an_application_pauses_as_the_hook_around_its_worker_says() {
    let server = bind(demo::application, PoolSettings::default());
    let around = Box::new(|work: &mut dyn FnMut()| {
        pause_with(|time| {
            PAUSED.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
        });
        work();
    });
    assert!(server.set_around(around).is_ok());
    let served = start(server);
    // Whoever really slept would sleep for longer than anybody waits here.
    expect(&mut served.ask(get("/sleep?ms=60000", "")), 200);
    let lines = expect(&mut served.ask(get("/stream?n=3&ms=60000", "")), 200).text();
    assert_eq!(lines.lines().count(), 3);
    assert_eq!(PAUSED.load(Ordering::SeqCst), 3 * 60_000);
}

#[test]
fn a_pool_serves_on_an_inherited_socket_and_the_next_one_goes_on_where_it_stopped() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let inherited = Arc::new(Socket::new(Domain::IPV4, Type::STREAM, None).unwrap());
    inherited.bind(&any.into()).unwrap();
    let bound = inherited.local_addr().unwrap().as_socket().unwrap();
    let serve = || {
        let options = Options {
            inherited: Some(Arc::clone(&inherited)),
            ..brief()
        };
        start(bind_with(
            demo::application,
            PoolSettings::default(),
            options,
        ))
    };
    let first = serve();
    assert_eq!(first.server.address(), bound);
    expect(&mut first.ask(get("/", CLOSE)), 200);
    assert_eq!(first.end(), Ended::Clean);
    // Nobody serves now, and nobody is refused.
    let mut client = ask(bound, get("/", CLOSE));
    let _second = serve();
    expect(&mut client, 200);
}
