//! What the tutorials do: split the text of the request. And the inputs on which that breaks.
//!
//! `cargo run -p lesson02 --example split_by_hand`

#![forbid(unsafe_code)]

use lesson02::{Limits, parse_head};

/// Method, path and version, as three lines of a tutorial find them.
fn split_by_hand(request: &str) -> Option<(&str, &str, &str)> {
    let line = request.lines().next()?;
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?, words.next()?))
}

fn main() {
    for request in [
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\nHost: a\n\n",
        "GET  /hello\tHTTP/1.1 surprise\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\n",
        "GET /hel",
        "\r\n",
    ] {
        println!("{}", terminal::visible(request.as_bytes()));
        println!("  by hand:  {:?}", split_by_hand(request));
        match parse_head(request.as_bytes(), &Limits::default()) {
            Ok(Some(head)) => {
                let request = head.request(request.as_bytes());
                println!("  lesson02: {} {}", request.method(), request.target());
            }
            Ok(None) => println!("  lesson02: more to come"),
            Err(fault) => println!("  lesson02: {fault}"),
        }
    }
}
