//! The small server of lesson 1, first draft: eight calls, a line for each.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 13\r\n\
    \r\n\
    Hello, World!";

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap_or(8888)));
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?; // socket
    listener.set_reuse_address(true)?; // setsockopt
    listener.bind(&address.into())?; // bind
    listener.listen(5)?; // listen
    println!("small01 listening on http://{address}");
    loop {
        let (mut client, _) = listener.accept()?; // accept
        let _ = client.read(&mut [0; 1024])?; // recv
        client.write_all(ANSWER)?; // send
        drop(client); // close
    }
}
