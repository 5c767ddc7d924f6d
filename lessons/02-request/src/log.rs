//! What happened, in a line for each request, or byte by byte.

// ANCHOR: imports
use std::fmt::Display;
use std::net::SocketAddr;

use terminal::{say, visible};
// ANCHOR_END: imports

// ANCHOR: log
/// Writes the access log: when, who, what, and how it ended.
///
/// `first_line` is what the client sent as its request line, whether or not it was one. It goes
/// through [`visible`]: a log is read in a terminal, and its lines must not be forged.
pub fn log_request(
    date: &str,
    peer: SocketAddr,
    first_line: &[u8],
    code: impl Display,
    bytes: u64,
) {
    // A quote in the line must not look like its end.
    let line = visible(first_line).to_string().replace('"', "\\x22");
    let peer = peer.ip();
    say(format_args!("[{date}] {peer} \"{line}\" {code} {bytes}"));
}

/// The first line of what a client sent, cut to a length that fits a log.
pub fn first_line(received: &[u8]) -> &[u8] {
    let line = received
        .split(|&byte| matches!(byte, b'\r' | b'\n'))
        .find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    &line[..line.len().min(200)]
}
// ANCHOR_END: log

// ANCHOR: trace
/// Shows bytes like `curl -v`: a line for each line, `<` for received and `>` for sent.
pub fn trace(direction: char, bytes: &[u8]) {
    const ENOUGH: usize = 1000;
    let shown = &bytes[..bytes.len().min(ENOUGH)];
    for line in shown.split_inclusive(|&byte| byte == b'\n') {
        say(format_args!("{direction} {}", visible(line)));
    }
    trace_rest(direction, bytes.len() - shown.len());
}

/// Tells of bytes that are not worth showing.
pub(crate) fn trace_rest(direction: char, count: usize) {
    if count > 0 {
        say(format_args!("{direction} … and {count} more bytes"));
    }
}
// ANCHOR_END: trace

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_found_and_cut() {
        assert_eq!(
            first_line(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n"),
            b"GET / HTTP/1.1"
        );
        assert_eq!(first_line(b""), b"");
        assert_eq!(first_line(&[b'x'; 500]).len(), 200);
    }
}
