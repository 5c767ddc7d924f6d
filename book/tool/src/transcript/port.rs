//! A port for a server of the book, and the way back to the port that the book shows.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use kit::process;
use regex::Regex;
use rustix::net::{AddressFamily, SocketType, bind, socket};

/// The port of every example in the book.
pub const SHOWN: u16 = 8888;

/// A port that nobody uses, with four digits like the one in the book.
///
/// With a longer number the byte counts and Content-Lengths of the transcripts would be others.
/// Numbers that also appear in texts for another reason (8080, 8192) are passed over, because
/// they are mapped back wherever they appear.
pub fn free() -> Option<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two runs of this tool begin at different places.
    let start = (std::process::id() % 3000) as u16;
    (0..3000).find_map(|_| {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 5101 + (start.wrapping_add(step)) % 2800;
        (!port.is_multiple_of(100) && is_free(port)).then_some(port)
    })
}

/// Whether a server could bind the port even without SO_REUSEADDR: nobody listens, and no old
/// connection is remembered.
fn is_free(port: u16) -> bool {
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    socket(AddressFamily::INET, SocketType::STREAM, None)
        .and_then(|socket| bind(&socket, &address))
        .is_ok()
}

/// Replaces a number by another where it stands alone: `:8888`, `port 8888`, but not `88880`.
pub fn replaced(text: &str, from: u16, to: u16) -> String {
    let number = Regex::new(&format!(r"\b{from}\b"));
    // A number is always a valid pattern.
    number.map_or(text.to_owned(), |number| {
        number.replace_all(text, to.to_string()).into_owned()
    })
}

/// The port of the ready line: `lesson01 listening on http://127.0.0.1:8888`.
pub fn announced(text: &str) -> Option<u16> {
    static READY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^\S+ listening on https?://\S+:([0-9]+)\s*$")
            .expect("the pattern is valid")
    });
    READY.captures(text)?[1].parse().ok()
}

/// Whether somebody listens on the port, by the kernel's own table. Connecting would tell too,
/// but the server would log it.
pub fn is_listening(port: u16) -> bool {
    !process::listeners(port).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_has_four_digits_and_is_not_given_twice() {
        let (one, two) = (free().unwrap(), free().unwrap());
        assert!((1000..10000).contains(&one) && one != two && one != SHOWN);
        assert!(!is_listening(one));
        let listener = std::net::TcpListener::bind(("127.0.0.1", one)).unwrap();
        assert!(is_listening(one) && !is_free(one));
        drop(listener);
    }

    #[test]
    fn only_whole_numbers_are_replaced() {
        assert_eq!(
            replaced("a:8888 18888 8888/ 88880", 8888, 5101),
            "a:5101 18888 5101/ 88880"
        );
    }

    #[test]
    fn the_ready_line_tells_the_port() {
        let text = "listening socket: descriptor 3\nlesson01 listening on http://127.0.0.1:4711\n";
        assert_eq!(announced(text), Some(4711));
        assert_eq!(announced("listening on nothing"), None);
    }
}
