//! A planted failure: sockets that stay with the workers who switched them.
//!
//! `cargo run -p lesson09 --example sockets_own_workers -- --threads 2`: open `/ws/echo` as often as
//! there are workers, and nobody is served any more, though all of them are idle.

use std::error::Error;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS, Stream};
use lesson03::{Options, Protocol, demo};
use lesson05::stop_bell;
use lesson07::{POOL_SETTINGS, PoolServer, PoolSettings, RULE_SETTINGS, Upgrader};
use lesson09::{SocketRules, WebSocketPlugin};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "sockets_own_workers",
    about: "Each socket keeps its worker.",
    operand: None,
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &POOL_SETTINGS,
        &RULE_SETTINGS,
    ],
};

struct InTheWorker;

impl Upgrader for InTheWorker {
    fn protocols(&self) -> &'static str {
        "websocket"
    }

    /// Here it is: this does not return before the client leaves.
    fn take_over(
        &self,
        mut stream: Box<dyn Stream>,
        mut protocol: Box<dyn Protocol>,
        mut received: Vec<u8>,
    ) {
        let mut drive = || -> Result<(), Box<dyn Error>> {
            let (mut out, mut piece) = (Vec::new(), [0; 4096]);
            // Nobody can wake a thread that sleeps in read: what others say comes when it wakes.
            protocol.open(Waker::noop().clone(), &mut out);
            loop {
                let used = protocol.receive(&mut received, &mut out);
                received.drain(..used);
                let due = protocol.poll(Instant::now(), &mut out);
                while !out.is_empty() {
                    let sent = stream.write(&out)?;
                    out.drain(..sent);
                }
                if protocol.is_over() {
                    return Ok(());
                }
                let left = due.map(|due| due.saturating_duration_since(Instant::now()));
                let left = left.map(|left| left.max(Duration::from_millis(1)));
                stream.socket().set_read_timeout(left)?;
                match stream.read(&mut piece) {
                    Ok(0) => return Err("the client has left".into()),
                    Ok(count) => received.extend_from_slice(&piece[..count]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if drive().is_err() {
            protocol.lost();
        }
    }
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let plugin = WebSocketPlugin::start(SocketRules::default())?;
        let app = lesson09::demo::around(Arc::new(demo::application), &plugin)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let settings = PoolSettings::from_flags(flags)?;
        let stop = Arc::new(stop_bell()?);
        let server = PoolServer::bind(flags.text("addr"), Arc::new(app), options, settings, stop)?;
        server.set_upgrader(Some(Arc::new(InTheWorker)));
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
