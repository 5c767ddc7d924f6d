//! Lesson 7 over real sockets: what a connection, the pool and the end of a server do.

mod applications;
mod connections;
mod exercises;
mod faults;
mod framing;
mod house;
mod joints;
mod load;
mod mean;
mod planted_failures;
mod pool;
mod stopping;
mod upgrade;
