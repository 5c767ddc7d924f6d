//! A supervisor and its workers, from outside.

mod alone;
mod end;
mod exercises;
mod machine;
mod planted_failures;
mod python;
mod reload;
mod supervised;
