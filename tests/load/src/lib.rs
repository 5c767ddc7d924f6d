//! An open loop: requests that are sent when they are due, whether or not the ones before them
//! were answered.
//!
//! A client that waits for an answer before it asks again is a *closed* loop. Let the server stall
//! for a second: such a client stops asking for a second, so one request is slow, and all those
//! that people would have sent meanwhile are missing from its figures. That mistake is called
//! *coordinated omission*: the client takes care not to ask while the answer would look bad. Here
//! the moments of all requests are known before the first is sent, and how long a request took is
//! counted from the moment at which it was *due*.
//!
//! ```text
//! schedule    when is each request due?
//! question    what is asked, and on which connections
//! plan        both together, and how long anybody waits
//!   client    one thread that sends, receives and looks at the clock
//!     line    one of its connections
//!       reader  where does the answer end?
//!   descriptors  as many as there may be connections
//! record      what became of one request
//! outcome     what became of all: percentiles, errors by reason, whether the schedule was kept
//! ```
//!
//! It is used like this:
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use std::time::Duration;
//! use load::{Plan, Question, Schedule};
//!
//! let address = "127.0.0.1:8888".parse().unwrap();
//! let question = Question::get("127.0.0.1:8888", "/sleep?ms=50");
//! let schedule = Schedule::even(200.0, Duration::from_secs(2));
//! let plan = Plan::new(address, question, schedule);
//! let outcome = plan.run(|_progress| ControlFlow::Continue(()))?;
//! match outcome.not_as_asked() {
//!     Some(why) => println!("this says nothing about the server: {why}"),
//!     None => println!("p99 {:?}", outcome.latency(990)),
//! }
//! for (reason, count) in outcome.failures() {
//!     println!("{count} × {reason}");
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! `Question::post` sends a body, `Question::kept` uses connections again, and
//! `Plan::patience` is how long anybody waits before giving up. Each request is in
//! `Outcome::records`, with the moment at which it was due, sent and over. The client runs on the
//! last core that we may use, if there are two; start servers on the others with
//! [`kit::cores::apart`].

#![forbid(unsafe_code)]

mod client;
mod descriptors;
mod line;
mod outcome;
mod plan;
mod question;
pub mod reader;
mod record;
mod schedule;

pub use outcome::{NotAsAsked, Outcome};
pub use plan::{Plan, Progress};
pub use question::Question;
pub use record::{Failure, Record};
pub use schedule::{MOST, Schedule};
