//! Applications that block, and applications that are futures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use check::answer::Answer;
use check::client::{Client, GUARD};
use check::server::Launch;
use check::transcript::Transcript;
use lesson03::{AppError, Application, Bell, Body, Environ, Options, StartResponse};
use lesson07::Rules;
use lesson12::{AsyncAnswer, AsyncBody, AsyncServer, AsyncSettings, Scope};

fn asking(address: SocketAddr, question: &str) -> Client {
    let mut client = Client::connect(1, address, GUARD, Transcript::default()).unwrap();
    let head = format!("{question} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.send(head.as_bytes()).unwrap();
    client
}

/// Whether `/?ms=0` is answered while an application of the gateway blocks for a while.
fn is_answered_beside_one_that_blocks(flags: &str) -> bool {
    let flags = format!("--quiet {flags} demo:sleep");
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson12"), &flags);
    let server = launch.start(None).unwrap();
    let mut slow = asking(server.address(), "GET /?ms=3000");
    let mut quick = asking(server.address(), "GET /?ms=0");
    assert_eq!(quick.answer().unwrap().status, 200);
    let is_beside = !slow.is_answered();
    assert_eq!(slow.answer().unwrap().status, 200);
    is_beside
}

#[test]
fn an_application_that_blocks_leaves_everybody_else_alone() {
    assert!(is_answered_beside_one_that_blocks("--workers 4"));
}

#[test]
fn where_the_tasks_are_an_application_that_blocks_stops_them_all() {
    assert!(!is_answered_beside_one_that_blocks("--workers 0"));
}

/// A server in this process, and what stops it.
struct House {
    address: SocketAddr,
    stop: Arc<Bell>,
    serving: Option<JoinHandle<()>>,
}

impl House {
    fn open(mount: impl FnOnce(&mut AsyncServer)) -> House {
        let stop = Arc::new(Bell::new().unwrap());
        let app: Arc<dyn Application> = Arc::new(nothing);
        let (options, rules) = (Options::default(), Rules::default());
        let settings = AsyncSettings::default();
        let bell = Arc::clone(&stop);
        let mut server =
            AsyncServer::bind("127.0.0.1:0", app, options, rules, settings, bell).unwrap();
        mount(&mut server);
        House {
            address: server.address(),
            stop,
            serving: Some(thread::spawn(move || {
                server.start().unwrap();
            })),
        }
    }

    fn ask(&self, question: &str) -> Answer {
        let to_head = question.starts_with("HEAD");
        asking(self.address, question).next_answer(to_head).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.ring();
        if let Some(serving) = self.serving.take() {
            serving.join().unwrap();
        }
    }
}

fn nothing(_: &mut Environ<'_>, start: StartResponse<'_, '_>) -> Result<Body, AppError> {
    start.begin("404 Not Found", &[])?;
    Ok(Body::Empty)
}

fn plain(body: AsyncBody) -> Result<AsyncAnswer, AppError> {
    Ok(AsyncAnswer::new("200 OK", "text/plain", body))
}

#[test]
fn a_future_is_told_everything_and_gets_the_whole_body() {
    let house = House::open(|server| {
        server.mount("/told", async |scope: Scope, body: Vec<u8>| {
            let method = scope.get("REQUEST_METHOD").unwrap_or("none").to_owned();
            let host = scope.get("HTTP_HOST").unwrap_or("none").to_owned();
            tokio::task::yield_now().await;
            let text = format!("{method} {host} {}", body.len());
            plain(AsyncBody::Bytes(text.into()))
        });
    });
    assert_eq!(house.ask("GET /told").text(), "GET a 0");
    let mut client = Client::connect(1, house.address, GUARD, Transcript::default()).unwrap();
    let head = "POST /told HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    client.send([head, body].concat().as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().text(), "POST b 5");
    assert_eq!(house.ask("GET /elsewhere").status, 404);
}

#[test]
fn a_future_that_fails_or_panics_is_a_500_and_the_next_one_is_answered() {
    let house = House::open(|server| {
        server.mount("/fails", async |_: Scope, _: Vec<u8>| {
            Err::<AsyncAnswer, _>(AppError::new("on purpose"))
        });
        server.mount("/panics", async |scope: Scope, _: Vec<u8>| {
            tokio::task::yield_now().await;
            assert!(scope.get("QUERY_STRING") != Some(""), "on purpose");
            plain(AsyncBody::Bytes(b"fine".to_vec()))
        });
    });
    for _ in 0..3 {
        assert_eq!(house.ask("GET /fails").status, 500);
        assert_eq!(house.ask("GET /panics").status, 500);
    }
    assert_eq!(house.ask("GET /panics?not").text(), "fine");
}

#[test]
fn pieces_are_awaited_one_by_one_and_head_gets_none() {
    let house = House::open(|server| {
        server.mount("/pieces", async |_: Scope, _: Vec<u8>| {
            let mut left = 3;
            plain(AsyncBody::pieces(move || {
                left -= 1;
                let piece = left;
                async move {
                    tokio::task::yield_now().await;
                    (piece >= 0).then(|| Ok(vec![b'0' + piece as u8]))
                }
            }))
        });
    });
    assert_eq!(house.ask("GET /pieces").text(), "210");
    let head = house.ask("HEAD /pieces");
    assert_eq!((head.status, head.text().as_str()), (200, ""));
}

#[test]
fn pieces_that_nobody_wants_any_more_are_let_go_of() {
    struct Notes(Arc<AtomicBool>);
    impl Drop for Notes {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let is_dropped = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_dropped);
    let house = House::open(move |server| {
        server.mount("/endless", move |_: Scope, _: Vec<u8>| {
            let notes = Notes(Arc::clone(&noted));
            async move {
                plain(AsyncBody::pieces(move || {
                    let _ = &notes;
                    async { Some(Ok(vec![b'x'; 10_000])) }
                }))
            }
        });
    });
    let client = asking(house.address, "GET /endless");
    client.reset();
    let guard = Instant::now() + GUARD;
    while !is_dropped.load(Ordering::SeqCst) {
        assert!(Instant::now() < guard, "nobody let go of them");
        thread::sleep(Duration::from_millis(5));
    }
}
