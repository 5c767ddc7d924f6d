//! What an application says when it fails.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Debug, Display};

use lesson02::Page;
// ANCHOR_END: imports

// ANCHOR: app_error
/// An application that failed. It plays the part of `exc_info` in PEP 3333.
///
/// Before the first byte of the answer has left, an error replaces status, headers and body:
/// with [`AppError::with_page`]'s page, or with a plain 500. After that the connection is reset,
/// so that half an answer cannot be taken for a whole one. What went wrong is logged; the client
/// is never shown it.
pub struct AppError {
    source: Box<dyn Error + Send + Sync>,
    page: Option<Page>,
}

impl AppError {
    /// An error with a message for the log.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> AppError {
        AppError {
            source: source.into(),
            page: None,
        }
    }

    /// The answer to send in place of the one that was begun.
    pub fn with_page(self, page: Page) -> AppError {
        AppError {
            page: Some(page),
            ..self
        }
    }

    /// The answer to send.
    pub fn into_page(self) -> Page {
        self.page.unwrap_or_else(Page::failure)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for AppError {
    fn from(error: E) -> AppError {
        AppError::new(error)
    }
}

impl Display for AppError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.source, out)
    }
}

impl Debug for AppError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.source, out)
    }
}
// ANCHOR_END: app_error
