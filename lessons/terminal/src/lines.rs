//! Lines out: the ready line, the log, and bytes made safe to look at.

// ANCHOR: imports
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};
// ANCHOR_END: imports

// ANCHOR: ready
/// Prints the one line that tells people and programs where the server listens.
///
/// Nothing else goes to standard output, so a program that starts a server on port 0 reads
/// exactly one line to learn the real port.
pub fn ready(program: &str, address: impl Display) {
    let mut output = io::stdout().lock();
    // A server whose standard output is closed still serves.
    let _ = writeln!(output, "{program} listening on http://{address}");
    let _ = output.flush();
}
// ANCHOR_END: ready

// ANCHOR: say
/// Prints a line on standard error, in one write so that lines of several processes do not mix.
///
/// `eprintln!` panics when standard error is gone (`lesson01 2>&1 | head -1`). A server must
/// outlive the terminal that started it, so here the line is lost instead.
pub fn say(line: impl Display) {
    let text = format!("{line}\n");
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
// ANCHOR_END: say

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
