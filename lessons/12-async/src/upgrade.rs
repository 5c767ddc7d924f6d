//! Another protocol, in the task that has the connection already.

// ANCHOR: imports
use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use lesson03::Protocol;
use lesson07::House;
use lesson09::{DriverLimits, Ready, Scratch, Upgraded, Wish};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::sleep_until;

use crate::line::AsyncLine;
// ANCHOR_END: imports

// ANCHOR: upgrade
/// Gives the protocol its turns until it is over: the turns of lesson 9, and an `.await` between
/// any two of them.
pub(crate) async fn speak(
    house: &House,
    line: AsyncLine,
    protocol: Box<dyn Protocol>,
    received: Vec<u8>,
) {
    let (stream, socket) = line.into_parts();
    let mut upgraded = Upgraded::new(stream, protocol, received);
    let called = Arc::new(Called::default());
    upgraded.open(Waker::from(Arc::clone(&called)));
    if house.is_closing() {
        house.tell_upgraded(); // It came too late to be told with the others.
    }
    let limits = DriverLimits::default();
    let mut ready = Ready::TO_BOTH;
    while take_turn(&mut upgraded, ready, &limits, &socket) {
        // Asked here: a reference to it could not go along to another thread, which an `.await` may.
        let (wish, until) = (upgraded.wish(), upgraded.next_turn());
        ready = match upgraded.has_more() {
            true => {
                yield_now().await;
                Ready::TO_READ
            }
            false => wait(wish, until, &socket, &called).await,
        };
    }
    upgraded.lost();
}

/// One turn. False: the connection is gone, or shall be.
fn take_turn(
    upgraded: &mut Upgraded,
    ready: Ready,
    limits: &DriverLimits,
    socket: &AsyncFd<Arc<TcpStream>>,
) -> bool {
    let news = socket.poll_write_ready(&mut Context::from_waker(Waker::noop()));
    let turn =
        SCRATCH.with_borrow_mut(|scratch| upgraded.turn(ready, Instant::now(), limits, scratch));
    // If something is left unsent, there was no room, and the runtime has to be told.
    if let (Poll::Ready(Ok(mut news)), Wish::ToWrite) = (news, upgraded.wish()) {
        news.clear_ready();
    }
    turn.is_ok()
}

thread_local! {
    /// No handler can `.await` in the middle of a turn, so one for each thread is enough.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Waits for whatever lets the protocol go on, and says what that is.
async fn wait(
    wish: Wish,
    until: Option<Instant>,
    socket: &AsyncFd<Arc<TcpStream>>,
    called: &Called,
) -> Ready {
    let time_is_up = async {
        match until {
            Some(until) => sleep_until(until.into()).await,
            None => pending().await,
        }
    };
    tokio::select! {
        ready = is_ready(wish, socket) => ready,
        () = called.0.notified() => Ready::NOT,
        () = time_is_up => Ready::NOT,
    }
}

/// Waits until the socket is ready for this. To be sure that there is something to read we have a
/// look: the turn itself reads once, and does not say whether that was all.
async fn is_ready(wish: Wish, socket: &AsyncFd<Arc<TcpStream>>) -> Ready {
    let outcome: io::Result<()> = match wish {
        Wish::Nothing => pending().await,
        Wish::ToWrite => socket.writable().await.map(drop),
        Wish::ToRead => {
            let look = |socket: &Arc<TcpStream>| socket.peek(&mut [0]);
            socket.async_io(Interest::READABLE, look).await.map(drop)
        }
    };
    // An error shows when we try.
    match (wish, outcome) {
        (Wish::ToWrite, _) => Ready {
            to_read: false,
            to_write: true,
        },
        _ => Ready::TO_READ,
    }
}

/// What a protocol calls, from any thread, when it wants to have a turn.
#[derive(Default)]
struct Called(Notify);

impl Wake for Called {
    fn wake(self: Arc<Called>) {
        self.0.notify_one();
    }

    fn wake_by_ref(self: &Arc<Called>) {
        self.0.notify_one();
    }
}
// ANCHOR_END: upgrade
