//! The versions of HTTP that this course tells apart.

// ANCHOR: version
/// The versions that we tell apart. HTTP/1.2 would have to be compatible with 1.1, so it counts
/// as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// No persistent connections unless asked for, no chunked coding, `Host` optional.
    Http10,
    /// What this course speaks.
    #[default]
    Http11,
}
// ANCHOR_END: version
