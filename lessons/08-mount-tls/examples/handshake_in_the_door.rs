//! A planted failure: the thread that accepts shakes hands as well.
//!
//! Whoever stops in the middle of a handshake stops the server, however many threads it has.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use lesson08::Identity;
use rustls::crypto::ring::default_provider;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use terminal::{Program, ready_with_tls, say};

const PROGRAM: Program = Program {
    name: "handshake_in_the_door",
    about: "A thread for each connection, and handshakes before that.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (identity, _) = Identity::self_signed(["localhost"])?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)?;
        let config = Arc::new(config);
        let listener = TcpListener::bind(flags.text("addr"))?;
        ready_with_tls(PROGRAM.name, listener.local_addr()?);
        // ANCHOR: in_the_door
        for mut client in listener.incoming().flatten() {
            let mut tls = ServerConnection::new(Arc::clone(&config))?;
            // One client at a time, for as long as it likes.
            if let Err(error) = tls.complete_io(&mut client) {
                say(error);
                continue;
            }
            thread::spawn(move || answer(StreamOwned::new(tls, client)));
        }
        // ANCHOR_END: in_the_door
        Ok(())
    })
}

fn answer(client: StreamOwned<ServerConnection, std::net::TcpStream>) {
    let mut client = BufReader::new(client);
    let mut line = String::new();
    while client.read_line(&mut line).is_ok_and(|count| count > 2) {
        line.clear();
    }
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
    let mut client = client.into_inner();
    // The client has its answer or has gone; nobody else needs to know.
    let _ = client.write_all(page.as_bytes());
    client.conn.send_close_notify();
    let _ = client.flush();
}
