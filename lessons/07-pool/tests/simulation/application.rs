//! The application: does for each request what its plan says, and leaves a record.

use std::io::{Read, Write};

use lesson02::Page;
use lesson03::{AppError, Application, Body, Environ, StartResponse, Writer, pause};

use super::bodies::{Pieces, Tea};
use super::kernel::Shared;
use super::letters::stretch;
use super::plan::{Act, Plan, Returns};
use super::record::{Event, Failing};

/// The page of an application that wants to be told apart from the server.
const OWN_PAGE: &str = "409 Conflict";

/// Plays every application of a house.
pub(crate) struct Player {
    pub(crate) kernels: Vec<Shared>,
}

impl Application for Player {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let path = environ.request().path().to_owned();
        let mut numbers = path.split('/').skip(1).map(|part| part.parse::<usize>());
        let (Some(Ok(talk)), Some(Ok(number))) = (numbers.next(), numbers.next()) else {
            return Err(AppError::new(format!("nobody plans for {path}")));
        };
        let kernel = self.kernels[talk].clone();
        let script = kernel.lock().talk.clone();
        kernel.lock().note(Event::Called(number));
        let part = Part {
            kernel,
            number,
            plan: &script.plans[number],
        };
        part.play(environ, start_response)
    }
}

struct Part<'p> {
    kernel: Shared,
    number: usize,
    plan: &'p Plan,
}

impl Part<'_> {
    fn note(&self, event: Event) {
        self.kernel.lock().note(event);
    }

    fn fails(&self, how: Failing) -> AppError {
        self.note(Event::Fails(self.number, how));
        let error = AppError::new("as planned");
        match how {
            Failing::Page => error.with_page(Page::text(OWN_PAGE, "as planned")),
            _ => error,
        }
    }

    fn play(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let mut start_response = Some(start_response);
        let mut writer: Option<Writer<'_>> = None;
        let (mut read, mut written) = (0, 0);
        for act in &self.plan.acts {
            match *act {
                Act::Pause(time) => pause(time),
                Act::Read(most, call) => {
                    let outcome = self.read(environ, most, call, &mut read);
                    if outcome.is_err() {
                        self.note(Event::ReadFails(self.number));
                        if self.plan.passes_errors_on {
                            return Err(self.fails(Failing::Input));
                        }
                    }
                }
                Act::Begin => {
                    if let Some(start_response) = start_response.take() {
                        writer = Some(self.begin(start_response)?);
                    }
                }
                Act::Write(count) => {
                    let Some(writer) = &mut writer else { continue };
                    self.note(Event::Made(self.number, count));
                    let data = stretch(self.number, written, count);
                    written += count;
                    if writer.write_all(data).is_err() && self.plan.passes_errors_on {
                        return Err(self.fails(Failing::Output));
                    }
                }
                Act::Fail => return Err(self.fails(Failing::Error)),
                Act::FailWithPage => return Err(self.fails(Failing::Page)),
                Act::Panic => {
                    self.note(Event::Fails(self.number, Failing::Panic));
                    panic!("as planned");
                }
            }
        }
        Ok(self.body(written))
    }

    fn read(
        &self,
        environ: &mut Environ<'_>,
        most: usize,
        call: usize,
        read: &mut usize,
    ) -> std::io::Result<()> {
        let mut buffer = vec![0; call];
        let mut left = most;
        while left > 0 {
            let room = left.min(call);
            let count = environ.input().read(&mut buffer[..room])?;
            if count == 0 {
                return Ok(());
            }
            if buffer[..count] != *stretch(self.number, *read, count) {
                self.note(Event::ReadWrong(self.number));
            }
            *read += count;
            left -= count;
        }
        Ok(())
    }

    fn begin<'w>(&self, start_response: StartResponse<'_, 'w>) -> Result<Writer<'w>, AppError> {
        let (marker, length) = (self.number.to_string(), self.plan.announces);
        let length = length.map(|length| length.to_string()).unwrap_or_default();
        let headers = [("X-Request", marker.as_str()), ("Content-Length", &length)];
        let count = if length.is_empty() { 1 } else { 2 };
        let begun = start_response.begin(self.plan.status, &headers[..count]);
        begun.map_err(|_| self.fails(Failing::Begin))
    }

    fn body(&self, written: usize) -> Body {
        let (kernel, number) = (self.kernel.clone(), self.number);
        let is_dropped = matches!(self.plan.returns, Returns::Chunks(..) | Returns::Upgrade);
        self.note(Event::Returned(number, is_dropped));
        match &self.plan.returns {
            Returns::Nothing => Body::Empty,
            Returns::Bytes(count) => {
                self.note(Event::Made(number, *count));
                Body::from(stretch(number, written, *count).to_vec())
            }
            Returns::Chunks(pieces, says_how_many) => Body::Chunks(Box::new(Pieces {
                kernel,
                number,
                rest: pieces.iter().rev().copied().collect(),
                position: written,
                says_how_many: *says_how_many,
                drop_panics: self.plan.drop_panics,
            })),
            Returns::Upgrade => Body::Upgrade(Box::new(Tea { kernel, number })),
        }
    }
}
