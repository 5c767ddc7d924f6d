//! The end of listening, without a client that was connected and is then reset.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::time::Duration;

use nix::libc::{BPF_ABS, BPF_B, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockAddr, SockFilter, Socket};
// ANCHOR_END: imports

// ANCHOR: newcomers
/// Lets nobody new in: from here on the kernel drops the first packet of every new connection,
/// and those that have begun are still completed.
///
/// The kernel connects clients before `accept` asks for them, and closing a listener resets those
/// whom nobody has asked for. Between the last `accept`, which finds nobody, and the close another
/// may come. So the server stops the inflow first, accepts until nobody is left, and closes then.
/// Whoever comes meanwhile hears nothing, tries again after a second, and is refused.
///
/// The filter is a program for a small machine in the kernel (BPF), which runs for every packet
/// that comes for this socket. Accepted connections inherit it, and never get such a packet.
pub fn let_nobody_in(listener: &Socket) {
    /// Where a TCP header has its flags, and which of them asks for a connection (RFC 9293 §3.1).
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    let instruction = |code: u32, if_so, if_not, value| {
        // These codes are sums of constants below 256.
        SockFilter::new(code as u16, if_so, if_not, value)
    };
    let program = [
        instruction(BPF_LD | BPF_B | BPF_ABS, 0, 0, FLAGS),
        instruction(BPF_JMP | BPF_JSET | BPF_K, 0, 1, SYN), // No? Then leave out the next one.
        instruction(BPF_RET | BPF_K, 0, 0, 0),              // Keep nothing of the packet.
        instruction(BPF_RET | BPF_K, 0, 0, u32::MAX),       // Keep everything.
    ];
    // A system that has no such filters resets a client now and then, as if we had not asked.
    let _ = listener.attach_filter(&program);
}

/// Accepts a client whom the kernel has let in; `None` if there is nobody left.
pub fn accept_last(listener: &Socket) -> io::Result<Option<(Socket, SockAddr)>> {
    match listener.accept() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            if !somebody_is_on_the_way(listener) {
                return Ok(None);
            }
            match listener.accept() {
                // Another process that listens on the same socket was faster.
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
                accepted => accepted.map(Some),
            }
        }
        accepted => accepted.map(Some),
    }
}

/// Whether a client comes who was let in before the door was closed, and had not quite arrived:
/// to connect takes three packets.
fn somebody_is_on_the_way(listener: &Socket) -> bool {
    const MOMENT: Duration = Duration::from_millis(50);
    let moment = Timespec::try_from(MOMENT).ok();
    let came = poll(&mut [PollFd::new(listener, PollFlags::IN)], moment.as_ref());
    matches!(came, Ok(1..))
}
// ANCHOR_END: newcomers
