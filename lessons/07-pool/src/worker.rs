//! The driver: a thread that may wait.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use lesson02::{Buffer, Connection, Ending, Session, Stream};
use lesson03::{Behind, Client, Transport};

use crate::conversation::{Conversation, Step};
use crate::house::House;
use crate::papers::Papers;
use crate::seat::Seat;
// ANCHOR_END: imports

// ANCHOR: converse
// ANCHOR: driver
/// Does what the conversation needs, one thing after the other, and waits wherever that means to
/// wait: receive, send, work, or end.
pub fn converse<L: Line>(
    house: &House,
    mut line: L,
    mut conversation: Conversation,
    papers: &mut Papers,
) {
    loop {
        match conversation.step(house, papers, line.now()) {
            Step::Receive(deadline) => {
                let is_resting = conversation.is_resting();
                let came = line.receive(&mut papers.desk.input, deadline, is_resting);
                if let Some(session) = line.session() {
                    conversation.secured(session);
                }
                match came {
                    Ok(0) => conversation.input_ended(house, papers),
                    Ok(count) => conversation.received(count, papers, line.now()),
                    Err(error) if error.kind() == ErrorKind::TimedOut => {
                        conversation.timed_out(house, papers);
                    }
                    Err(_) => conversation.client_left(papers),
                }
            }
            Step::Send(behind) => send(&mut line, &mut conversation, papers, behind),
            Step::Work => conversation.work(house, papers, Some(&mut line)),
            Step::Upgrade(protocol) => {
                let received = papers.take_received();
                return house.hand_over(line.into_stream(), protocol, received);
            }
            Step::End(ending) => return line.close(ending),
        }
    }
}
// ANCHOR_END: driver

fn send<L: Line>(
    line: &mut L,
    conversation: &mut Conversation,
    papers: &mut Papers,
    behind: Behind,
) {
    let before = line.sent();
    let sent = line.send(papers.unsent(), behind);
    // After a failure this is a part of it.
    papers.sent((line.sent() - before) as usize);
    if sent.is_err() {
        conversation.client_left(papers);
    }
}
// ANCHOR_END: converse

// ANCHOR: line
/// What a driver needs of a connection beside what applications need.
pub trait Line: Transport {
    /// Receives into the buffer, but not beyond the deadline; 0 means that the client is done.
    /// While a conversation is resting, a server that stops may end the wait.
    fn receive(
        &mut self,
        buffer: &mut Buffer,
        deadline: Instant,
        is_resting: bool,
    ) -> io::Result<usize>;

    /// What was agreed on with the client, if the connection is secured by now.
    fn session(&self) -> Option<&Arc<Session>>;

    /// Ends the connection.
    fn close(self, ending: Ending);

    /// Lets go of the connection without ending it.
    fn into_stream(self) -> Box<dyn Stream>;
}

/// A blocking connection in the hands of a worker on its seat.
pub(crate) struct Seated<'h> {
    house: &'h House,
    seat: &'h Seat,
    connection: Connection,
}

impl<'h> Seated<'h> {
    pub(crate) fn new(house: &'h House, seat: &'h Seat, client: Client) -> Seated<'h> {
        let settings = &house.gateway.settings;
        let stream = house.stream(client.stream);
        seat.take(Arc::clone(stream.socket()));
        let (accepted, limits) = (client.accepted, &settings.limits);
        let connection = Connection::over(stream, accepted, limits, settings.trace);
        Seated {
            house,
            seat,
            connection,
        }
    }

    /// Lets go of the connection, so that it can end.
    fn leave(&mut self) {
        self.seat.leave();
        self.count();
    }

    fn count(&mut self) {
        let received = self.connection.take_received();
        self.house.stats.bytes_in.add(received);
    }
}

impl Line for Seated<'_> {
    fn receive(
        &mut self,
        buffer: &mut Buffer,
        deadline: Instant,
        is_resting: bool,
    ) -> io::Result<usize> {
        self.count();
        if !is_resting {
            return self.connection.receive(buffer, deadline);
        }
        self.connection.begin_request();
        self.seat.rest(true);
        // Asked after that: either a stop sees that we rest, or we see the stop.
        let deadline = self.house.patience(deadline, Instant::now());
        let came = self.connection.receive(buffer, deadline);
        self.seat.rest(false);
        came
    }

    fn session(&self) -> Option<&Arc<Session>> {
        self.connection.stream().session()
    }

    fn close(mut self, ending: Ending) {
        self.leave();
        let limits = &self.house.gateway.settings.limits;
        self.connection.close(ending, limits);
    }

    fn into_stream(mut self) -> Box<dyn Stream> {
        self.leave();
        self.connection.into_stream()
    }
}

impl Transport for Seated<'_> {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        self.connection.read(into, deadline)
    }

    fn send(&mut self, bytes: &[u8], behind: Behind) -> io::Result<()> {
        Transport::send(&mut self.connection, bytes, behind)
    }

    fn sent(&self) -> u64 {
        self.connection.sent()
    }
}
// ANCHOR_END: line
