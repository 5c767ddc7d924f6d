//! The server: one thread, and a loop.

// ANCHOR: imports
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use lesson03::{Address, Application, Bell, Options};
use lesson05::Ended;
use lesson07::{Adapter, House, Rules, Upgrader};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::Socket;
use terminal::say;

use crate::door::{DOOR, Door, STOP};
use crate::floor::{CALLS, Floor};
use crate::settings::LoopSettings;
// ANCHOR_END: imports

// ANCHOR: server
/// A server with a loop.
pub struct LoopServer {
    house: Arc<House>,
    settings: LoopSettings,
    listener: Socket,
    /// Whether somebody else may go on listening on the same socket.
    shares_listener: bool,
    address: SocketAddr,
}

impl LoopServer {
    /// Makes a server for `app` that listens at `address`, and serves when it is started. It
    /// stops when `stop` rings.
    pub fn bind(
        address: impl Address,
        app: Arc<dyn Application>,
        options: Options,
        rules: Rules,
        settings: LoopSettings,
        stop: Arc<Bell>,
    ) -> Result<LoopServer, Box<dyn Error>> {
        let shares_listener = options.inherited.is_some();
        let (listener, address, mut gateway) = options.listen(address)?;
        listener.set_nonblocking(true)?;
        let settings = LoopSettings {
            connections: ask_for_descriptors(settings.connections),
            ..settings
        };
        gateway.deployment.multithread = settings.workers > 0;
        gateway.deployment.multiprocess = shares_listener;
        let rules = Rules {
            whole_bodies: true, // Nobody may wait inside of an application.
            ..rules
        };
        Ok(LoopServer {
            house: Arc::new(House::new(gateway, app, rules, stop)),
            settings,
            listener,
            shares_listener,
            address,
        })
    }

    /// Where the server listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its conversations share, its numbers among it.
    pub fn house(&self) -> Arc<House> {
        Arc::clone(&self.house)
    }

    /// Puts something between the server and the clients that come from now on, such as TLS.
    pub fn set_adapter(&self, adapter: Option<Arc<dyn Adapter>>) {
        self.house.set_adapter(adapter);
    }

    /// Lets connections switch to the protocols that it names. They stay on the loop.
    pub fn set_upgrader(&self, upgrader: Option<Arc<dyn Upgrader>>) {
        self.house.set_upgrader(upgrader);
    }
}
// ANCHOR_END: server

// ANCHOR: serve
impl LoopServer {
    /// Serves until the bell rings and everybody has gone.
    pub fn start(self) -> Result<Ended, Box<dyn Error>> {
        let mut floor = Floor::new(&self.house, self.settings)?;
        floor.watch(&*self.house.stop, STOP)?;
        let mut door = Door::new(self.house, self.listener, self.shares_listener);
        loop {
            door.look_at(&mut floor);
            if let Some(ended) = door.has_ended(&floor) {
                return Ok(ended);
            }
            floor.sleep()?;
            while let Some((token, ready)) = floor.poller.next_ready() {
                match token {
                    DOOR => door.let_in(&mut floor),
                    STOP => door.hear_the_bell(&mut floor),
                    CALLS => floor.take_calls(),
                    line => floor.serve(line, ready),
                }
            }
            for alarm in floor.time_is_up() {
                door.time_is_up(alarm);
            }
            floor.go_round_again();
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: descriptors
/// What a process has open besides its connections: its output, the listener, `epoll`, bells, and
/// what an application opens. At a stop, a few more.
const OTHERS: u64 = 64;

/// Asks for as many descriptors as so many connections need. The result is how many connections
/// the limit leaves room for: the soft one can be raised by anybody, up to the hard one.
pub fn ask_for_descriptors(connections: usize) -> usize {
    let wanted = connections as u64 + OTHERS;
    let before = getrlimit(Resource::Nofile);
    let most = before.maximum.unwrap_or(u64::MAX);
    let mut limit = before.current.unwrap_or(u64::MAX);
    if limit < wanted {
        let raised = Rlimit {
            current: Some(wanted.min(most)),
            ..before
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = wanted.min(most);
        }
    }
    if limit >= wanted {
        return connections;
    }
    let room = limit.saturating_sub(OTHERS).max(1);
    say(format_args!(
        "{limit} descriptors at most: room for {room} connections, not {connections}"
    ));
    room as usize
}
// ANCHOR_END: descriptors
