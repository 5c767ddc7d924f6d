//! The small server of lesson 1, mended: an error belongs to its client.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::{thread, time::Duration};

use socket2::{Domain, Socket, Type};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 13\r\n\
    Connection: close\r\n\
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
        let Ok((mut client, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(100)); // until a descriptor is free
            continue;
        };
        if client.read(&mut [0; 1024]).is_ok() {
            let _ = client.write_all(ANSWER); // who has left needs no answer
        }
        drop(client); // close
    }
}
