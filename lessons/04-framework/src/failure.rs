//! A handler that fails: on purpose, with a status, or by accident, with an error.

// ANCHOR: imports
use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::fmt::{self, Debug};

use lesson02::Page;
use lesson03::AppError;

use crate::{Response, Status};
// ANCHOR_END: imports

// ANCHOR: failure
/// Why a handler has no response.
///
/// Every error becomes one with `?`. The client learns of it what [`Failure::status`] was given,
/// and of an accident nothing but the status 500, unless the application runs with
/// [`App::debug`](crate::App::debug).
pub struct Failure(Kind);

enum Kind {
    /// Meant for the client: a status and a sentence.
    Told(Status, String),
    /// Meant for whoever runs the server.
    Accident {
        messages: Vec<String>,
        backtrace: Backtrace,
    },
}

impl Failure {
    /// A failure that the client is told about, such as `Failure::status(404, "no such item")`.
    pub fn status(status: impl Into<Status>, message: impl Into<String>) -> Failure {
        Failure(Kind::Told(status.into(), message.into()))
    }

    /// What a panic leaves behind.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Failure {
        let literal = payload.downcast_ref::<&str>().copied();
        let text = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let messages = vec![format!("panicked: {}", text.unwrap_or("no message"))];
        // The stack has unwound: a backtrace from here would show nothing of the handler.
        Failure(Kind::Accident {
            messages,
            backtrace: Backtrace::disabled(),
        })
    }
    // ANCHOR_END: failure

    // ANCHOR: into_result
    /// What the gateway is given: a response, or an error that it logs and answers with a 500.
    /// While debugging, the answer shows the error.
    pub(crate) fn into_result(self, debug: bool) -> Result<Response, AppError> {
        match self.0 {
            Kind::Told(status, message) => {
                let text = format!("{}: {message}\n", status.0.trim_end());
                Ok(Response::new("text/plain; charset=utf-8", text).with_status(&*status.0))
            }
            Kind::Accident {
                messages,
                backtrace,
            } => {
                let error = AppError::new(messages.join(": "));
                if !debug {
                    return Err(error);
                }
                const STATUS: &str = "500 Internal Server Error";
                let causes = messages.join("\ncaused by: ");
                let backtrace = match backtrace.status() {
                    BacktraceStatus::Captured => format!("\n{backtrace}\n"),
                    _ => String::new(),
                };
                let text = format!("{STATUS}\n\n{causes}\n{backtrace}");
                Err(error.with_page(Page::text(STATUS, text)))
            }
        }
    }
}
// ANCHOR_END: into_result

// ANCHOR: from
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        let mut messages = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            messages.push(cause.to_string());
            source = cause.source();
        }
        Failure(Kind::Accident {
            messages,
            backtrace: Backtrace::force_capture(),
        })
    }
}

impl Debug for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Told(status, message) => write!(out, "{}: {message}", status.0),
            Kind::Accident { messages, .. } => out.write_str(&messages.join(": ")),
        }
    }
}
// ANCHOR_END: from
