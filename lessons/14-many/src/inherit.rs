//! A socket that somebody else has bound: how it comes in, and how it is passed on.
//!
//! This is systemd's protocol of socket activation (`sd_listen_fds(3)`), which is three sentences
//! long. The sockets are descriptor 3 and those behind it. `LISTEN_FDS` says how many there are.
//! `LISTEN_PID` says for whom they are, because variables are inherited by children and
//! grandchildren, for whom they are not.

// ANCHOR: imports
use std::env;
use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::process;

use rustix::io::{FdFlags, dup2, fcntl_setfd};
use socket2::Socket;
// ANCHOR_END: imports

// ANCHOR: three
/// The number of the first descriptor that is passed on. Those before it are standard input,
/// output and error.
const FIRST: i32 = 3;

/// Descriptor 3, to which the caller says to have a right.
fn descriptor_three() -> OwnedFd {
    // Safety: whoever calls this does so because `LISTEN_PID` says that it is ours, or gives it
    // away again without closing it.
    #[allow(unsafe_code)]
    unsafe {
        OwnedFd::from_raw_fd(FIRST)
    }
}
// ANCHOR_END: three

// ANCHOR: inherited
/// The listener that was passed on to this process, if one was.
///
/// It must be called once, before anything else is opened.
pub fn inherited_listener() -> Result<Option<Socket>, BadInheritance> {
    let number = |name| env::var(name).ok()?.parse::<u32>().ok();
    // For somebody else: our parent, most likely, who did not clean up.
    if number("LISTEN_PID") != Some(process::id()) {
        return Ok(None);
    }
    match number("LISTEN_FDS") {
        None | Some(0) => return Ok(None),
        Some(1) => {}
        Some(several) => return Err(BadInheritance::Several(several)),
    }
    let listener = Socket::from(descriptor_three());
    match listener.is_listener() {
        Ok(true) => {}
        _ => {
            // Whatever it is, it is not ours to close.
            let _ = listener.into_raw_fd();
            return Err(BadInheritance::NoListener);
        }
    }
    // It is ours alone, from here on: a child of ours does not get it unasked.
    listener
        .set_cloexec(true)
        .map_err(BadInheritance::Unusable)?;
    Ok(Some(listener))
}
// ANCHOR_END: inherited

// ANCHOR: pass_on
/// Makes a listener descriptor 3 of the program that this process is about to become.
///
/// Whatever has this number now is closed. So this is for a child between `fork` and `exec`, which
/// has nothing of its own there.
pub(crate) fn pass_on(listener: &Socket) -> io::Result<()> {
    if listener.as_raw_fd() == FIRST {
        // To copy it onto itself would change nothing, and it would be closed by `exec`.
        return Ok(fcntl_setfd(listener, FdFlags::empty())?);
    }
    let mut three = descriptor_three();
    let copied = dup2(listener, &mut three);
    let _ = three.into_raw_fd(); // It stays open.
    Ok(copied?)
}
// ANCHOR_END: pass_on

// ANCHOR: bad
/// Why what was passed on cannot be used.
#[derive(Debug)]
pub enum BadInheritance {
    /// So many sockets, and we listen on one.
    Several(u32),
    /// Descriptor 3 is something else.
    NoListener,
    /// The kernel refuses.
    Unusable(io::Error),
}

impl Display for BadInheritance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadInheritance::Several(count) => write!(
                out,
                "LISTEN_FDS={count}: we listen on one socket (one ListenStream= in the unit)"
            ),
            BadInheritance::NoListener => out.write_str(
                "LISTEN_FDS=1, but descriptor 3 is not a socket that listens (Accept=no in the unit)",
            ),
            BadInheritance::Unusable(error) => write!(out, "descriptor 3: {error}"),
        }
    }
}

impl Error for BadInheritance {}
// ANCHOR_END: bad
