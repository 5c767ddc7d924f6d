//! A class of its own: what does a client cost that says nothing?
//!
//! Most clients of most servers are quiet most of the time: a browser that reads, a telephone in a
//! pocket. So we open some connections, look at the server's memory, open many more, and look
//! again. What has been added, divided by their number, is what each costs.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use load::reader::Reader;

use crate::contender::Contender;
use crate::processor::Tree;
use crate::report::Quiet;

/// How long one answer may take before the server counts as occupied.
const PATIENCE: Duration = Duration::from_secs(3);

/// One in so many comes before the first look: what a server allocates once is none of theirs.
const FIRST: usize = 5;

/// Pages are the smallest thing that memory is counted in, so fewer clients than this tell nothing.
const FEWEST: usize = 50;

/// How a client is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It had its answer, and the connection stays.
    Kept,
    /// It has connected, and says nothing: all that a server can have of it which closes after
    /// each answer.
    Silent,
    /// It has opened a WebSocket.
    Socket,
}

impl Manner {
    /// What the table says of it.
    pub fn name(self) -> &'static str {
        match self {
            Manner::Kept => "kept alive",
            Manner::Silent => "silent",
            Manner::Socket => "WebSocket",
        }
    }
}

/// Lets so many quiet clients connect to a server of ours or of others.
pub fn measure(server: &Contender, manner: Manner, clients: usize) -> Result<Quiet, String> {
    let failed = |error: io::Error| format!("{}: {error}", server.name);
    let tree = server
        .tree
        .as_ref()
        .ok_or_else(|| format!("{}: nobody may look at its memory", server.name))?;
    let mut crowd = Crowd {
        server,
        manner,
        present: Vec::with_capacity(clients),
    };
    crowd.grow_to(clients / FIRST).map_err(failed)?;
    let (first, before) = (crowd.present.len(), memory_at_rest(tree));
    let refused = crowd.grow_to(clients).err();
    let (present, after) = (crowd.present.len(), memory_at_rest(tree));
    let added = present - first;
    let bytes = (added >= FEWEST).then(|| after.saturating_sub(before) as f64 / added as f64);
    Ok(Quiet {
        name: server.name.clone(),
        manner: manner.name().to_owned(),
        clients: present,
        bytes,
        serves_others: refused.is_none() && crowd.serves_another(),
    })
}

fn memory_at_rest(tree: &Tree) -> u64 {
    tree.spent_at_rest();
    tree.memory()
}

/// Clients who are connected, and quiet.
struct Crowd<'s> {
    server: &'s Contender,
    manner: Manner,
    present: Vec<TcpStream>,
}

impl Crowd<'_> {
    /// Brings more of them, up to a number. The first that is not served ends it.
    fn grow_to(&mut self, number: usize) -> io::Result<()> {
        while self.present.len() < number {
            let client = match self.manner {
                Manner::Silent => self.connect()?,
                Manner::Kept => self.answered(&self.get())?,
                Manner::Socket => self.answered(&self.handshake())?,
            };
            self.present.push(client);
        }
        Ok(())
    }

    /// Whether the next client, which is not quiet, has its answer soon.
    fn serves_another(&self) -> bool {
        self.answered(&self.get()).is_ok()
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.server.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    fn get(&self) -> String {
        let Contender { host, path, .. } = self.server;
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    }

    /// The opening of a WebSocket; nobody here looks at what the server makes of the key.
    fn handshake(&self) -> String {
        let Contender {
            host, echo_path, ..
        } = self.server;
        format!(
            "GET {echo_path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
    }

    /// A connection on which a request was answered.
    fn answered(&self, request: &str) -> io::Result<TcpStream> {
        let mut stream = self.connect()?;
        stream.write_all(request.as_bytes())?;
        let mut reader = Reader::default();
        let mut room = [0; 4096];
        loop {
            let count = stream.read(&mut room)?;
            if count == 0 {
                reader.end().map_err(io::Error::other)?;
                return Ok(stream);
            }
            if reader.feed(&room[..count]).map_err(io::Error::other)? || reader.status() == 101 {
                return Ok(stream);
            }
        }
    }
}

/// How a server's clients can be quiet: does it keep a connection after an answer?
pub fn manner_of(server: &Contender) -> Result<Manner, String> {
    let crowd = Crowd {
        server,
        manner: Manner::Kept,
        present: Vec::new(),
    };
    let failed = |error: io::Error| format!("{} answered no request: {error}", server.name);
    let mut stream = crowd.answered(&crowd.get()).map_err(failed)?;
    let brief = Duration::from_millis(300);
    stream.set_read_timeout(Some(brief)).map_err(failed)?;
    Ok(match stream.read(&mut [0]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Manner::Kept,
        _ => Manner::Silent,
    })
}
