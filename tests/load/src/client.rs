//! The client: one thread that sends what is due, receives what has come, and never waits for one
//! of them.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use kit::cores::{apart, on_cores};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use crate::descriptors::MoreDescriptors;
use crate::line::{Line, Step};
use crate::{Failure, Outcome, Plan, Progress, Record};

/// How often somebody who watches is told how far things are.
const FRAME: Duration = Duration::from_millis(50);

/// After so many requests that are due, answers are looked at again.
const AT_A_TIME: usize = 64;

impl Plan {
    /// Carries it out, on a core of its own where there are two. `watch` is called again and again
    /// meanwhile, and may break it off: then what was on its way has failed as `Stopped`.
    ///
    /// What becomes of single requests is in the outcome; this fails only if the client itself
    /// does.
    pub fn run(
        &self,
        mut watch: impl FnMut(&Progress) -> ControlFlow<()> + Send,
    ) -> io::Result<Outcome> {
        self.run_in_sight(|progress, _records| watch(progress))
    }

    /// The same for somebody who wants to see each request meanwhile, in the order in which they
    /// were due. What is on its way has failed as `Stopped`, until it is known better.
    pub fn run_in_sight(
        &self,
        watch: impl FnMut(&Progress, &[Record]) -> ControlFlow<()> + Send,
    ) -> io::Result<Outcome> {
        let (_, ours) = apart();
        on_cores(&ours, || Client::new(self)?.run(watch))?
    }
}

struct Client<'p> {
    plan: &'p Plan,
    question: Vec<u8>,
    epoll: OwnedFd,
    began: Instant,
    lines: Vec<Option<Line>>,
    /// Places in `lines` where there is none.
    free: Vec<usize>,
    /// Places of lines that are kept and on which nothing is on its way.
    idle: Vec<usize>,
    records: Vec<Record>,
    /// The place of the line on which each request is on its way.
    places: Vec<Option<usize>>,
    /// The first request that may still be on its way: all before it are over.
    oldest: usize,
    progress: Progress,
    room: Vec<u8>,
    _descriptors: MoreDescriptors,
}

impl Client<'_> {
    fn new(plan: &Plan) -> io::Result<Client<'_>> {
        Ok(Client {
            plan,
            question: plan.question.bytes(),
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            began: Instant::now(),
            lines: Vec::new(),
            free: Vec::new(),
            idle: Vec::new(),
            records: Vec::with_capacity(plan.schedule.len()),
            places: Vec::with_capacity(plan.schedule.len()),
            oldest: 0,
            progress: Progress::default(),
            room: vec![0; 64 * 1024],
            _descriptors: MoreDescriptors::for_lines(plan.most_at_once),
        })
    }

    fn run(
        mut self,
        mut watch: impl FnMut(&Progress, &[Record]) -> ControlFlow<()>,
    ) -> io::Result<Outcome> {
        let mut events: Vec<Event> = Vec::with_capacity(256);
        let mut next_frame = Duration::ZERO;
        let mut stopped = false;
        self.began = Instant::now();
        loop {
            self.send_what_is_due();
            self.give_up();
            let now = self.look_at_the_clock();
            if now >= next_frame {
                next_frame = now + FRAME;
                stopped = watch(&self.progress, &self.records).is_break();
            }
            if stopped || self.is_over() {
                break;
            }
            self.wait(next_frame, &mut events)?;
            for event in events.drain(..) {
                // A token is a place.
                self.advance(event.data.u64() as usize);
            }
        }
        for request in self.oldest..self.records.len() {
            if self.places[request].is_some() {
                self.end(request, Err(Failure::Stopped));
            }
        }
        Ok(Outcome {
            records: self.records,
            tolerance: self.plan.tolerance,
            stopped,
        })
    }

    fn look_at_the_clock(&mut self) -> Duration {
        self.progress.now = self.began.elapsed();
        self.progress.now
    }

    /// Whether nothing is due any more and nothing on its way.
    fn is_over(&self) -> bool {
        self.records.len() == self.plan.schedule.len() && self.oldest == self.records.len()
    }

    /// Sends every request whose moment has come, in its order.
    fn send_what_is_due(&mut self) {
        for _ in 0..AT_A_TIME {
            let now = self.look_at_the_clock();
            match self.plan.schedule.due(self.records.len()) {
                Some(due) if due <= now => self.send(due, now),
                _ => return,
            }
        }
    }

    fn send(&mut self, due: Duration, now: Duration) {
        let request = self.records.len();
        self.records.push(Record {
            due,
            sent: Some(now),
            over: now,
            // Until it is known better.
            result: Err(Failure::Stopped),
            answer: Vec::new(),
        });
        self.places.push(None);
        self.progress.due += 1;
        let on_their_way = self.lines.len() - self.free.len() - self.idle.len();
        if on_their_way >= self.plan.most_at_once {
            self.records[request].sent = None;
            return self.end(request, Err(Failure::NotSent));
        }
        match self.line() {
            Ok(place) => {
                self.places[request] = Some(place);
                if let Some(line) = &mut self.lines[place] {
                    line.ask(request);
                }
                self.advance(place);
            }
            Err(failure) => self.end(request, Err(failure)),
        }
    }

    /// A line that was kept, the one that was in use last, or else a new one.
    fn line(&mut self) -> Result<usize, Failure> {
        while let Some(place) = self.idle.pop() {
            if self.is_open(place) {
                return Ok(place);
            }
            self.close(place);
        }
        let place = self.free.pop().unwrap_or(self.lines.len());
        if place == self.lines.len() {
            self.lines.push(None);
        }
        let token = (&self.epoll, place as u64);
        match Line::open(self.plan.address, self.plan.keeps_answers, token) {
            Ok(line) => self.lines[place] = Some(line),
            Err(failure) => {
                self.free.push(place);
                return Err(failure);
            }
        }
        Ok(place)
    }

    /// Lets a line do what it can.
    fn advance(&mut self, place: usize) {
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_mut) else {
            return;
        };
        let Some(request) = line.request() else {
            return self.look_after_idle(place);
        };
        let (result, persists) = match line.advance(&self.question, &mut self.room) {
            Step::Waiting => return,
            Step::Answered { status, persists } => (Ok(status), persists),
            Step::Failed(failure) => (Err(failure), false),
        };
        if let Some(answer) = &mut line.answer {
            self.records[request].answer = std::mem::take(answer);
        }
        if persists && self.plan.question.keeps() {
            line.rest();
            self.idle.push(place);
        } else {
            self.close(place);
        }
        self.end(request, result);
    }

    /// Something has happened on a line on which nothing was on its way: mostly its end.
    fn look_after_idle(&mut self, place: usize) {
        if !self.is_open(place) {
            self.idle.retain(|&idle| idle != place);
            self.close(place);
        }
    }

    /// Whether a line on which nothing is on its way can be used again.
    fn is_open(&mut self, place: usize) -> bool {
        let line = self.lines[place].as_mut();
        // Nothing is sent: there is no question.
        line.is_some_and(|line| matches!(line.advance(&[], &mut self.room), Step::Waiting))
    }

    fn close(&mut self, place: usize) {
        // The kernel takes it out of epoll when it is closed.
        self.lines[place] = None;
        self.free.push(place);
    }

    /// What has become of a request is known now.
    fn end(&mut self, request: usize, result: Result<u16, Failure>) {
        self.records[request].over = self.began.elapsed();
        self.records[request].result = result;
        self.places[request] = None;
        match result {
            Ok(_) => self.progress.answered += 1,
            Err(_) => self.progress.failed += 1,
        }
    }

    /// Nobody waits for ever. Requests are due in their order, so patience ends in it, too.
    fn give_up(&mut self) {
        let now = self.look_at_the_clock();
        while let Some(record) = self.records.get(self.oldest) {
            if let Some(place) = self.places[self.oldest] {
                if record.due + self.plan.patience > now {
                    return;
                }
                self.close(place);
                self.end(self.oldest, Err(Failure::Late));
            }
            self.oldest += 1;
        }
    }

    /// Sleeps until something comes, something is due, somebody's patience ends, or somebody
    /// wants to see how far we are.
    fn wait(&self, next_frame: Duration, events: &mut Vec<Event>) -> io::Result<()> {
        let due = self.plan.schedule.due(self.records.len());
        let oldest = self.records.get(self.oldest);
        let patience = oldest.map(|record| record.due + self.plan.patience);
        let next = [Some(next_frame), due, patience];
        let next = next.into_iter().flatten().min().unwrap_or(next_frame);
        let left = next.saturating_sub(self.began.elapsed());
        let timeout = Timespec::try_from(left).unwrap_or_default();
        // epoll_wait counts in milliseconds, ppoll in nanoseconds.
        let mut ready = [PollFd::new(&self.epoll, PollFlags::IN)];
        match poll(&mut ready, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        match epoll::wait(
            &self.epoll,
            spare_capacity(events),
            Some(&Timespec::default()),
        ) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
