//! What every lesson's command needs and no lesson is about: flags in, lines out.
//!
//! - [`Program`] describes a command once; `--help`, the defaults and the errors follow from it.
//! - [`Setting`] is a row in the table of what a lesson can be told; its flag follows from it.
//! - [`ready`] prints the one line on standard output that says where a server listens.
//! - [`notify`] tells the same to a program that has started us and wants to know.
//! - [`say`] prints everything else, on standard error. It waits for no reader and needs none.
//! - [`visible`] shows bytes from the network without letting them control the terminal.

// ANCHOR: imports
#![forbid(unsafe_code)]

mod flags;
mod lines;
mod log;
mod notify;
mod panics;
mod settable;
mod settings;

pub use flags::{ADDR, Arguments, Flag, Program, Row, Table, UsageError};
pub use lines::{Visible, lose, ready, ready_with_tls, say, take_lost, visible};
pub use notify::notify;
pub use settable::{Settable, Whole};
pub use settings::{Bounds, Setting, Unit};
// ANCHOR_END: imports
