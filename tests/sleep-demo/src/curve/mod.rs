//! The latency experiment as a curve: how long people wait, at one rate after the other.
//!
//! ```text
//! work      what each request costs the server: a sleep, or processor time
//! entry     which servers, how they are started, and how many requests each serves at once
//! climb     which rate is next
//! turn      one server at one rate after the other, until its knee is known
//!   point   what happened at one rate, and whether the server kept up
//!   knee    where it stopped to keep up, and where theory has it
//! curve     all points of a server
//! report    all curves as data; text, overview, drawing, table and page show them
//! files     the files that the book shows
//! ```

pub mod climb;
pub mod drawing;
pub mod entry;
pub mod files;
pub mod knee;
pub mod overview;
pub mod page;
pub mod point;
pub mod report;
pub mod table;
pub mod text;
pub mod turn;
pub mod work;
