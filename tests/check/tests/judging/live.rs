//! `break`: a failure of a lesson, live.

use crate::command::check;

#[test]
fn a_failure_is_shown_live_and_is_as_the_matrix_promises() {
    let (text, code) = check(&["break", "lesson01", "silent-client"]);
    assert_eq!(code, 0, "{text}");
    for part in [
        "Predict: One client connects and says nothing.",
        "$ cargo run -p lesson01",
        "[1] * the client closes the connection\n  [2] < HTTP/1.1 200 OK",
        "What happened: stalls",
        "break lesson02 silent-client",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// Where a part begins; it must be there.
fn place(text: &str, part: &str) -> usize {
    let found = text.find(part);
    found.unwrap_or_else(|| panic!("{part:?} is not in\n{text}"))
}

#[test]
fn what_happened_stands_in_its_order_and_the_chapter_is_that_of_the_lesson() {
    let (text, code) = check(&["break", "lesson03", "slow-application"]);
    assert_eq!(code, 0, "{text}");
    let first = place(&text, "[1] < {\"pid\"");
    assert!(first < place(&text, "[2] < HTTP/1.1 200 OK"), "{text}");
    place(&text, "The third part of a server, the waiting: ");
    place(&text, "Chapter 3, The gateway, explains it");

    let (text, code) = check(&["break", "lesson02", "silent-client"]);
    assert_eq!(code, 0, "{text}");
    let first = place(&text, "[1] * the server closed the connection\n");
    assert!(first < place(&text, "[2] < HTTP/1.1 200 OK"), "{text}");
    place(&text, "Chapter 2, A request, explains it");
}

#[test]
fn a_report_calls_wrong_what_the_matrix_calls_wrong() {
    for (probe, words) in [
        (
            "huge-body",
            "What happened: wrong: the connection was reset",
        ),
        (
            "unread-body",
            "What happened: wrong: the connection was reset",
        ),
        (
            "lf-only",
            "What happened: wrong for a server of ours, though",
        ),
    ] {
        let (text, code) = check(&["break", "lesson01", probe]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(words), "{words:?} is not in\n{text}");
        assert!(text.contains("Chapter 2, A request"), "{text}");
    }
}
