//! The small server of lesson 10: one thread, and as many clients as there are descriptors.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::str;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use httparse::{EMPTY_HEADER, Error, Request, Status};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const SECOND: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(8888)))?;
    listener.set_nonblocking(true)?;
    println!("small10 listening on http://{}", listener.local_addr()?);
    let mut clients: Vec<Client> = Vec::new();
    let mut door_opens = Instant::now();
    loop {
        let ready = wait(&listener, door_opens, &clients);
        let mut ready = ready.into_iter(); // the door first, then the clients in their order
        let somebody_comes = ready.next() == Some(true);
        let now = Instant::now();
        for (client, _) in clients.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            if client.go_on(now).is_err() {
                client.until = now; // an error belongs to its client
            }
        }
        clients.retain(|client| now < client.until); // to drop one is to close it
        if somebody_comes {
            match listener.accept() {
                Ok((stream, _)) => clients.extend(Client::new(stream, now)),
                Err(_) => door_opens = now + SECOND / 10, // until a descriptor is free
            }
        }
    }
}

/// Sleeps until somebody is ready, or somebody's time is up. Says who is ready.
fn wait(listener: &TcpListener, door_opens: Instant, clients: &[Client]) -> Vec<bool> {
    let now = Instant::now();
    let is_open = now >= door_opens;
    let door = if is_open {
        PollFlags::IN
    } else {
        PollFlags::empty()
    };
    let mut list = vec![PollFd::new(listener, door)];
    list.extend(clients.iter().map(|client| {
        let wish = if client.unsent.is_empty() {
            PollFlags::IN
        } else {
            PollFlags::OUT
        };
        PollFd::new(&client.stream, wish)
    }));
    let times = clients.iter().map(|client| client.until);
    let next = times.chain((!is_open).then_some(door_opens)).min();
    let at_most =
        next.and_then(|next| Timespec::try_from(next.saturating_duration_since(now)).ok());
    let _ = poll(&mut list, at_most.as_ref()); // a signal is a reason to look around
    list.iter()
        .map(|entry| !entry.revents().is_empty())
        .collect()
}

/// A client, and everything that a thread would have kept in its variables.
struct Client {
    stream: TcpStream,
    until: Instant,
    received: Vec<u8>,
    unsent: Vec<u8>,
    is_answered: bool,
}

impl Client {
    fn new(stream: TcpStream, now: Instant) -> Option<Client> {
        stream.set_nonblocking(true).ok()?;
        Some(Client {
            stream,
            until: now + 10 * SECOND,
            received: Vec::new(),
            unsent: Vec::new(),
            is_answered: false,
        })
    }

    /// Goes as far as it can without waiting.
    fn go_on(&mut self, now: Instant) -> io::Result<()> {
        if self.unsent.is_empty() {
            self.receive()?;
        }
        if self.is_answered {
            self.received.clear(); // read, and forget
        } else if let Some(status) = status_for(&self.received) {
            self.unsent = answer(status, self.received.starts_with(b"HEAD "));
            self.is_answered = true;
            self.until = now + 10 * SECOND;
        }
        if !self.unsent.is_empty() {
            self.send(now)?;
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()), // it has left
            Ok(count) => {
                self.received.extend_from_slice(&piece[..count]);
                Ok(())
            }
            Err(error) => unless_it_would_wait(error),
        }
    }

    fn send(&mut self, now: Instant) -> io::Result<()> {
        match self.stream.write(&self.unsent) {
            Ok(count) => drop(self.unsent.drain(..count)),
            Err(error) => return unless_it_would_wait(error),
        }
        if self.unsent.is_empty() {
            self.stream.shutdown(Shutdown::Write)?;
            self.until = now + 2 * SECOND;
        }
        Ok(())
    }
}

fn unless_it_would_wait(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(()),
        _ => Err(error),
    }
}

fn status_for(received: &[u8]) -> Option<&'static str> {
    let mut fields = [EMPTY_HEADER; 100];
    let mut request = Request::new(&mut fields);
    match request.parse(received) {
        Ok(Status::Complete(_)) => Some(status_of(&request)),
        Ok(Status::Partial) if received.len() < 16 * 1024 => None,
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Some("431 Head Too Large"),
        Err(Error::Version) => Some("505 HTTP Version Not Supported"),
        Err(_) => Some("400 Bad Request"),
    }
}

fn status_of(request: &Request) -> &'static str {
    let hosts = values(request, "Host");
    let lengths = values(request, "Content-Length");
    let codings = values(request, "Transfer-Encoding");
    match (&hosts[..], &lengths[..], &codings[..]) {
        _ if request.method == Some("CONNECT") => "501 Not Implemented",
        ([], [], []) if request.version == Some(0) => "200 OK",
        ([host], [], []) if is_host(host) => "200 OK",
        ([host], [length], []) if is_host(host) && is_length(length) => "200 OK",
        ([_], [], [_]) => "501 Not Implemented",
        _ => "400 Bad Request",
    }
}

fn is_host(host: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    host.bytes().all(is_fine)
}

fn is_length(length: &str) -> bool {
    length.parse::<u64>().is_ok() && !length.starts_with('+')
}

fn values<'a>(request: &'a Request, name: &str) -> Vec<&'a str> {
    let fields = request.headers.iter();
    let named = fields.filter(|field| field.name.eq_ignore_ascii_case(name));
    named
        .map(|field| str::from_utf8(field.value).unwrap_or("?"))
        .collect()
}

fn answer(status: &str, is_head: bool) -> Vec<u8> {
    let date = DateTime::<Utc>::from(SystemTime::now()).format("%a, %d %b %Y %T GMT");
    let body = if status == "200 OK" {
        "Hello, World!"
    } else {
        status
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         Date: {date}\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    let body = if is_head { "" } else { body };
    (head + body).into_bytes()
}
