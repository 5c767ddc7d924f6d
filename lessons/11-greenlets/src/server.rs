//! The server: one greenlet accepts, one listens for the bell, and each client has its own.

// ANCHOR: imports
use std::cell::Cell;
use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson02::Stream;
use lesson03::{Address, Application, Bell, Options, pause_with};
use lesson05::{Ended, accept_last, let_nobody_in};
use lesson07::{Adapter, Conversation, House, Papers, Rules, Upgrader, converse};
use lesson09::Wish;
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::Socket;
use terminal::say;

use crate::hub::{leave, run, spawn};
use crate::line::GreenLine;
use crate::pool::Pool;
use crate::settings::GreenSettings;
use crate::upgrade::InPlace;
use crate::wait::{current, end_rest, pause, wait, wait_for, wake};
// ANCHOR_END: imports

// ANCHOR: server
/// A server with a greenlet for each connection (gevent's `WSGIServer`). ws4py's example for gevent,
/// translated:
///
/// ```
/// use std::sync::Arc;
/// use lesson03::{Bell, Options};
/// use lesson07::Rules;
/// use lesson09::{EchoWebSocket, SocketRules, WebSocketPlugin};
/// use lesson11::{GreenServer, GreenSettings};
///
/// let plugin = WebSocketPlugin::without_driver(SocketRules::default());
/// // WebSocketWSGIApplication(handler_cls=EchoWebSocket)
/// let app = Arc::new(plugin.application(|_| EchoWebSocket));
/// let (options, rules) = (Options::default(), Rules::default());
/// let (settings, stop) = (GreenSettings::default(), Arc::new(Bell::new()?));
/// // WSGIServer(('localhost', 9000), app), on a port that is free
/// let server = GreenServer::bind("localhost:0", app, options, rules, settings, stop.clone())?;
/// server.set_upgrader(Some(plugin));
/// stop.ring(); // server.stop(), and 1001 for everybody
/// server.start()?; // server.serve_forever()
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct GreenServer {
    house: Arc<House>,
    settings: GreenSettings,
    listener: Socket,
    /// Whether somebody else may go on listening on the same socket.
    shares_listener: bool,
    address: SocketAddr,
}

impl GreenServer {
    /// Makes a server for `app` that listens at `address`, and serves when it is started. It
    /// stops when `stop` rings.
    pub fn bind(
        address: impl Address,
        app: Arc<dyn Application>,
        options: Options,
        rules: Rules,
        settings: GreenSettings,
        stop: Arc<Bell>,
    ) -> Result<GreenServer, Box<dyn Error>> {
        let shares_listener = options.inherited.is_some();
        let (listener, address, gateway) = options.listen(address)?;
        listener.set_nonblocking(true)?;
        let rules = Rules {
            whole_bodies: false, // A greenlet may wait.
            ..rules
        };
        Ok(GreenServer {
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

    /// Puts something between the server and the clients that come from now on, such as TLS.
    pub fn set_adapter(&self, adapter: Option<Arc<dyn Adapter>>) {
        self.house.set_adapter(adapter);
    }

    /// Lets connections switch to the protocols that it names. They stay on their greenlets.
    pub fn set_upgrader(&self, upgrader: Option<Arc<dyn Upgrader>>) {
        let in_place = upgrader.map(|upgrader| {
            let stop = Arc::clone(&self.house.stop);
            Arc::new(InPlace { upgrader, stop }) as Arc<dyn Upgrader>
        });
        self.house.set_upgrader(in_place);
    }

    /// Serves until the bell rings and everybody has gone. Applications pause as greenlets do
    /// meanwhile.
    pub fn start(self) -> Result<Ended, Box<dyn Error>> {
        let ended = Rc::new(Cell::new(Ended::Clean));
        let outcome = Rc::clone(&ended);
        let (stack_size, most) = (self.settings.stack_size, self.settings.connections);
        pause_with(pause);
        let ran = run(stack_size, move || {
            let floor = Floor {
                house: self.house,
                listener: Arc::new(self.listener),
                is_shared: self.shares_listener,
                guests: Pool::new(most),
            };
            outcome.set(floor.serve());
            leave();
        });
        pause_with(std::thread::sleep);
        ran?;
        Ok(ended.get())
    }
}
// ANCHOR_END: server

// ANCHOR: serve
/// A server that serves.
struct Floor {
    house: Arc<House>,
    listener: Arc<Socket>,
    is_shared: bool,
    guests: Pool,
}

impl Floor {
    /// Accepts until it is told to stop. It reads as if this greenlet were alone.
    fn serve(self) -> Ended {
        listen_for_the_bell(&self.house.stop);
        while !self.house.is_closing() {
            let is_full = self.guests.is_full();
            self.house.set_crowded(is_full);
            let waited = match is_full {
                true => self.guests.wait_for_one(None),
                false => wait_for(&self.listener, Wish::ToRead, None),
            };
            if waited.is_ok() && !self.guests.is_full() {
                self.accept();
            }
        }
        self.close()
    }

    /// Accepts somebody. Without descriptors it waits a little, as anybody may who is a greenlet.
    fn accept(&self) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        match acceptfrom_with(&self.listener, flags) {
            Ok((client, peer)) => {
                let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                self.welcome(self.house.stream(client.into()), peer);
            }
            Err(error @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS)) => {
                say(format_args!("accept: {error}; trying again in a moment"));
                pause(Duration::from_millis(100));
            }
            Err(_) => {} // Nobody is there after all, or has left already.
        }
    }

    // ANCHOR: driver
    /// Gives a client a greenlet, which has the conversation that lesson 7's workers have.
    fn welcome(&self, stream: Box<dyn Stream>, peer: Option<SocketAddr>) {
        self.house.stats.accepted.add(1);
        // Our listeners are IPv4 or IPv6, and so are their clients.
        let Some(peer) = peer else { return };
        let (house, accepted) = (Arc::clone(&self.house), Instant::now());
        let spawned = self.guests.spawn(move || {
            let conversation = Conversation::new(peer, accepted, &house);
            let mut papers = Box::new(Papers::new(house.gateway.settings.limits.head_bytes));
            let line = GreenLine::new(&house, stream);
            converse(&house, line, conversation, &mut papers);
        });
        if let Err(error) = spawned {
            say(format_args!("no stack for {peer}: {error}"));
        }
    }
    // ANCHOR_END: driver
}

/// When the bell rings, the greenlet that calls this is woken.
fn listen_for_the_bell(stop: &Arc<Bell>) {
    let (stop, me) = (Arc::clone(stop), current());
    let spawned = spawn(move || {
        let _ = wait_for(&stop, Wish::ToRead, None);
        if let Ok(me) = me {
            wake(me);
        }
    });
    if let Err(error) = spawned {
        say(format_args!("nobody listens for the bell: {error}"));
    }
}
// ANCHOR_END: serve

// ANCHOR: close
impl Floor {
    /// Closes the house: take the clients that the kernel has accepted for us, stop listening,
    /// give those who only wait for another request a last moment, and let all others finish.
    fn close(self) -> Ended {
        // One ring says stop, and any further one says at once.
        if self.house.stop.rings() > 1 {
            return Ended::Forced;
        }
        self.take_the_last();
        let Floor {
            house,
            listener,
            guests,
            ..
        } = self;
        drop(listener);
        say(format_args!(
            "stopping; connections: {}; once more to stop at once",
            guests.len()
        ));
        let now = Instant::now();
        end_rest(now + house.last_moment());
        house.tell_upgraded();
        listen_for_the_bell(&house.stop);
        let until = now + house.rules.stop_timeout;
        while !guests.is_empty() {
            let waited = guests.wait_for_one(Some(until));
            let is_rung = house.stop.rings() > 0;
            if is_rung || waited.is_err() || Instant::now() >= until {
                return Ended::Forced;
            }
        }
        Ended::Clean
    }

    /// Lets in those whom the kernel has accepted for us, and nobody after them.
    fn take_the_last(&self) {
        if !self.is_shared {
            let_nobody_in(&self.listener);
        }
        // The kernel holds one client more than the backlog says.
        for _ in 0..=self.house.gateway.settings.backlog {
            match accept_last(&self.listener) {
                Ok(Some((client, peer))) if client.set_nonblocking(true).is_ok() => {
                    let stream = self.house.stream(client.into());
                    self.welcome(stream, peer.as_socket());
                }
                Ok(None) => break,
                _ => {}
            }
        }
        // This greenlet does not wait for the listener any more: the poller lets go of it.
        let _ = wait(Some(Instant::now()));
    }
}
// ANCHOR_END: close
