//! The demo: that of lesson 9, and its sleep as a future.

// ANCHOR: demo
use lesson03::AppError;
use lesson03::demo::{milliseconds, number, slept_since, unix_milliseconds};

use crate::application::{AsyncAnswer, AsyncBody, Scope};
use crate::server::AsyncServer;

/// Mounts what the demo has as futures, in the place of the same routes of lesson 3.
pub fn mount(server: &mut AsyncServer) {
    server.mount("/sleep", sleep);
    server.mount("/stream", stream);
}

/// `/sleep?ms=500`: takes its time, and no thread.
async fn sleep(scope: Scope, _body: Vec<u8>) -> Result<AsyncAnswer, AppError> {
    let time = milliseconds(query(&scope), 500)?;
    let started = unix_milliseconds();
    tokio::time::sleep(time).await;
    let body = AsyncBody::Bytes(slept_since(started).into_bytes());
    Ok(AsyncAnswer::new("200 OK", "application/json", body))
}

/// `/stream?n=5&ms=200`: lines, each awaited when the one before it is on its way.
async fn stream(scope: Scope, _body: Vec<u8>) -> Result<AsyncAnswer, AppError> {
    let count = number(query(&scope), "n", 5)?;
    let time = milliseconds(query(&scope), 200)?;
    let mut line = 0;
    let body = AsyncBody::pieces(move || {
        line += 1;
        async move {
            if line > 1 && line <= count {
                tokio::time::sleep(time).await;
            }
            (line <= count).then(|| Ok(format!("line {line} of {count}\n").into_bytes()))
        }
    });
    Ok(AsyncAnswer::new(
        "200 OK",
        "text/plain; charset=utf-8",
        body,
    ))
}

fn query(scope: &Scope) -> &str {
    scope.get("QUERY_STRING").unwrap_or_default()
}
// ANCHOR_END: demo
