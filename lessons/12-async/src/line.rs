//! A connection in the hands of a task.

// ANCHOR: imports
use std::future::poll_fn;
use std::io;
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use lesson02::{Ending, Stream};
use lesson03::Behind;
use lesson07::{Conversation, House, Papers};
use lesson09::Wish;
use lesson10::{Moved, Pipe};
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep_until};

use crate::desk::at_the_desk;
use crate::watch::watch;
// ANCHOR_END: imports

// ANCHOR: line
/// A connection whose task waits wherever a thread would block.
pub(crate) struct AsyncLine {
    house: Arc<House>,
    pipe: Pipe,
    /// The same socket, for the runtime to watch.
    socket: AsyncFd<Arc<TcpStream>>,
    /// Its alarm. It goes off too early rather than be set anew for each deadline.
    alarm: Pin<Box<Sleep>>,
    /// Whether the socket had nothing more to read when we looked last.
    is_empty: bool,
    /// How often something has been sent since something came.
    sends: usize,
}

impl AsyncLine {
    /// A line over a stream. It must be made on the runtime that will watch its socket.
    pub(crate) fn new(house: &Arc<House>, stream: Box<dyn Stream>) -> io::Result<AsyncLine> {
        let limits = &house.gateway.settings.limits;
        let alarm = sleep_until((Instant::now() + limits.head_timeout).into());
        Ok(AsyncLine {
            socket: watch(Arc::clone(stream.socket()))?,
            pipe: Pipe::new(stream, house.gateway.settings.trace),
            house: Arc::clone(house),
            alarm: Box::pin(alarm),
            is_empty: false,
            sends: 0,
        })
    }

    /// Waits for the socket. False: the time is up.
    async fn wait(&mut self, wish: Wish, until: Instant) -> bool {
        poll_fn(|context| self.poll(wish, until, context)).await
    }

    fn poll(&mut self, wish: Wish, until: Instant, context: &mut Context<'_>) -> Poll<bool> {
        // An error shows when we try.
        if self.poll_ready(wish, context).is_ready() {
            return Poll::Ready(true);
        }
        if until < self.alarm.deadline().into_std() {
            self.alarm.as_mut().reset(until.into());
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if Instant::now() >= until {
                return Poll::Ready(false);
            }
            self.alarm.as_mut().reset(until.into());
        }
    }

    fn poll_ready(&mut self, wish: Wish, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = match wish {
            Wish::ToWrite => self.socket.poll_write_ready(context),
            Wish::ToRead | Wish::Nothing => self.socket.poll_read_ready(context),
        };
        guard.map_ok(drop)
    }

    /// Tries something that does not wait.
    ///
    /// Tokio is told by the kernel only when a socket *becomes* ready, and keeps that in mind until
    /// we say that it is over. We may say so only of news that we had before we tried: what comes
    /// while we try, on another thread of the runtime, is news of the next time.
    fn attempt<R>(&mut self, wish: Wish, attempt: impl FnOnce(&mut Pipe) -> (R, IsOver)) -> R {
        let context = &mut Context::from_waker(Waker::noop());
        let news = match wish {
            Wish::ToWrite => self.socket.poll_write_ready(context),
            Wish::ToRead | Wish::Nothing => self.socket.poll_read_ready(context),
        };
        let (result, is_over) = attempt(&mut self.pipe);
        if let (Poll::Ready(Ok(mut news)), IsOver(true)) = (news, is_over) {
            news.clear_ready();
        }
        result
    }

    /// Lets go of the line, for somebody who goes on with it.
    pub(crate) fn into_parts(self) -> (Box<dyn Stream>, AsyncFd<Arc<TcpStream>>) {
        (self.pipe.into_stream(), self.socket)
    }
}

/// Whether a socket is not ready any more.
struct IsOver(bool);

// ANCHOR_END: line

// ANCHOR: moves
impl AsyncLine {
    /// Waits until something has come, and takes it to the desk.
    pub(crate) async fn receive(&mut self, conversation: &mut Conversation, until: Instant) {
        let mut in_time = true;
        if self.is_empty {
            in_time = self.wait(Wish::ToRead, until).await;
        }
        at_the_desk(&self.house.clone(), conversation, |conversation, papers| {
            self.take_in(conversation, papers, in_time);
        });
    }

    fn take_in(&mut self, conversation: &mut Conversation, papers: &mut Papers, in_time: bool) {
        let room = papers.desk.input.room();
        let (moved, is_empty) = self.attempt(Wish::ToRead, |pipe| {
            let (size, moved) = (room.len(), pipe.read(room));
            let is_empty = match moved {
                Moved::Bytes(count) => !pipe.may_have_more(count, size),
                Moved::Blocked => true,
                Moved::Again | Moved::Gone => false,
            };
            ((moved, is_empty), IsOver(is_empty))
        });
        self.is_empty = is_empty;
        if let Some(session) = self.pipe.session() {
            conversation.secured(session);
        }
        match moved {
            Moved::Again => {}
            Moved::Bytes(0) => conversation.input_ended(&self.house, papers),
            Moved::Bytes(count) => {
                self.sends = 0;
                self.house.stats.bytes_in.add(count as u64);
                papers.desk.input.grow(count);
                conversation.received(count, papers, Instant::now());
            }
            Moved::Blocked if in_time => {}
            Moved::Blocked => conversation.timed_out(&self.house, papers),
            Moved::Gone => conversation.client_left(papers),
        }
    }

    /// Sends what lies on the desk.
    pub(crate) async fn send(&mut self, conversation: &mut Conversation, behind: Behind) {
        let lost_at = Instant::now() + self.house.gateway.settings.limits.write_timeout;
        let mut patience = None;
        while let Moved::Blocked =
            at_the_desk(&self.house.clone(), conversation, |conversation, papers| {
                self.put_out(conversation, papers, behind, &mut patience, lost_at)
            })
        {
            let until = patience.unwrap_or(lost_at);
            if !self.wait(Wish::ToWrite, until).await {
                at_the_desk(&self.house.clone(), conversation, |conversation, papers| {
                    conversation.client_left(papers);
                });
            }
        }
    }

    fn put_out(
        &mut self,
        conversation: &mut Conversation,
        papers: &mut Papers,
        behind: Behind,
        patience: &mut Option<Instant>,
        lost_at: Instant,
    ) -> Moved {
        if papers.unsent().is_empty() {
            return Moved::Bytes(0);
        }
        let behind = behind.not_at_once_if(self.sends > 0);
        let moved = self.attempt(Wish::ToWrite, |pipe| {
            let moved = pipe.write(papers.unsent(), behind, patience, lost_at);
            (moved, IsOver(moved == Moved::Blocked))
        });
        match moved {
            Moved::Bytes(count) => {
                self.sends += 1;
                papers.sent(count);
            }
            Moved::Gone => conversation.client_left(papers),
            Moved::Blocked | Moved::Again => {}
        }
        moved
    }

    /// Ends the connection as lesson 2 does.
    pub(crate) async fn close(mut self, ending: Ending) {
        if !self.pipe.end(ending, false) {
            return;
        }
        let patience = self.house.gateway.settings.limits.drain_timeout;
        let until = Instant::now() + patience;
        let mut unread = vec![0; 8 * 1024];
        loop {
            let drained = self.attempt(Wish::ToRead, |pipe| {
                let moved = pipe.drain(&mut unread);
                (moved, IsOver(moved == Moved::Blocked))
            });
            let in_time = match drained {
                Moved::Gone => return,
                Moved::Blocked => self.wait(Wish::ToRead, until).await,
                Moved::Bytes(_) | Moved::Again => Instant::now() < until,
            };
            if !in_time {
                return;
            }
        }
    }
}
// ANCHOR_END: moves
