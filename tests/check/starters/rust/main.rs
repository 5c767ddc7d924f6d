//! My server. `./check` builds it, starts it, and says what to do next.

fn main() {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let port: u16 = port.unwrap_or(8888);

    // Chapter 1 puts eight calls here. Once:
    //     socket, setsockopt (SO_REUSEADDR), bind to 127.0.0.1 and the port, listen
    // and then for each client:
    //     accept, recv, send, close

    println!("Nothing listens on http://127.0.0.1:{port} yet.");
}
