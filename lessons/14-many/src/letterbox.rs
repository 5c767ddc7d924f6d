//! "I am ready": how a supervisor hears it from its workers.
//!
//! This is systemd's protocol, too (`sd_notify(3)`): a datagram to the Unix socket whose name is in
//! `NOTIFY_SOCKET`. So a worker does not know, and need not, who has started it.

// ANCHOR: imports
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;

use nix::unistd::Pid;
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
// ANCHOR_END: imports

// ANCHOR: letterbox
/// Where the workers of a supervisor say that they are ready.
#[derive(Debug)]
pub(crate) struct Letterbox {
    socket: UnixDatagram,
    name: String,
}

impl Letterbox {
    pub(crate) fn new() -> io::Result<Letterbox> {
        let name = format!("lesson14/{}", process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        socket.set_nonblocking(true)?;
        // Anybody on this machine may write to it. The kernel notes on each letter who did.
        set_socket_passcred(&socket, true)?;
        Ok(Letterbox { socket, name })
    }

    /// What goes into `NOTIFY_SOCKET`.
    pub(crate) fn name(&self) -> String {
        format!("@{}", self.name)
    }

    /// The next process that says that it is ready.
    pub(crate) fn next_ready(&self) -> Option<Pid> {
        loop {
            let (sender, news) = self.take()?;
            if news.lines().any(|line| line == "READY=1") {
                return Some(sender);
            }
        }
    }

    fn take(&self) -> Option<(Pid, String)> {
        let mut text = [0; 512];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
        let mut notes = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut text)];
        let received = recvmsg(
            &self.socket,
            &mut parts,
            &mut notes,
            RecvFlags::CMSG_CLOEXEC,
        );
        let length = received.ok()?.bytes;
        let sender = notes.drain().find_map(|note| match note {
            RecvAncillaryMessage::ScmCredentials(who) => Some(who.pid),
            _ => None,
        })?;
        let sender = Pid::from_raw(sender.as_raw_nonzero().get());
        Some((
            sender,
            String::from_utf8_lossy(&text[..length]).into_owned(),
        ))
    }
}

impl AsFd for Letterbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
// ANCHOR_END: letterbox
