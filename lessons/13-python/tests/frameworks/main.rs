//! The applications of this lesson in the frameworks themselves, asked by a client over sockets.
//!
//! They need a Python that has the frameworks: the one that `CHECK_PYTHON` names, or `python3`.
//! Without it they say so and pass; with `REQUIRE_ALL=1` they fail.

mod clients;
mod django;
mod fastapi;
mod flask;
mod odd;
mod plain;
mod pyramid;
mod served;
mod socket;
