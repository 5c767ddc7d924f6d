//! Where the lines of the log go, without waiting.

// ANCHOR: imports
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::OnceLock;
// ANCHOR_END: imports

// ANCHOR: open
/// Standard error under a name that can be opened.
const STANDARD_ERROR: &str = "/proc/self/fd/2";

/// The descriptors before this one are left to the server, so that its listener is number 3.
const LOWEST: i32 = 10;

/// Our own opening of standard error, through which no write waits; `None` if there is none.
///
/// Not to wait is a property of the opening, and standard error is one that we share with the
/// shell, and with whatever else was started there. They did not ask for it. So the same pipe or
/// terminal is opened once more.
///
/// A file always has room. Opened again it would have a second position, and one would write over
/// the other. A socket cannot be opened again. There the line goes through standard error itself.
fn log() -> Option<&'static File> {
    static LOG: OnceLock<Option<File>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let kind = fs::metadata(STANDARD_ERROR).ok()?.file_type();
        let may_wait = kind.is_fifo() || kind.is_char_device();
        may_wait.then(open_again)?.ok()
    });
    log.as_ref()
}

/// Opens standard error again, under a number that is out of the way. The kernel gives out the
/// lowest one that is free, so those before it are taken until we have what we want.
fn open_again() -> io::Result<File> {
    let mut in_the_way = Vec::new();
    loop {
        let log = OpenOptions::new()
            .write(true)
            // A terminal that we open must not become the one whose Ctrl-C we get.
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(STANDARD_ERROR)?;
        if log.as_raw_fd() >= LOWEST {
            return Ok(log);
        }
        in_the_way.push(log);
    }
}

/// Opens the log, before a server has descriptors of its own.
pub(crate) fn prepare() {
    log();
}
// ANCHOR_END: open

// ANCHOR: write
/// Writes a text, in one write so that the texts of several processes do not mix. Tells whether
/// all of it was taken.
pub(crate) fn write(text: &str) -> bool {
    let Some(mut log) = log() else {
        return io::stderr().lock().write_all(text.as_bytes()).is_ok();
    };
    let text = cut(text);
    loop {
        match log.write(text.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            taken => return taken.is_ok_and(|count| count == text.len()),
        }
    }
}

/// A pipe takes so much whole or not at all, and of more perhaps a part (`PIPE_BUF`).
const LONGEST: usize = libc::PIPE_BUF;

/// Cuts what is longer, and says so.
fn cut(text: &str) -> Cow<'_, str> {
    const ROOM_TO_SAY_SO: usize = 40;
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(LONGEST - ROOM_TO_SAY_SO);
    let rest = text.len() - end;
    Cow::Owned(format!("{}… and {rest} more bytes\n", &text[..end]))
}
// ANCHOR_END: write

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pipe_would_tear_is_cut_and_what_it_takes_is_not() {
        let fits = "x".repeat(LONGEST);
        assert_eq!(cut(&fits), fits);
        let cut = cut(&"ü".repeat(LONGEST)).into_owned();
        assert!(cut.len() <= LONGEST);
        let (kept, rest) = cut.split_once("… and ").unwrap();
        let rest: usize = rest.strip_suffix(" more bytes\n").unwrap().parse().unwrap();
        assert_eq!(kept.len() + rest, 2 * LONGEST);
    }
}
