//! Lines out: the ready line, the log, and bytes made safe to look at.

// ANCHOR: imports
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::log::write;
use crate::notify::notify;
// ANCHOR_END: imports

// ANCHOR: ready
/// Prints the one line that tells people and programs where the server listens.
///
/// Nothing else goes to standard output, so a program that starts a server on port 0 reads
/// exactly one line to learn the real port.
pub fn ready(program: &str, address: impl Display) {
    ready_at(program, "http", &address);
}

/// The same for a server that speaks TLS.
pub fn ready_with_tls(program: &str, address: impl Display) {
    ready_at(program, "https", &address);
}

fn ready_at(program: &str, scheme: &str, address: &dyn Display) {
    let mut output = io::stdout().lock();
    // A server whose standard output is closed still serves.
    let _ = writeln!(output, "{program} listening on {scheme}://{address}");
    let _ = output.flush();
    // Nor has it to be started by somebody who listens.
    let _ = notify("READY=1");
}
// ANCHOR_END: ready

// ANCHOR: say
/// Prints a line on standard error: whole or not at all, and without waiting.
///
/// A log often goes into a pipe. If its reader does not read, the pipe gets full, and whoever
/// writes to it stands still, with a client in its hands. Here the line is lost instead, and
/// counted. The next line that finds room comes behind the count.
///
/// For the same reason a server must outlive the terminal that started it
/// (`lesson01 2>&1 | head -1`), where `eprintln!` would panic.
pub fn say(line: impl Display) {
    let lost = take_lost();
    if !write(&format!("{}{line}\n", notice(lost))) {
        lose(lost + 1);
    }
}

/// Prints how many lines were lost, if there were any, and if there is room now.
pub(crate) fn say_lost() {
    let lost = take_lost();
    if lost > 0 && !write(&notice(lost)) {
        lose(lost);
    }
}

fn notice(lost: u64) -> String {
    match lost {
        0 => String::new(),
        1 => "1 line lost\n".to_owned(),
        lost => format!("{lost} lines lost\n"),
    }
}
// ANCHOR_END: say

// ANCHOR: lost
/// The lines that found no room, and of which nobody has been told.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Takes over the count of lost lines: whoever calls this has to see that it is told.
pub fn take_lost() -> u64 {
    LOST.swap(0, Ordering::Relaxed)
}

/// Adds to the count of lost lines.
pub fn lose(lines: u64) {
    LOST.fetch_add(lines, Ordering::Relaxed);
}
// ANCHOR_END: lost

// ANCHOR: visible
/// Shows bytes as text in which every control byte is an escape: `\r`, `\n`, `\x1b`, `\xff`.
///
/// Bytes from the network may hold escape sequences that recolour, retitle or rewrite a terminal.
/// Nothing that a client sent reaches the screen without passing through here.
pub fn visible(bytes: &[u8]) -> Visible<'_> {
    Visible(bytes)
}

/// The bytes given to [`visible`], ready to be formatted.
pub struct Visible<'a>(&'a [u8]);

impl Display for Visible<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0 {
            match byte {
                b'\r' => out.write_str("\\r")?,
                b'\n' => out.write_str("\\n")?,
                b'\t' => out.write_str("\\t")?,
                b'\\' => out.write_str("\\\\")?,
                0x20..=0x7e => out.write_char(char::from(byte))?,
                _ => write!(out, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}
// ANCHOR_END: visible

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_never_reach_the_terminal() {
        let shown = visible(b"GET /\x1b[2J\r\n\x00\xff\t\\").to_string();
        assert_eq!(shown, r"GET /\x1b[2J\r\n\x00\xff\t\\");
        let every: Vec<u8> = (0..=255).collect();
        assert!(
            visible(&every)
                .to_string()
                .bytes()
                .all(|byte| (0x20..0x7f).contains(&byte))
        );
    }
}
