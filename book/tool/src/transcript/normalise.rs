//! What differs from run to run, made equal. Each kind of it is one function.
//!
//! Both the text in the book and the real output pass through here, so a writer puts a plausible
//! real value into the book: a real date, a real port, a real pid.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Every normaliser, in the order in which they are applied.
const ALL: [fn(&str) -> Cow<'_, str>; 9] = [
    line_end,
    dates,
    unix_times,
    thread_ids,
    pids,
    peer_ports,
    durations,
    long_fractions,
    versions,
];

/// A line with everything that varies made equal.
pub fn normalised(line: &str) -> String {
    let mut text = line.to_owned();
    for one in ALL {
        text = one(&text).into_owned();
    }
    text
}

/// Declares a function that replaces a pattern.
fn replace<'a>(pattern: &LazyLock<Regex>, text: &'a str, with: &str) -> Cow<'a, str> {
    pattern.replace_all(text, with)
}

fn pattern(text: &str) -> Regex {
    // Every pattern is a constant of this file and has a test, so it compiles.
    Regex::new(text).expect("the pattern is valid")
}

/// CR and blanks at the end of a line: HTTP has the first, editors remove the second.
fn line_end(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text.trim_end())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, `[06/Nov/1994:08:49:37 +0000]`, `1994-11-06T08:49:37Z`.
fn dates(text: &str) -> Cow<'_, str> {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
            r"|[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}[: ][0-9:]{8}(?: [-+][0-9]{4})?",
            r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?",
        ))
    });
    replace(&DATE, text, "DATE")
}

/// Seconds or milliseconds since 1970: `1732081234`, `1732081234567.123`.
fn unix_times(text: &str) -> Cow<'_, str> {
    static TIME: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b1[0-9]{9}(?:[0-9]{3})?(?:\.[0-9]+)?\b"));
    replace(&TIME, text, "UNIXTIME")
}

/// `ThreadId(7)`, `thread 'main' (4711)`, `0x7f12a4b3c640`.
fn thread_ids(text: &str) -> Cow<'_, str> {
    static ID: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(ThreadId\()[0-9]+(\))|(thread '[^']*')(?: \([0-9]+\))?|0x[0-9a-f]{8,16}\b")
    });
    replace(&ID, text, "${1}${2}${3}")
}

/// `pid 4711`, `pid=4711`, `"pid": 4711`, `PID: 4711`, and a worker that is called by its pid,
/// which has more digits than one that is called by a number.
fn pids(text: &str) -> Cow<'_, str> {
    static PID: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"(?i)\b(?:(p?pid"?(?:: ?|=| ))[0-9]+|(worker )[0-9]{3,})\b"#));
    replace(&PID, text, "${1}${2}PID")
}

/// The port that the kernel gave to a client, or the checker to a server (from 20,000 on):
/// `127.0.0.1:51422`, `[::1]:51422`, `port 20517`, `REMOTE_PORT: 51422`.
fn peer_ports(text: &str) -> Cow<'_, str> {
    static PORT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r#"((?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-f:]+\]|localhost):|(?i:port)"?(?:: ?|=| )"?)"#,
            r"(?:[2-5][0-9]{4}|6[0-5][0-9]{3})\b",
        ))
    });
    replace(&PORT, text, "${1}PORT")
}

/// `0.53s`, `12 ms`, `1m2.5s`, `431 µs`.
fn durations(text: &str) -> Cow<'_, str> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\b(?:[0-9]+m)?[0-9]+(?:\.[0-9]+)? ?(?:s|ms|µs|us|ns|sec|secs|seconds?)\b")
    });
    replace(&TIME, text, "TIME")
}

/// Seconds without a unit, as curl and `time` print them: `0.004512`. Three digits or more, so
/// that `HTTP/1.1` and `127.0.0.1` stay.
fn long_fractions(text: &str) -> Cow<'_, str> {
    static TIME: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(^|[^.0-9])[0-9]+\.[0-9]{3,}($|[^.0-9])"));
    // The blank between two numbers belongs to the first match, so the second needs another look.
    let once = replace(&TIME, text, "${1}TIME${2}");
    Cow::Owned(replace(&TIME, &once, "${1}TIME${2}").into_owned())
}

/// `curl/8.14.1`, `Python/3.12.1`: what the reader has installed.
fn versions(text: &str) -> Cow<'_, str> {
    static VERSION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\b(curl|Python|SimpleHTTP|WSGIServer|CPython)([/ ])[0-9]+(?:\.[0-9]+)+")
    });
    replace(&VERSION, text, "${1}${2}VERSION")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies one normaliser to each text and compares.
    fn gives(normaliser: fn(&str) -> Cow<'_, str>, cases: &[(&str, &str)]) {
        for (text, wanted) in cases {
            assert_eq!(normaliser(text), *wanted, "{text}");
        }
    }

    #[test]
    fn line_ends_are_trimmed() {
        gives(line_end, &[("a\r", "a"), ("a  ", "a"), ("  a", "  a")]);
    }

    #[test]
    fn dates_in_three_forms_are_equal() {
        gives(
            dates,
            &[
                ("Date: Sun, 06 Nov 1994 08:49:37 GMT", "Date: DATE"),
                ("- [06/Nov/1994:08:49:37 +0000] \"GET", "- [DATE] \"GET"),
                ("06/Nov/1994 08:49:37", "DATE"),
                ("1994-11-06T08:49:37.123Z", "DATE"),
                ("06 Nov", "06 Nov"),
            ],
        );
    }

    #[test]
    fn unix_times_are_equal() {
        gives(
            unix_times,
            &[
                (
                    "\"started_ms\": 1732081234567.125,",
                    "\"started_ms\": UNIXTIME,",
                ),
                ("1732081234", "UNIXTIME"),
                ("10485760", "10485760"),
            ],
        );
    }

    #[test]
    fn thread_ids_are_equal_and_thread_names_are_not() {
        gives(
            thread_ids,
            &[
                ("ThreadId(17)", "ThreadId()"),
                (
                    "thread 'main' (4711) panicked at",
                    "thread 'main' panicked at",
                ),
                ("thread 'main' panicked at", "thread 'main' panicked at"),
                ("0x7f12a4b3c640", ""),
                ("\\x1b", "\\x1b"),
            ],
        );
    }

    #[test]
    fn pids_are_equal() {
        gives(
            pids,
            &[
                ("pid 4711", "pid PID"),
                ("\"pid\": 4711,", "\"pid\": PID,"),
                ("pid=4711,fd=3", "pid=PID,fd=3"),
                ("worker 4711: gone", "worker PID: gone"),
                ("worker 3", "worker 3"),
                ("rapid 7", "rapid 7"),
            ],
        );
    }

    #[test]
    fn ports_that_nobody_chose_are_equal_and_ports_of_servers_are_not() {
        gives(
            peer_ports,
            &[
                (
                    "127.0.0.1:8888 <- 127.0.0.1:51422",
                    "127.0.0.1:8888 <- 127.0.0.1:PORT",
                ),
                ("[::1]:40000", "[::1]:PORT"),
                ("port 51422", "port PORT"),
                ("port 20517", "port PORT"),
                ("127.0.0.1:8080", "127.0.0.1:8080"),
                ("REMOTE_PORT: 51422", "REMOTE_PORT: PORT"),
                ("\"REMOTE_PORT\": \"51422\"", "\"REMOTE_PORT\": \"PORT\""),
                ("Content-Length: 51422", "Content-Length: 51422"),
            ],
        );
    }

    #[test]
    fn durations_with_a_unit_are_equal() {
        gives(
            durations,
            &[
                ("real\t0m2.013s", "real\tTIME"),
                ("took 12 ms, then 0.53s", "took TIME, then TIME"),
                ("431µs", "TIME"),
                ("13 sentences, 5 servers", "13 sentences, 5 servers"),
            ],
        );
    }

    #[test]
    fn long_fractions_are_times_and_addresses_are_not() {
        gives(
            long_fractions,
            &[
                ("total 0.004512", "total TIME"),
                ("0.001 0.002 0.003", "TIME TIME TIME"),
                ("127.0.0.1 1.25", "127.0.0.1 1.25"),
                ("10.100.200.300", "10.100.200.300"),
            ],
        );
    }

    #[test]
    fn versions_of_installed_tools_are_equal() {
        gives(
            versions,
            &[
                ("User-Agent: curl/8.14.1", "User-Agent: curl/VERSION"),
                (
                    "Server: WSGIServer/0.2 CPython/3.12.1",
                    "Server: WSGIServer/VERSION CPython/VERSION",
                ),
                ("lesson02/0.1.0", "lesson02/0.1.0"),
            ],
        );
    }

    #[test]
    fn what_does_not_vary_must_match() {
        let line = "HTTP/1.1 431 Request Header Fields Too Large";
        assert_eq!(normalised(line), line);
        assert_eq!(
            normalised("curl: (52) Empty reply from server\r"),
            "curl: (52) Empty reply from server"
        );
    }
}
