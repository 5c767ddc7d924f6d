//! `make_server`, and a server that serves one client at a time.

// ANCHOR: imports
use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use lesson01::recover;
use lesson02::Desk;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::Socket;

use crate::control::{Control, Handle, ServeError};
use crate::hooks::Hooks;
use crate::{Address, Application, Client, Gateway, Options};
// ANCHOR_END: imports

// ANCHOR: make_server
/// Makes a server for `app` at `"host:port"` or `("host", port)`. It listens already; it serves
/// when [`WsgiServer::serve_forever`] is called.
///
/// ```
/// use lesson03::{demo, make_server};
///
/// let server = make_server("127.0.0.1:0", demo::hello)?;
/// let handle = server.handle();
/// std::thread::scope(|scope| {
///     scope.spawn(|| server.serve_forever());
///     handle.shutdown()
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn make_server(
    address: impl Address,
    app: impl Application + 'static,
) -> Result<WsgiServer, Box<dyn Error>> {
    WsgiServer::bind(address, Arc::new(app), Options::default())
}
// ANCHOR_END: make_server

// ANCHOR: server
/// A WSGI server that serves one request at a time.
pub struct WsgiServer {
    listener: Socket,
    address: SocketAddr,
    gateway: Gateway,
    app: RwLock<Arc<dyn Application>>,
    desk: Mutex<Desk>,
    control: Arc<Control>,
    hooks: Hooks,
}

impl WsgiServer {
    /// Makes a server that listens at `address`.
    pub fn bind(
        address: impl Address,
        app: Arc<dyn Application>,
        options: Options,
    ) -> Result<WsgiServer, Box<dyn Error>> {
        let (listener, address, gateway) = options.listen(address)?;
        // `accept` must not wait where `shutdown` cannot reach it; `poll` waits instead.
        listener.set_nonblocking(true)?;
        Ok(WsgiServer {
            listener,
            address,
            gateway,
            app: RwLock::new(app),
            desk: Mutex::default(),
            control: Arc::new(Control::new()?),
            hooks: Hooks::default(),
        })
    }
}
// ANCHOR_END: server

// ANCHOR: serve
impl WsgiServer {
    /// Serves one client after the other, until a [`Handle`] says stop.
    pub fn serve_forever(&self) -> Result<(), ServeError> {
        let _shift = self.control.begin_shift()?;
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.control.stop.has_rung() {
            if let Arrival::Client(client) = self.wait_for_client(None) {
                self.process_request(client, &mut desk);
            }
        }
        Ok(())
    }

    /// Serves exactly one client, or calls the timeout hook when nobody comes.
    pub fn handle_request(&self) -> Result<(), ServeError> {
        let _shift = self.control.begin_shift()?;
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        match self.wait_for_client(self.hooks.timeout()) {
            Arrival::Client(client) => self.process_request(client, &mut desk),
            Arrival::TimedOut => self.hooks.timed_out(),
            Arrival::Woken => {}
        }
        Ok(())
    }

    fn process_request(&self, client: Client, desk: &mut Desk) {
        if self.hooks.let_in(client.peer) {
            self.gateway.converse(client, &self.get_app(), desk);
        }
    }
}

/// What the end of waiting for a client can be.
enum Arrival {
    Client(Client),
    TimedOut,
    Woken,
}
// ANCHOR_END: serve

// ANCHOR: wait
impl WsgiServer {
    /// Takes a client from the queue, or waits until one comes, the time is up, or somebody says
    /// stop.
    fn wait_for_client(&self, timeout: Option<Duration>) -> Arrival {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            match self.listener.accept() {
                Ok((client, peer)) => {
                    let peer = peer.as_socket().unwrap_or(self.address);
                    return Arrival::Client(Client::new(client, peer));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => recover(&error),
            }
            if self.control.stop.has_rung() {
                return Arrival::Woken;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Arrival::TimedOut;
            }
            self.sleep_until_something_happens(left);
        }
    }

    fn sleep_until_something_happens(&self, at_most: Option<Duration>) {
        let mut descriptors = [
            PollFd::new(&self.listener, PollFlags::IN),
            PollFd::new(&self.control.stop, PollFlags::IN),
        ];
        // A duration that the kernel cannot express is as good as none.
        let at_most = at_most.and_then(|at_most| Timespec::try_from(at_most).ok());
        // An error (EINTR, mostly) is a reason to look around again, like everything else.
        let _ = poll(&mut descriptors, at_most.as_ref());
    }
}
// ANCHOR_END: wait

// ANCHOR: accessors
impl WsgiServer {
    /// Replaces the application, from the next request on.
    pub fn set_app(&self, app: impl Application + 'static) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
    }

    /// The current application.
    pub fn get_app(&self) -> Arc<dyn Application> {
        Arc::clone(&self.app.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A way to stop this server from another thread.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.control))
    }

    /// Where the server listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listening socket.
    pub fn listener(&self) -> &Socket {
        &self.listener
    }

    /// Stops listening. Dropping the server does the same; this says it.
    pub fn server_close(self) {}
}
// ANCHOR_END: accessors

// ANCHOR: hooks
impl WsgiServer {
    /// How long [`WsgiServer::handle_request`] waits, and what it calls when nobody came.
    pub fn on_timeout(&mut self, timeout: Duration, handle: impl Fn() + Send + Sync + 'static) {
        self.hooks.timeout = Some((timeout, Box::new(handle)));
    }

    /// Asks `verify` about each client; one that it denies is closed without an answer.
    pub fn verify_request(&mut self, verify: impl Fn(SocketAddr) -> bool + Send + Sync + 'static) {
        self.hooks.verify_request = Some(Box::new(verify));
    }
}
// ANCHOR_END: hooks
