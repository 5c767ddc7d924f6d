//! Sessions without a socket and without a clock: the tests say what comes and what time it is.

mod ending;
mod heartbeat;
mod splits;
mod table;
mod talker;
