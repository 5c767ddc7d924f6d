//! Three machines behind a balancer, under load that does not wait for them.
//!
//! ```text
//! ground     where the lab stands: on 127.0.0.1 to 4, or in network namespaces of its own
//!   machine  one of three: starts, stops, dies, freezes, is cut off
//!   balancer HAProxy, with lesson 14's configuration as it is
//! lab        all of them
//! scene      what happens to whom, while GET and POST keep coming
//!   cells    who has answered in which tenth of a second
//! report     what became of all requests: the cells, and a table
//!   timeline the cells as a drawing
//!   page     all of it as one page
//!   book     the same for the book
//! ```
//!
//! **The lab cannot reach anything outside.** On the ground of 127.0.0.0/8 nothing leaves the
//! machine. In namespaces there is no route but to the lab itself, and that is looked at before the
//! first packet is sent.

#![forbid(unsafe_code)]

pub mod balancer;
pub mod book;
pub mod cells;
pub mod ground;
pub mod lab;
pub mod machine;
pub mod page;
pub mod report;
pub mod scene;
pub mod table;
pub mod timeline;
