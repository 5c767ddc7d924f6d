//! What every conversation of a server has in common, however it waits.

// ANCHOR: imports
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use lesson02::{Request, Stream};
use lesson03::{Application, Bell, Gateway, Policy, Protocol};

use crate::persistence::staying_lines;
use crate::stats::Stats;
// ANCHOR_END: imports

// ANCHOR: house
/// What the conversations of a server share. Nothing in it says who waits for whom.
pub struct House {
    /// Limits, log, and what applications are told.
    pub gateway: Gateway,
    /// For how long and how often connections stay.
    pub rules: Rules,
    /// What has been done so far.
    pub stats: Stats,
    /// Rung when the server shall stop.
    pub stop: Arc<Bell>,
    /// Whether somebody has to wait for a worker. While that is so, hardly a connection is kept.
    pub crowded: Arc<AtomicBool>,
    stays: Option<String>,
    app: RwLock<Arc<dyn Application>>,
    stats_page: RwLock<Option<Arc<dyn Application>>>,
    adapter: RwLock<Option<Arc<dyn Adapter>>>,
    upgrader: RwLock<Option<Arc<dyn Upgrader>>>,
}

/// For how long and how often connections stay. In brackets: the name in CherryPy's server, and
/// its default where ours differs.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a connection may be quiet between two requests (`timeout`, 10 s).
    pub timeout: Duration,
    /// Requests on one connection, without a limit there.
    pub requests_per_connection: usize,
    /// How long requests under way may take to finish (`shutdown_timeout`, 5 s).
    pub stop_timeout: Duration,
    /// Whether a body is gathered before the application is called, because whoever drives the
    /// conversation must not wait inside of it.
    pub whole_bodies: bool,
}

/// What makes a stream of a socket: TLS, in lesson 8. It must not wait.
pub trait Adapter: Send + Sync {
    /// Puts something between us and the client.
    fn wrap(&self, socket: Arc<TcpStream>) -> Box<dyn Stream>;
}

/// Who takes over when an application has switched to another protocol.
pub trait Upgrader: Send + Sync {
    /// The names of the protocols that it can do, as the field `Upgrade` lists them.
    fn protocols(&self) -> &'static str;

    /// Takes a connection over, and what its client has sent already.
    fn take_over(&self, stream: Box<dyn Stream>, protocol: Box<dyn Protocol>, received: Vec<u8>);

    /// The server is about to stop: tells those who were taken over.
    fn closing(&self) {}

    /// Waits until they have left, but not beyond this. Says whether they have.
    fn all_left(&self, _deadline: Instant) -> bool {
        true
    }
}
// ANCHOR_END: house

// ANCHOR: asked
impl House {
    /// A house for `app` that closes when `stop` rings.
    pub fn new(
        gateway: Gateway,
        app: Arc<dyn Application>,
        rules: Rules,
        stop: Arc<Bell>,
    ) -> House {
        House {
            gateway,
            stays: staying_lines(rules.timeout),
            rules,
            stats: Stats::default(),
            stop,
            crowded: Arc::default(),
            app: RwLock::new(app),
            stats_page: RwLock::default(),
            adapter: RwLock::default(),
            upgrader: RwLock::default(),
        }
    }

    /// Whether the server is about to stop.
    pub fn is_closing(&self) -> bool {
        self.stop.has_rung()
    }

    /// Somebody has to wait for what connections own, or nobody any more.
    pub fn set_crowded(&self, is_crowded: bool) {
        self.crowded.store(is_crowded, Ordering::Relaxed);
    }

    /// How long a client that says nothing may still begin a request once we stop.
    pub fn last_moment(&self) -> Duration {
        Duration::from_secs(1).min(self.rules.stop_timeout / 2)
    }

    /// Until when a client may be quiet that could be until `deadline` if we did not stop.
    pub fn patience(&self, deadline: Instant, now: Instant) -> Instant {
        match self.is_closing() {
            true => deadline.min(now + self.last_moment()),
            false => deadline,
        }
    }

    /// The application, or the page of numbers if it is asked for and shown.
    pub(crate) fn app_for(&self, request: Request) -> Arc<dyn Application> {
        let stats_page = match request.path() {
            "/__stats" => read(&self.stats_page),
            _ => None,
        };
        stats_page.unwrap_or_else(|| self.get_app())
    }

    /// The current application.
    pub fn get_app(&self) -> Arc<dyn Application> {
        read(&self.app)
    }

    /// Replaces the application, from the next request on.
    pub fn set_app(&self, app: Arc<dyn Application>) {
        write(&self.app, app);
    }

    /// Shows numbers at `/__stats`. They are nobody's business but yours.
    pub fn set_stats_page(&self, page: Arc<dyn Application>) {
        write(&self.stats_page, Some(page));
    }
}

impl Policy for House {
    /// A client may stay, unless we are about to stop or somebody else has to wait for a worker.
    fn staying_lines(&self) -> Option<&str> {
        let busy = self.is_closing() || self.crowded.load(Ordering::Relaxed);
        self.stays.as_deref().filter(|_| !busy)
    }

    fn upgrades(&self) -> &str {
        read(&self.upgrader).map_or("", |upgrader| upgrader.protocols())
    }
}

fn read<T: Clone>(place: &RwLock<T>) -> T {
    // A pointer is replaced in one step: a panic cannot leave half of one.
    place.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write<T>(place: &RwLock<T>, value: T) {
    *place.write().unwrap_or_else(PoisonError::into_inner) = value;
}
// ANCHOR_END: asked

// ANCHOR: joints
impl House {
    /// Puts something between the house and the clients that come from now on, or takes it away.
    pub fn set_adapter(&self, adapter: Option<Arc<dyn Adapter>>) {
        write(&self.adapter, adapter);
    }

    /// The stream to a client that was accepted.
    pub fn stream(&self, socket: TcpStream) -> Box<dyn Stream> {
        let socket = Arc::new(socket);
        match read(&self.adapter) {
            Some(adapter) => adapter.wrap(socket),
            None => Box::new(socket),
        }
    }

    /// Whether a client that is turned away can be told so in plain text.
    pub fn speaks_plainly(&self) -> bool {
        read(&self.adapter).is_none()
    }

    /// Lets somebody take over the connections that switch to another protocol, or nobody.
    pub fn set_upgrader(&self, upgrader: Option<Arc<dyn Upgrader>>) {
        write(&self.upgrader, upgrader);
    }

    pub(crate) fn can_upgrade(&self) -> bool {
        read(&self.upgrader).is_some()
    }

    /// Tells those whose connections were taken over that the server is about to stop.
    pub fn tell_upgraded(&self) {
        if let Some(upgrader) = read(&self.upgrader) {
            upgrader.closing();
        }
    }

    /// Waits until they have left, but not beyond this. Says whether they have.
    pub fn upgraded_left(&self, deadline: Instant) -> bool {
        read(&self.upgrader).is_none_or(|upgrader| upgrader.all_left(deadline))
    }

    /// Hands a connection over.
    pub fn hand_over(
        &self,
        stream: Box<dyn Stream>,
        mut protocol: Box<dyn Protocol>,
        received: Vec<u8>,
    ) {
        match read(&self.upgrader) {
            Some(upgrader) => upgrader.take_over(stream, protocol, received),
            None => protocol.lost(), // Taken away meanwhile.
        }
    }
}
// ANCHOR_END: joints
