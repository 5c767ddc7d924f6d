//! `/health`: what a balancer asks before it sends anybody.

// ANCHOR: imports
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lesson03::{AppError, Application, Body, Environ, StartResponse};
// ANCHOR_END: imports

// ANCHOR: health
/// Whether more clients are welcome. That is not the same as whether there is an answer: a machine
/// that will soon stop says no here, and goes on serving everybody until the balancer has heard it.
#[derive(Clone, Debug, Default)]
pub struct Health {
    drains: Arc<AtomicBool>,
}

impl Health {
    /// From now on nobody else is welcome.
    pub fn drain(&self) {
        self.drains.store(true, Ordering::Relaxed);
    }
}

impl Application for Health {
    fn respond(
        &self,
        _environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let (status, text) = match self.drains.load(Ordering::Relaxed) {
            false => ("200 OK", "well\n"),
            true => ("503 Service Unavailable", "draining\n"),
        };
        // A stored answer would be about another moment.
        let fields = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
        ];
        start_response.begin(status, &fields)?;
        Ok(text.into())
    }
}
// ANCHOR_END: health
