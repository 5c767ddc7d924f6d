//! The loop over real connections: who is served while others are quiet, slow, greedy or gone.

mod exercises;
mod faults;
mod gathered;
mod greedy;
mod house;
mod idle;
mod limits;
mod mean;
mod panics;
mod planted_failures;
mod reading;
mod secured;
mod sockets;
mod stopping;
mod workers;
