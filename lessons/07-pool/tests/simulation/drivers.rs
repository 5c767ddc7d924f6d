//! The two drivers: the one of lesson 7, which waits, and one that goes step by step.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use lesson02::{Buffer, Ending, Session, Stream};
use lesson03::{Behind, Protocol, Transport};
use lesson07::{Conversation, Drawer, House, Line, Papers, Step, Upgrader};

use super::kernel::Shared;
use super::planted::Planted;
use super::record::Event;

/// A connection to a scripted client.
pub(crate) struct ScriptedLine {
    kernel: Shared,
}

impl ScriptedLine {
    pub(crate) fn new(kernel: &Shared) -> ScriptedLine {
        ScriptedLine {
            kernel: kernel.clone(),
        }
    }
}

impl Transport for ScriptedLine {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        self.kernel.lock().receive(into, deadline, false)
    }

    fn send(&mut self, bytes: &[u8], behind: Behind) -> io::Result<()> {
        self.kernel.lock().note(Event::Sends(behind));
        let mut sent = 0;
        while sent < bytes.len() {
            sent += self.kernel.lock().send(&bytes[sent..])?;
        }
        Ok(())
    }

    fn sent(&self) -> u64 {
        self.kernel.lock().out.len() as u64
    }

    fn now(&self) -> Instant {
        self.kernel.lock().clock()
    }
}

impl Line for ScriptedLine {
    fn receive(
        &mut self,
        buffer: &mut Buffer,
        deadline: Instant,
        is_resting: bool,
    ) -> io::Result<usize> {
        let came = self
            .kernel
            .lock()
            .receive(buffer.room(), deadline, is_resting)?;
        buffer.grow(came);
        Ok(came)
    }

    fn session(&self) -> Option<&Arc<Session>> {
        None
    }

    fn close(self, ending: Ending) {
        self.kernel.lock().note(Event::Closed(ending));
    }

    fn into_stream(self) -> Box<dyn Stream> {
        Box::new(Nowhere)
    }
}

/// What is handed over in place of a socket.
struct Nowhere;

impl Stream for Nowhere {
    fn socket(&self) -> &Arc<TcpStream> {
        unreachable!("nobody here has a socket")
    }
}

/// Takes connections over, and gives the protocol what came for it.
pub(crate) struct Kettle;

impl Upgrader for Kettle {
    fn protocols(&self) -> &'static str {
        "tea"
    }

    fn take_over(
        &self,
        _stream: Box<dyn Stream>,
        mut protocol: Box<dyn Protocol>,
        mut received: Vec<u8>,
    ) {
        protocol.receive(&mut received, &mut Vec::new());
    }
}

/// A driver that does one thing at a time, and can do another conversation's in between.
pub(crate) struct Stepper {
    kernel: Shared,
    conversation: Conversation,
    wish: Wish,
    /// Whether applications may wait for their client.
    may_wait: bool,
    planted: Planted,
}

/// What it does next.
#[derive(Clone, Copy)]
enum Wish {
    Step,
    Receive(Instant, bool),
    Send(Behind),
    Work,
    Nothing,
}

impl Stepper {
    pub(crate) fn new(kernel: &Shared, conversation: Conversation, may_wait: bool) -> Stepper {
        Stepper {
            kernel: kernel.clone(),
            conversation,
            wish: Wish::Step,
            may_wait,
            planted: Planted::Nothing,
        }
    }

    pub(crate) fn with(self, planted: Planted) -> Stepper {
        Stepper { planted, ..self }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.wish, Wish::Nothing)
    }

    /// Does one thing at a desk that others use as well.
    pub(crate) fn turn(&mut self, house: &House, desk: &mut Box<Papers>, drawer: &mut Drawer) {
        self.conversation.lay_out(desk, drawer);
        self.kernel.enter();
        self.go_on(house, desk);
        self.check_memory(house, desk);
        self.conversation.clear_away(desk, drawer);
    }

    fn go_on(&mut self, house: &House, papers: &mut Papers) {
        let wish = std::mem::replace(&mut self.wish, Wish::Step);
        match wish {
            Wish::Step => self.step(house, papers),
            Wish::Receive(until, is_resting) => self.receive(until, is_resting, house, papers),
            Wish::Send(behind) => self.send(behind, papers),
            Wish::Work => {
                let mut line = ScriptedLine::new(&self.kernel);
                let transport = self.may_wait.then_some(&mut line);
                self.conversation.work(house, papers, transport);
            }
            Wish::Nothing => self.wish = Wish::Nothing,
        }
    }

    fn step(&mut self, house: &House, papers: &mut Papers) {
        let now = self.kernel.lock().clock();
        self.wish = match self.conversation.step(house, papers, now) {
            Step::Receive(until) => Wish::Receive(until, self.conversation.is_resting()),
            Step::Send(behind) => Wish::Send(self.planted.mistake(behind)),
            Step::Work => Wish::Work,
            Step::Upgrade(protocol) => {
                let received = papers.desk.input.received().to_vec();
                papers.desk.input.use_up(received.len());
                house.hand_over(Box::new(Nowhere), protocol, received);
                Wish::Nothing
            }
            Step::End(ending) => {
                self.kernel.lock().note(Event::Closed(ending));
                Wish::Nothing
            }
        };
        if self
            .planted
            .closes_early(&self.kernel, self.wish_is_to_receive())
        {
            self.kernel.lock().note(Event::Closed(Ending::Clean));
            self.wish = Wish::Nothing;
        }
    }

    fn wish_is_to_receive(&self) -> bool {
        matches!(self.wish, Wish::Receive(..))
    }

    fn receive(&mut self, until: Instant, is_resting: bool, house: &House, papers: &mut Papers) {
        let room = papers.desk.input.room();
        let came = self.kernel.lock().receive(room, until, is_resting);
        match came {
            Ok(0) => self.conversation.input_ended(house, papers),
            Ok(count) => {
                papers.desk.input.grow(count);
                let now = self.kernel.lock().clock();
                self.conversation.received(count, papers, now);
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                self.planted.dawdle(&self.kernel);
                self.conversation.timed_out(house, papers);
            }
            Err(_) => self.conversation.client_left(papers),
        }
    }

    fn send(&mut self, behind: Behind, papers: &mut Papers) {
        self.kernel.lock().note(Event::Sends(behind));
        let sent = self.kernel.lock().send(papers.unsent());
        match sent {
            Ok(count) => papers.sent(count),
            Err(_) if self.planted.forgets_who_left(&self.kernel) => {
                self.kernel.lock().note(Event::Closed(Ending::Reset));
                std::mem::forget(std::mem::take(papers));
                self.wish = Wish::Nothing;
            }
            Err(_) => self.conversation.client_left(papers),
        }
    }

    /// What a conversation holds is bounded by what the house allows, whatever its client does.
    fn check_memory(&self, house: &House, papers: &Papers) {
        const ROOM: usize = 8 * 1024;
        const KEPT_OUTPUT: usize = 64 * 1024;
        let most = house.gateway.settings.limits.head_bytes + ROOM;
        let input = papers.desk.input.received().len();
        let output = &papers.desk.output;
        let is_too_much = input > most || output.is_empty() && output.capacity() > KEPT_OUTPUT;
        if is_too_much {
            let text = format!("memory: {input} bytes of input, {}", output.capacity());
            self.kernel.lock().note(Event::Noticed(text));
        }
    }
}
