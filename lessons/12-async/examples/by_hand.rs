//! A future, polled by hand: a readiness to wait for, a waker to be woken by, and an executor that
//! asks again. It serves.
//!
//! `cargo run -p lesson12 --example by_hand`

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, ErrorKind, Read, Write};
use std::mem::replace;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use lesson01::resolve;
use lesson09::{Places, Poller, Token, Wish};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "by_hand",
    about: "Two hundred lines in the place of tokio.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let listener = TcpListener::bind(resolve(flags.text("addr"))?)?;
        listener.set_nonblocking(true)?;
        ready(PROGRAM.name, listener.local_addr()?);
        Ok(run(accept(listener))?)
    })
}

// ANCHOR: serve
/// Accepts for ever. It reads like lesson 1.
async fn accept(listener: TcpListener) {
    loop {
        match listener.accept() {
            Ok((client, _)) => spawn(async { drop(serve(client).await) }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                ready_to(Wish::ToRead, &listener).await;
            }
            Err(_) => {} // It concerns a client who has left already.
        }
    }
}

/// Reads a head, and answers. Wherever lesson 1 would block, it says `.await`.
async fn serve(mut client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(true)?;
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") && head.len() < 8192 {
        match client.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => head.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                ready_to(Wish::ToRead, &client).await;
            }
            Err(error) => return Err(error),
        }
    }
    // So little has room in every socket.
    client.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nHello, World!\n",
    )
}
// ANCHOR_END: serve

// ANCHOR: readiness
thread_local! {
    static EXECUTOR: Executor = Executor::default();
}

/// Everything that there is once.
#[derive(Default)]
struct Executor {
    poller: RefCell<Option<Poller>>,
    /// Whom to wake, for each socket that is waited for.
    waiting: RefCell<Places<Waker>>,
    tasks: RefCell<Places<Task>>,
    /// Those that want to be polled.
    woken: Arc<Mutex<Vec<Token>>>,
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Waits until a socket is ready. A future of two states: polled for the first time, it leaves word
/// with the poller; polled again, it is done.
struct Readiness<'s, S: AsFd> {
    socket: &'s S,
    wish: Wish,
    token: Option<Token>,
}

impl<S: AsFd> Readiness<'_, S> {
    fn tell_poller(&self, token: Token, before: Wish, wish: Wish) {
        EXECUTOR.with(|executor| {
            let poller = executor.poller.borrow();
            // Should the kernel have no memory for it, this one waits for ever. Tokio would say so.
            let _ = poller
                .as_ref()
                .map(|it| it.change(self.socket, token, before, wish));
        });
    }
}

impl<S: AsFd> Future for Readiness<'_, S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.token.is_some() {
            return Poll::Ready(()); // Its task waits for nothing else, so this is why it was woken.
        }
        let waker = context.waker().clone();
        let token = EXECUTOR.with(|executor| executor.waiting.borrow_mut().seat(waker));
        self.tell_poller(token, Wish::Nothing, self.wish);
        self.token = Some(token);
        Poll::Pending
    }
}

fn ready_to<S: AsFd>(wish: Wish, socket: &S) -> Readiness<'_, S> {
    let token = None;
    Readiness {
        socket,
        wish,
        token,
    }
}

/// Done, or given up: nobody is to be woken any more.
impl<S: AsFd> Drop for Readiness<'_, S> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            self.tell_poller(token, self.wish, Wish::Nothing);
            EXECUTOR.with(|executor| executor.waiting.borrow_mut().leave(token));
        }
    }
}
// ANCHOR_END: readiness

// ANCHOR: executor
/// What a task is woken by: its name is put on a list.
struct Wakes(Token, Arc<Mutex<Vec<Token>>>);

impl Wake for Wakes {
    fn wake(self: Arc<Wakes>) {
        lock(&self.1).push(self.0);
    }
}

fn spawn(task: impl Future<Output = ()> + 'static) {
    EXECUTOR.with(|executor| {
        let token = executor.tasks.borrow_mut().seat(Box::pin(task));
        Arc::new(Wakes(token, Arc::clone(&executor.woken))).wake();
    });
}

/// Polls the tasks that were woken, and sleeps when there are none.
fn run(first: impl Future<Output = ()> + 'static) -> io::Result<()> {
    EXECUTOR.with(|executor| {
        *executor.poller.borrow_mut() = Some(Poller::new()?);
        spawn(first);
        loop {
            let round = std::mem::take(&mut *lock(&executor.woken));
            for token in &round {
                executor.poll(*token);
            }
            if round.is_empty() {
                executor.sleep()?;
            }
        }
    })
}

impl Executor {
    fn poll(&self, token: Token) {
        let waker = Waker::from(Arc::new(Wakes(token, Arc::clone(&self.woken))));
        // Out of its place meanwhile, for it may spawn others.
        let task = self
            .tasks
            .borrow_mut()
            .get_mut(token)
            .map(|task| replace(task, Box::pin(async {})));
        let Some(mut task) = task else { return };
        let polled = task.as_mut().poll(&mut Context::from_waker(&waker));
        let mut tasks = self.tasks.borrow_mut();
        match (polled, tasks.get_mut(token)) {
            (Poll::Pending, Some(place)) => *place = task,
            _ => drop(tasks.leave(token)),
        }
    }

    fn sleep(&self) -> io::Result<()> {
        let mut poller = self.poller.borrow_mut();
        let Some(poller) = poller.as_mut() else {
            return Ok(());
        };
        poller.wait(None)?;
        while let Some((token, _)) = poller.next_ready() {
            if let Some(waker) = self.waiting.borrow_mut().get_mut(token) {
                waker.wake_by_ref();
            }
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
// ANCHOR_END: executor
