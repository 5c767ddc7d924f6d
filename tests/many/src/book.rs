//! The files that the book shows of a run.

/// The data. The book's tool makes its table from them: `cargo run -p book -- million`.
pub const DATA: &str = "book/data/many.json";

/// The drawing of them.
pub const DRAWING: &str = "book/src/figures/many.svg";
