//! TLS as a stream: ciphertext on the side of the socket, plain text on ours.

// ANCHOR: imports
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem::take;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use lesson02::{Clock, Page, Session, Stream};
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use rustls::ServerConnection;
use terminal::say;

use crate::variables::session;
// ANCHOR_END: imports

// ANCHOR: tls_stream
/// A client that speaks TLS, or is about to.
///
/// The state machine of TLS is rustls: it takes bytes and gives bytes, and never touches a socket.
/// What stands here is the waiting. Each call makes one system call at most, and says
/// [`Interrupted`](ErrorKind::Interrupted) where that was a step forward and no more. So a
/// handshake is a number of reads that have nothing to show yet. It happens wherever somebody
/// waits for a request, under the deadline for the head.
pub(crate) struct TlsStream {
    socket: Arc<TcpStream>,
    /// `None` once there is nothing more to talk about.
    tls: Option<ServerConnection>,
    stage: Stage,
    /// Whether the client has had an answer from us, and we no plain text from it.
    is_in_talks: bool,
    /// So many bytes of our caller are encrypted, and not all of that has been sent.
    owed: usize,
    /// What the server calls itself.
    software: &'static str,
}

enum Stage {
    /// The client has said nothing yet.
    Silent,
    /// The handshake is under way, or its end is on its way to us.
    Agreeing,
    /// Everything is agreed on.
    Agreed(Arc<Session>),
    /// We are done with the client, and drop what it still sends: so many bytes at most.
    Refused(usize),
}

/// So much of what a refused client sends is read, so that it can read why. More is a reset.
const DROPPED: usize = 256 * 1024;

impl TlsStream {
    pub(crate) fn new(
        socket: Arc<TcpStream>,
        tls: Option<ServerConnection>,
        software: &'static str,
    ) -> TlsStream {
        let stage = match tls {
            Some(_) => Stage::Silent,
            None => Stage::Refused(0),
        };
        TlsStream {
            socket,
            tls,
            stage,
            is_in_talks: false,
            owed: 0,
            software,
        }
    }
}

impl Stream for TlsStream {
    fn socket(&self) -> &Arc<TcpStream> {
        &self.socket
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Stage::Refused(left) = &mut self.stage {
            return drop_what_comes(&self.socket, into, left);
        }
        // What is decrypted already comes before any wait: the socket may have nothing more.
        match self.decrypted(into) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            known => return known,
        }
        if self.is_owing() {
            match self.flush(SendFlags::empty()) {
                // It takes nothing, perhaps because it waits for us to read.
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.is_agreed() => {}
                Err(error) => return Err(error),
                Ok(()) => return progress(),
            }
        }
        self.take_in()?;
        match self.decrypted(into) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => progress(),
            known => known,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encrypt(bytes)?;
        self.flush(SendFlags::empty())?;
        match self.is_owing() {
            true => progress(), // The same bytes again, which are not encrypted again.
            false => Ok(take(&mut self.owed)),
        }
    }

    /// The answer, the goodbye and the end of the connection, in one packet.
    fn write_last(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encrypt(bytes)?;
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        self.flush(SendFlags::MORE)?;
        match self.is_owing() {
            true => progress(),
            false => Ok(take(&mut self.owed)),
        }
    }

    fn is_in_talks(&self) -> bool {
        self.is_in_talks
    }

    /// Without this a client cannot tell our end from that of somebody in between who cuts the
    /// connection (RFC 9112 §9.8). It is not worth waiting for: what does not fit is not sent.
    fn say_goodbye(&mut self) {
        if let Some(tls) = &mut self.tls
            && matches!(self.stage, Stage::Agreed(_))
        {
            tls.send_close_notify();
            let _ = self.flush(SendFlags::DONTWAIT | SendFlags::MORE);
        }
    }

    fn session(&self) -> Option<&Arc<Session>> {
        match &self.stage {
            Stage::Agreed(session) => Some(session),
            _ => None,
        }
    }
}

/// A step forward, and nothing to show for it.
fn progress<T>() -> io::Result<T> {
    Err(ErrorKind::Interrupted.into())
}
// ANCHOR_END: tls_stream

// ANCHOR: take_in
impl TlsStream {
    /// Reads once from the socket, and lets TLS make of it what it can.
    fn take_in(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Ok(());
        };
        let mut noticed = Noticed {
            socket: &self.socket,
            first: None,
        };
        tls.read_tls(&mut noticed)?;
        if let (Stage::Silent, Some(first)) = (&self.stage, noticed.first) {
            if first != HANDSHAKE {
                return self.refuse_plain_text(first);
            }
            self.stage = Stage::Agreeing;
        }
        if let Err(error) = tls.process_new_packets() {
            return self.refuse(&error);
        }
        if matches!(self.stage, Stage::Agreeing) {
            // Its first message is whole, and there is an answer.
            self.is_in_talks |= tls.wants_write();
            if !tls.is_handshaking() {
                self.stage = Stage::Agreed(Arc::new(session(tls)));
            }
        }
        Ok(())
    }

    /// What has been decrypted. 0 is the end, with a goodbye or without: the length of a request
    /// is always announced, so one that was cut off cannot pass for a whole one.
    fn decrypted(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => match tls.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
                Ok(count) => {
                    self.is_in_talks = false;
                    Ok(count)
                }
                nothing => nothing,
            },
            None => Err(ErrorKind::WouldBlock.into()), // Refused just now.
        }
    }

    /// Encrypts bytes, unless that was done when we were asked with them before.
    fn encrypt(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        if self.owed == 0 {
            self.owed = tls.writer().write(bytes)?;
        }
        Ok(())
    }

    fn is_owing(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    fn is_agreed(&self) -> bool {
        matches!(self.stage, Stage::Agreed(_))
    }

    /// Sends once what waits to be sent, as far as there is room for it.
    fn flush(&mut self, flags: SendFlags) -> io::Result<()> {
        if let Some(tls) = &mut self.tls
            && tls.wants_write()
        {
            let socket = &*self.socket;
            tls.write_tls(&mut Sender { socket, flags })?;
        }
        Ok(())
    }
}
// ANCHOR_END: take_in

// ANCHOR: refuse
/// What the first record of a handshake begins with (RFC 8446 §5.1). No request does.
const HANDSHAKE: u8 = 22;

impl TlsStream {
    /// Somebody forgot the `s` of `https`: a browser, a person, a load balancer. They get an
    /// answer that they can read.
    fn refuse_plain_text(&mut self, first: u8) -> io::Result<()> {
        let mut out = Vec::new();
        // Every method begins with such a letter. Others would take an answer for noise.
        if first.is_ascii_uppercase() {
            let page = Page::text(
                "400 Bad Request",
                "400 Bad Request: this port speaks TLS; write https:// in place of http://\n",
            );
            let with_body = first != b'H'; // For `HEAD`.
            let mut clock = Clock::default();
            page.write(self.software, clock.date(), with_body, &mut out);
        }
        self.say_what_happened("no TLS, but plain text");
        self.hang_up(&out)
    }

    /// TLS found a fault. It has put an alert into its output that says which.
    fn refuse(&mut self, error: &rustls::Error) -> io::Result<()> {
        if !self.is_agreed() {
            self.say_what_happened(error);
        }
        let _ = self.flush(SendFlags::DONTWAIT);
        self.hang_up(b"")
    }

    /// Says a last word, and hears the client out: a close on unread input would be a reset, which
    /// can overtake it.
    fn hang_up(&mut self, last_word: &[u8]) -> io::Result<()> {
        self.tls = None;
        self.is_in_talks = false;
        self.stage = Stage::Refused(DROPPED);
        (&*self.socket).write_all(last_word)?;
        self.socket.shutdown(Shutdown::Write)
    }

    fn say_what_happened(&self, what: impl std::fmt::Display) {
        if let Ok(peer) = self.socket.peer_addr() {
            say(format_args!("{peer}: {what}"));
        }
    }
}

fn drop_what_comes(mut socket: &TcpStream, into: &mut [u8], left: &mut usize) -> io::Result<usize> {
    if *left == 0 {
        return Ok(0);
    }
    match socket.read(into)? {
        0 => Ok(0),
        count => {
            *left = left.saturating_sub(count);
            progress()
        }
    }
}
// ANCHOR_END: refuse

// ANCHOR: socket
/// Reads from a socket, and notices the first byte that passes.
struct Noticed<'s> {
    socket: &'s TcpStream,
    first: Option<u8>,
}

impl Read for Noticed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.socket.read(into)?;
        self.first = self.first.or(into[..count].first().copied());
        Ok(count)
    }
}

/// Sends through a socket with flags that `write` does not have.
struct Sender<'s> {
    socket: &'s TcpStream,
    flags: SendFlags,
}

impl Write for Sender<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    /// All records at once, in one system call.
    fn write_vectored(&mut self, records: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = self.flags | SendFlags::NOSIGNAL;
        let nothing_else = &mut SendAncillaryBuffer::default();
        Ok(sendmsg(self.socket, records, nothing_else, flags)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
// ANCHOR_END: socket
