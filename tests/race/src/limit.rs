//! The limits: servers that do the least that any server must, and nothing right.
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
use crate::echo::{answer as echoed, question};

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
        Mode::KeepAlive => answer_whoever_is_ready(listener, Words::http()),
        Mode::Messages(size) => answer_whoever_is_ready(listener, Words::messages(size)),
    }
}

/// What is said, and after how many bytes.
struct Words {
    /// What whoever has just come gets for whatever it says.
    first: &'static [u8],
    /// What everybody gets from then on.
    next: Vec<u8>,
    /// For so many bytes; 0: for each read.
    length: usize,
}

/// The answer to a handshake, as long as lesson 9's.
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Sec-WebSocket-Accept: 0000000000000000000000000000\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    Server: thelimit\r\n\
    Connection: Upgrade\r\n\
    Upgrade: websocket\r\n\
    \r\n";

impl Words {
    fn http() -> Words {
        Words {
            first: NEXT_ANSWER,
            next: NEXT_ANSWER.to_vec(),
            length: 0,
        }
    }

    /// As many bytes as a message has, and the same message comes back: nobody looks at it.
    fn messages(size: usize) -> Words {
        Words {
            first: SWITCH,
            next: echoed(size),
            length: question(size).len(),
        }
    }
}

/// A client of the limit.
struct Known {
    descriptor: OwnedFd,
    is_new: bool,
    /// How much of a message has come.
    came: usize,
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
fn answer_whoever_is_ready(listener: TcpListener, words: Words) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, token(&listener), EventFlags::IN)?;
    let mut clients: Vec<Option<Known>> = Vec::new();
    let mut events: Vec<Event> = Vec::with_capacity(256);
    let mut room = vec![0; ROOM.max(2 * words.length)];
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
            } else if let Some(Some(client)) = clients.get_mut(number)
                && !answer(client, &words, &mut room)
            {
                clients[number] = None;
            }
        }
    }
}

fn take_in(
    listener: &TcpListener,
    epoll: &OwnedFd,
    clients: &mut Vec<Option<Known>>,
) -> io::Result<()> {
    let Ok(client) = accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) else {
        return Ok(()); // It has left already. Anything worse comes again.
    };
    epoll::add(epoll, &client, token(&client), EventFlags::IN)?;
    let number = client.as_raw_fd() as usize;
    if clients.len() <= number {
        clients.resize_with(number + 1, || None);
    }
    clients[number] = Some(Known {
        descriptor: client,
        is_new: true,
        came: 0,
    });
    Ok(())
}

/// Answers a client. False: it has left.
fn answer(client: &mut Known, words: &Words, room: &mut [u8]) -> bool {
    let count = match recv(&client.descriptor, room, RecvFlags::empty()) {
        Ok((count @ 1.., _)) => count,
        Ok(_) => return false,
        Err(error) => return error == Errno::AGAIN,
    };
    let says = |bytes| send(&client.descriptor, bytes, SendFlags::NOSIGNAL).is_ok();
    if std::mem::take(&mut client.is_new) {
        return says(words.first);
    }
    client.came += count;
    if client.came < words.length {
        return true;
    }
    client.came = 0;
    says(&words.next)
}

fn token(descriptor: &impl AsRawFd) -> EventData {
    // An open descriptor is never negative.
    EventData::new_u64(descriptor.as_raw_fd() as u64)
}
