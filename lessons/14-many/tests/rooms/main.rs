//! Rooms and a count on several machines, through a real Redis.

mod lossy;
mod member;
mod redis;
mod restart;
mod shared;
