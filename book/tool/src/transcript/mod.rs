//! Transcripts: what the book shows of a terminal is run again and compared.

pub mod command;
pub mod difference;
pub mod equipment;
pub mod normalise;
pub mod port;
pub mod run;
pub mod script;
mod session;
pub mod terminal;
mod tools;
