//! The body of a response: nothing, bytes, or chunks that are made one by one.

// ANCHOR: imports
use std::borrow::Cow;

use crate::{AppError, Protocol};
// ANCHOR_END: imports

// ANCHOR: body
/// What an application returns: Python's iterable of byte strings, in three forms.
///
/// It owns what it needs (`'static`) and may move to another thread (`Send`), so that a server
/// can call the application in one place and send its answer from another.
#[derive(Default)]
pub enum Body {
    /// No bytes at all.
    #[default]
    Empty,
    /// One piece, known in full. Its length becomes the `Content-Length`.
    Bytes(Cow<'static, [u8]>),
    /// Pieces, each of them sent before the next one is asked for. Dropping the iterator plays
    /// the part of `close()`: it happens once, whether the body was sent, failed, or nobody
    /// was left to send it to.
    Chunks(Box<dyn Iterator<Item = Result<Vec<u8>, AppError>> + Send>),
    /// No body, but another protocol from here on. It goes with the status
    /// `101 Switching Protocols`, which is refused where the client has not asked or the server
    /// cannot. A middleware sees it like any other answer, and can put another in its place.
    Upgrade(Box<dyn Protocol>),
}

impl Body {
    /// A body of chunks that cannot fail.
    pub fn chunks<I>(chunks: I) -> Body
    where
        I: IntoIterator<Item = Vec<u8>>,
        I::IntoIter: Send + 'static,
    {
        Body::Chunks(Box::new(chunks.into_iter().map(Ok)))
    }

    /// A body of chunks any of which can fail.
    pub fn try_chunks<I>(chunks: I) -> Body
    where
        I: IntoIterator<Item = Result<Vec<u8>, AppError>>,
        I::IntoIter: Send + 'static,
    {
        Body::Chunks(Box::new(chunks.into_iter()))
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Body {
        Body::Bytes(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        Body::Bytes(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body::Bytes(Cow::Owned(bytes))
    }
}

impl From<Cow<'static, [u8]>> for Body {
    fn from(bytes: Cow<'static, [u8]>) -> Body {
        Body::Bytes(bytes)
    }
}
// ANCHOR_END: body
