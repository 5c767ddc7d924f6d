//! Everything that a system call may do, done on purpose: a piece instead of all, a signal in
//! between, news of something that is not there.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;

use lesson02::Stream;
use lesson03::{Body, Environ, StartResponse, application};
use lesson07::Adapter;
use lesson10::LoopSettings;

use crate::house::{ask, expect, get, post, serve};

/// Makes streams that do the worst that is allowed, in turns.
struct Worst;

impl Adapter for Worst {
    fn wrap(&self, socket: Arc<TcpStream>) -> Box<dyn Stream> {
        Box::new(WorstStream { socket, calls: 0 })
    }
}

struct WorstStream {
    socket: Arc<TcpStream>,
    calls: usize,
}

impl WorstStream {
    /// Whether this call is let through, with how many bytes at most.
    fn fate(&mut self) -> io::Result<usize> {
        self.calls += 1;
        match self.calls % 4 {
            0 => Err(ErrorKind::Interrupted.into()),
            1 => Err(ErrorKind::WouldBlock.into()),
            2 => Ok(1 + self.calls % 7),
            _ => Ok(3),
        }
    }
}

impl Stream for WorstStream {
    fn socket(&self) -> &Arc<TcpStream> {
        &self.socket
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.fate()?.min(into.len());
        (&*self.socket).read(&mut into[..most])
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = self.fate()?.min(bytes.len());
        io::Write::write(&mut &*self.socket, &bytes[..most])
    }
}

#[test]
fn whatever_system_calls_do_every_answer_comes_whole_and_in_its_order() {
    for workers in [0, 2] {
        let app = application(|environ: &mut Environ, start_response: StartResponse| {
            let mut body = Vec::new();
            environ.input().read_to_end(&mut body)?;
            let path = environ.path_utf8_lossy().into_owned();
            start_response.begin("200 OK", &[("Content-Type", "text/plain")])?;
            let pieces = [path.into_bytes(), vec![b'.'; 500], body];
            Ok(Body::chunks(pieces.to_vec()))
        });
        let settings = LoopSettings {
            workers,
            ..LoopSettings::default()
        };
        let served = serve(app, settings, |server| {
            server.set_adapter(Some(Arc::new(Worst)));
        });
        let mut clients: Vec<_> = (0..8).map(|_| ask(served.address, "")).collect();
        for client in &mut clients {
            let questions = get("/first", "") + &post("/second", 11) + "hello world";
            client.send(questions.as_bytes()).unwrap();
            client
                .send(get("/third", "Connection: close\r\n").as_bytes())
                .unwrap();
        }
        let dots = ".".repeat(500);
        for client in &mut clients {
            assert_eq!(expect(client, 200).text(), format!("/first{dots}"));
            assert_eq!(
                expect(client, 200).text(),
                format!("/second{dots}hello world")
            );
            assert_eq!(expect(client, 200).text(), format!("/third{dots}"));
            assert!(client.wait_for_end().is_some());
        }
        served.end();
    }
}
