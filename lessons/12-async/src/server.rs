//! The server: a task accepts, and each client has its own.

// ANCHOR: imports
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson03::{Address, Application, Bell, Options};
use lesson05::{Ended, accept_last, let_nobody_in};
use lesson07::{Adapter, Conversation, House, Rules, Upgrader};
use socket2::Socket;
use terminal::say;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch as news;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::application::{AsyncApplication, Beside, Mounted};
use crate::converse::{Shared, converse};
use crate::kitchen::Kitchen;
use crate::line::AsyncLine;
use crate::settings::AsyncSettings;
use crate::watch::watch;
// ANCHOR_END: imports

// ANCHOR: server
/// A server with a task for each connection.
pub struct AsyncServer {
    house: Arc<House>,
    settings: AsyncSettings,
    listener: Socket,
    /// Whether somebody else may go on listening on the same socket.
    shares_listener: bool,
    address: SocketAddr,
    mounted: Mounted,
}

impl AsyncServer {
    /// Makes a server for `app` that listens at `address`, and serves when it is started. It
    /// stops when `stop` rings.
    pub fn bind(
        address: impl Address,
        app: Arc<dyn Application>,
        options: Options,
        rules: Rules,
        settings: AsyncSettings,
        stop: Arc<Bell>,
    ) -> Result<AsyncServer, Box<dyn Error>> {
        let shares_listener = options.inherited.is_some();
        let (listener, address, mut gateway) = options.listen(address)?;
        listener.set_nonblocking(true)?;
        gateway.deployment.multithread = true;
        let rules = Rules {
            whole_bodies: true, // An application that is no future must not wait for its client.
            ..rules
        };
        Ok(AsyncServer {
            house: Arc::new(House::new(gateway, Arc::new(Beside(app)), rules, stop)),
            settings,
            listener,
            shares_listener,
            address,
            mounted: Mounted::default(),
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

    /// Lets an application that is a future answer the requests for a path, in place of the
    /// gateway's.
    pub fn mount(&mut self, path: &str, app: impl AsyncApplication) {
        self.mounted.mount(path, app);
    }

    /// Lets connections switch to the protocols that it names. They stay in their tasks.
    pub fn set_upgrader(&self, upgrader: Option<Arc<dyn Upgrader>>) {
        self.house.set_upgrader(upgrader);
    }

    /// Serves until the bell rings and everybody has gone.
    pub fn start(self) -> Result<Ended, Box<dyn Error>> {
        let runtime = self.settings.runtime()?;
        let ended = runtime.block_on(self.serve());
        // Applications that are in the middle of something are not waited for any longer.
        runtime.shutdown_background();
        Ok(ended?)
    }
}

impl AsyncSettings {
    fn runtime(&self) -> io::Result<Runtime> {
        let mut builder = match self.threads {
            1 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        builder
            .worker_threads(self.threads)
            .max_blocking_threads(self.workers.max(1))
            .enable_all()
            .build()
    }
}
// ANCHOR_END: server

// ANCHOR: serve
impl AsyncServer {
    async fn serve(self) -> io::Result<Ended> {
        let settings = self.settings;
        let guests = Guests {
            shared: Shared {
                house: self.house,
                kitchen: Arc::new(Kitchen::new(settings.workers)),
                mounted: Arc::new(self.mounted),
            },
            room: Arc::new(Semaphore::new(settings.connections)),
            closing: news::channel(false).0,
        };
        let (listener, stop) = (watch(self.listener)?, guests.bell()?);
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                guest = guests.let_one_in(&listener) => guests.welcome(guest, &mut tasks),
                Some(_) = tasks.join_next() => {} // It has gone; nothing is kept of it.
                _ = stop.readable() => break,
            }
        }
        let listener = listener.into_inner();
        Ok(guests
            .close(listener, self.shares_listener, &stop, tasks)
            .await)
    }
}

/// The clients of a server, and what they share.
struct Guests {
    shared: Shared,
    /// How many more of them there may be.
    room: Arc<Semaphore>,
    /// Whether the house closes.
    closing: news::Sender<bool>,
}

impl Guests {
    /// Lets somebody in, as soon as there is room and somebody comes. If this is given up in the
    /// middle, nobody is lost: behind the accept there is no `.await`.
    async fn let_one_in(&self, listener: &AsyncFd<Socket>) -> Option<Guest> {
        // Nobody closes it.
        let place = Arc::clone(&self.room).acquire_owned().await.ok()?;
        self.shared
            .house
            .set_crowded(self.room.available_permits() == 0);
        let mut ready = listener.readable().await.ok()?;
        match ready.try_io(|listener| listener.get_ref().accept()) {
            Err(_would_block) => None,
            Ok(Ok((client, peer))) => Some(Guest {
                client,
                peer: peer.as_socket()?, // Our listeners are IPv4 or IPv6, and so are their clients.
                place: Some(place),
            }),
            Ok(Err(error)) if is_about_us(&error) => {
                say(format_args!("accept: {error}; trying again in a moment"));
                sleep(Duration::from_millis(100)).await;
                None
            }
            Ok(Err(_)) => None, // It concerns this client, who has left already.
        }
    }

    /// Gives a client a task, which has the conversation that lesson 7's workers have.
    fn welcome(&self, guest: Option<Guest>, tasks: &mut JoinSet<()>) {
        let Some(Guest {
            client,
            peer,
            place,
        }) = guest
        else {
            return;
        };
        self.shared.house.stats.accepted.add(1);
        let house = Arc::clone(&self.shared.house);
        let line = client.set_nonblocking(true).and_then(|()| {
            let stream = house.stream(client.into());
            AsyncLine::new(&house, stream)
        });
        let Ok(line) = line else {
            return; // The kernel has no memory left for one more.
        };
        let conversation = Conversation::new(peer, Instant::now(), &house);
        let (shared, closing) = (self.shared.clone(), self.closing.subscribe());
        tasks.spawn(async move {
            converse(shared, closing, line, conversation).await;
            drop(place);
        });
    }

    fn bell(&self) -> io::Result<AsyncFd<Ringing>> {
        watch(Ringing(Arc::clone(&self.shared.house.stop)))
    }
}

/// A client that was accepted.
struct Guest {
    client: Socket,
    peer: SocketAddr,
    /// What it takes up among those that there may be at once.
    place: Option<OwnedSemaphorePermit>,
}

/// The bell, as the runtime wants to have it.
struct Ringing(Arc<Bell>);

impl AsFd for Ringing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Ringing {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

/// Whether an accept failed for want of descriptors or memory.
fn is_about_us(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOBUFS: i32 = 105;
    const ENOMEM: i32 = 12;
    matches!(
        error.raw_os_error(),
        Some(EMFILE | ENFILE | ENOBUFS | ENOMEM)
    )
}
// ANCHOR_END: serve

// ANCHOR: close
impl Guests {
    /// Closes the house: take the clients that the kernel has accepted for us, stop listening,
    /// give those who only wait for another request a last moment, and let all others finish.
    async fn close(
        self,
        listener: Socket,
        is_shared: bool,
        stop: &AsyncFd<Ringing>,
        mut tasks: JoinSet<()>,
    ) -> Ended {
        // One ring says stop, and any further one says at once.
        if self.shared.house.stop.rings() > 1 {
            return Ended::Forced;
        }
        if !is_shared {
            let_nobody_in(&listener);
        }
        // The kernel holds one client more than the backlog says.
        for _ in 0..=self.shared.house.gateway.settings.backlog {
            match accept_last(&listener) {
                Ok(Some((client, peer))) => {
                    let guest = peer.as_socket().map(|peer| Guest {
                        client,
                        peer,
                        place: None,
                    });
                    self.welcome(guest, &mut tasks);
                }
                Ok(None) => break,
                Err(_) => {}
            }
        }
        drop(listener);
        let count = tasks.len();
        say(format_args!(
            "stopping; connections: {count}; once more to stop at once"
        ));
        let until = Instant::now() + self.shared.house.rules.stop_timeout;
        self.closing.send_replace(true);
        self.shared.house.tell_upgraded();
        let second_ring = async {
            while let Ok(mut ready) = stop.readable().await {
                if self.shared.house.stop.rings() > 0 {
                    return;
                }
                ready.clear_ready();
            }
        };
        tokio::select! {
            () = async { while tasks.join_next().await.is_some() {} } => Ended::Clean,
            () = sleep_until(until.into()) => Ended::Forced,
            () = second_ring => Ended::Forced,
        }
    }
}
// ANCHOR_END: close
