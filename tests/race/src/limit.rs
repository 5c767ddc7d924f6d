//! The two limits: servers that do the least that any server must, and nothing right.
//!
//! They never look at what they read. Whoever says something gets the same bytes, as many as
//! lesson 3's answer has, because copying them is work that no server can avoid.

use std::io::{self, Read};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};

use crate::client::Mode;

/// The answer of the blocking limit, byte for byte as long as lesson 3's to `/`.
pub const LAST_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Server: thelimit\r\n\
    Content-Length: 13\r\n\
    Connection: close\r\n\
    \r\n\
    Hello, World!";

/// The answer of the epoll limit: the same, but the connection stays.
pub const NEXT_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Server: thelimit\r\n\
    Content-Length: 13\r\n\
    \r\n\
    Hello, World!";

/// As much as a lesson reads at once.
const ROOM: usize = 16 * 1024;

/// The limit that fits a mode.
pub fn serve(listener: TcpListener, mode: Mode) -> io::Result<()> {
    match mode {
        Mode::NewConnection => accept_read_write_close(&listener),
        Mode::KeepAlive => answer_whoever_is_ready(listener),
    }
}

/// Accepts, reads once, writes, closes: the four calls of a request with its own connection.
fn accept_read_write_close(listener: &TcpListener) -> io::Result<()> {
    let mut room = [0; ROOM];
    loop {
        let (mut client, _) = listener.accept()?;
        // A client that says nothing before it leaves gets nothing, and who has left misses it.
        if let Ok(1..) = client.read(&mut room) {
            // The close follows at once, so both can go in one packet, as in the lessons.
            let _ = send(&client, LAST_ANSWER, SendFlags::MORE | SendFlags::NOSIGNAL);
        }
    }
}

/// Waits with epoll for whoever has said something, and answers it. Two calls for each request,
/// and a third that many requests share.
fn answer_whoever_is_ready(listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, token(&listener), EventFlags::IN)?;
    let mut clients: Vec<Option<OwnedFd>> = Vec::new();
    let mut events: Vec<Event> = Vec::with_capacity(256);
    let mut room = [0; ROOM];
    loop {
        match epoll::wait(&epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in events.drain(..) {
            // A token is the number of a descriptor, which is small.
            let number = event.data.u64() as usize;
            if number == listener.as_raw_fd() as usize {
                take_in(&listener, &epoll, &mut clients)?;
            } else if let Some(Some(client)) = clients.get(number)
                && !answer(client, &mut room)
            {
                clients[number] = None;
            }
        }
    }
}

fn take_in(
    listener: &TcpListener,
    epoll: &OwnedFd,
    clients: &mut Vec<Option<OwnedFd>>,
) -> io::Result<()> {
    let Ok(client) = accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) else {
        return Ok(()); // It has left already. Anything worse comes again.
    };
    epoll::add(epoll, &client, token(&client), EventFlags::IN)?;
    let number = client.as_raw_fd() as usize;
    if clients.len() <= number {
        clients.resize_with(number + 1, || None);
    }
    clients[number] = Some(client);
    Ok(())
}

/// Answers a client. False: it has left.
fn answer(client: &OwnedFd, room: &mut [u8]) -> bool {
    match recv(client, room, RecvFlags::empty()) {
        Ok((1.., _)) => send(client, NEXT_ANSWER, SendFlags::NOSIGNAL).is_ok(),
        Ok(_) => false,
        Err(error) => error == Errno::AGAIN,
    }
}

fn token(descriptor: &impl AsRawFd) -> EventData {
    // An open descriptor is never negative.
    EventData::new_u64(descriptor.as_raw_fd() as u64)
}
