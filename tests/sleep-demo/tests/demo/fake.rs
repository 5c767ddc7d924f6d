//! Little servers, one for each way of waiting.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How a little server waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    OneAtATime,
    Threads,
    Pool(usize),
    /// So many are served, each on a thread; everybody after them gets a 503 at once.
    Full(usize),
}

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// JSON that tells who slept and when.
    Tells,
    /// A word, as HTTP/1.0, whose end is the end of the connection.
    SaysNothing,
    /// The same in chunks.
    Chunks,
}

/// Starts a little server; it ends with the tests.
pub(crate) fn start(manner: Manner, answer: Answer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let workers = match manner {
        Manner::Pool(workers) => workers,
        _ => 1,
    };
    for number in 0..workers {
        let listener = listener.try_clone().unwrap();
        let worker = thread::Builder::new().name(format!("worker-{number}"));
        worker
            .spawn(move || accept(&listener, manner, answer))
            .unwrap();
    }
    address
}

fn accept(listener: &TcpListener, manner: Manner, answer: Answer) {
    for (count, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        match manner {
            Manner::OneAtATime | Manner::Pool(_) => serve(&mut stream, answer),
            Manner::Full(most) if count >= most => {
                read_head(&stream);
                let full = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(full.as_bytes()).unwrap();
            }
            Manner::Threads | Manner::Full(_) => {
                drop(thread::spawn(move || serve(&mut stream, answer)));
            }
        }
    }
}

fn serve(stream: &mut TcpStream, answer: Answer) {
    let pause = read_head(stream);
    let started = unix_ms();
    thread::sleep(pause);
    let thread = format!("{:?}", thread::current().id());
    let text = match answer {
        Answer::Tells => {
            let body = format!(
                "{{\"pid\": {}, \"thread\": {thread:?}, \"started_ms\": {started:.3}, \
                 \"finished_ms\": {:.3}}}\n",
                std::process::id(),
                unix_ms()
            );
            let length = body.len();
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")
        }
        Answer::SaysNothing => "HTTP/1.0 200 OK\r\n\r\nslept".to_owned(),
        Answer::Chunks => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nslept\r\n0\r\n\r\n"
                .to_owned()
        }
    };
    // The client may have gone.
    let _ = stream.write_all(text.as_bytes());
}

/// Reads a head; the result is the `ms` of its target.
fn read_head(stream: &TcpStream) -> Duration {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let _ = lines.take_while(|line| !line.is_empty()).count();
    let ms = first.split("ms=").nth(1).unwrap_or_default();
    let ms = ms.split(' ').next().unwrap_or_default();
    Duration::from_millis(ms.parse().unwrap_or(0))
}

fn unix_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}
