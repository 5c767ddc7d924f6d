//! The forking server as a process among processes: over real sockets, with real signals.

mod children;
mod exercises;
mod failing;
mod planted;
mod running;
mod stopping;
