//! What a handler may return.

// ANCHOR: imports
use lesson03::Body;
use serde::Serialize;

use crate::{Failure, Html, Json, PlainText, Response, json};
// ANCHOR_END: imports

// ANCHOR: into_response
/// What a handler may return: a response, or something that becomes one.
pub trait IntoResponse {
    /// Becomes a response, or fails to.
    fn into_response(self) -> Result<Response, Failure>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, Failure> {
        Ok(self)
    }
}

impl<T: Into<Body>> IntoResponse for PlainText<T> {
    fn into_response(self) -> Result<Response, Failure> {
        Ok(Response::new("text/plain; charset=utf-8", self.0))
    }
}

impl<T: Into<Body>> IntoResponse for Html<T> {
    fn into_response(self) -> Result<Response, Failure> {
        Ok(Response::new("text/html; charset=utf-8", self.0))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response, Failure> {
        Ok(Response::new("application/json", json::to_vec(&self.0)?))
    }
}

impl<T: IntoResponse, E: Into<Failure>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, Failure> {
        self.map_err(Into::into)?.into_response()
    }
}
// ANCHOR_END: into_response
