//! The small server of lesson 12: futures, and an executor that asks all of them again and again.

use std::future::Future;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 14\r\n\
    Connection: close\r\n\
    \r\n\
    Hello, World!\n";

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(8888)))?;
    listener.set_nonblocking(true)?;
    println!("small12 listening on http://{}", listener.local_addr()?);
    let mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    let nobody_calls = &mut Context::from_waker(Waker::noop());
    loop {
        while let Ok((client, _)) = listener.accept() {
            tasks.push(Box::pin(async { drop(serve(client).await) }));
        }
        tasks.retain_mut(|task| task.as_mut().poll(nobody_calls).is_pending());
        thread::sleep(Duration::from_millis(1)); // for nobody will tell us that something has come
    }
}

/// It reads as if it could wait.
async fn serve(client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(true)?;
    let until = Instant::now() + Duration::from_secs(5);
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let count = attempt(until, || (&client).read(&mut piece)).await?;
        if count == 0 || head.len() > 64 * 1024 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..count]);
    }
    let mut unsent = ANSWER;
    while !unsent.is_empty() {
        let count = attempt(until, || (&client).write(unsent)).await?;
        unsent = &unsent[count..];
    }
    client.shutdown(Shutdown::Write)?;
    while attempt(until, || (&client).read(&mut piece)).await? > 0 {} // until the client has left
    Ok(())
}

/// A future: something that is tried whenever somebody asks.
struct Attempt<F> {
    until: Instant,
    call: F,
}

fn attempt<F: FnMut() -> io::Result<usize> + Unpin>(until: Instant, call: F) -> Attempt<F> {
    Attempt { until, call }
}

impl<F: FnMut() -> io::Result<usize> + Unpin> Future for Attempt<F> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        match (self.call)() {
            Err(error) if error.kind() == ErrorKind::Interrupted => Poll::Pending,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                match Instant::now() < self.until {
                    true => Poll::Pending,
                    false => Poll::Ready(Err(ErrorKind::TimedOut.into())),
                }
            }
            outcome => Poll::Ready(outcome),
        }
    }
}
