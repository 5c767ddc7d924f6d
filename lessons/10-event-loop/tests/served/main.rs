//! The loop over real connections: who is served while others are quiet, slow, greedy or gone.

mod faults;
mod gathered;
mod greedy;
mod house;
mod idle;
mod limits;
mod mean;
mod panics;
mod reading;
mod sockets;
mod stopping;
mod workers;
