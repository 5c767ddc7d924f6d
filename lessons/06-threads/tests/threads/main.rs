//! Lesson 6 from outside: the real binary, real sockets, real signals.

mod exercises;
mod library;
mod limits;
mod planted;
mod run;
mod running;
mod stopping;
mod waiting;
