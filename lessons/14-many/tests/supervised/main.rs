//! A supervisor and its workers, from outside.

mod alone;
mod end;
mod machine;
mod python;
mod reload;
mod supervised;
