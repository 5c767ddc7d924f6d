//! The application's side of the gateway.

// ANCHOR: imports
use std::sync::Arc;

use crate::{AppError, Body, Environ, StartResponse};
// ANCHOR_END: imports

// ANCHOR: application
/// Anything that answers requests (PEP 3333, "The Application/Framework Side").
///
/// Every function with the signature of [`Application::respond`] is one. The method is not named
/// `call`, which would collide with the method of Rust's own function traits.
pub trait Application: Send + Sync {
    /// Answers one request: calls `start_response` with status and headers, returns the body.
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError>;
}

impl<F> Application for F
where
    F: Fn(&mut Environ<'_>, StartResponse<'_, '_>) -> Result<Body, AppError> + Send + Sync,
{
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        self(environ, start_response)
    }
}

impl Application for Arc<dyn Application> {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        self.as_ref().respond(environ, start_response)
    }
}

/// Helps the compiler to see that a closure is an application.
///
/// Without it the lifetimes in the closure's arguments are guessed too early:
/// `application(|environ, start_response| …)`.
pub fn application<F>(function: F) -> F
where
    F: Fn(&mut Environ<'_>, StartResponse<'_, '_>) -> Result<Body, AppError> + Send + Sync,
{
    function
}
// ANCHOR_END: application
