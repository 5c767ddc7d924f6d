//! What you would take in the place of all this: hyper, in a few lines, with its timers installed.
//!
//! `cargo run -p lesson12 --example with_hyper`

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use lesson01::resolve;
use terminal::{Program, ready};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const PROGRAM: Program = Program {
    name: "with_hyper",
    about: "hyper, for comparison.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(async {
            let listener = TcpListener::bind(address).await?;
            ready(PROGRAM.name, listener.local_addr()?);
            serve(listener).await
        })?)
    })
}

// ANCHOR: serve
async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let mut http = http1::Builder::new();
    // Without a timer hyper has no time-outs, and one client who says nothing stays for ever.
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(5));
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let connection = http.serve_connection(TokioIo::new(client), service_fn(answer));
        // Errors belong to their clients.
        tokio::spawn(async { drop(connection.await) });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => (StatusCode::OK, "Hello, World!".into()),
        (&Method::POST, "/echo") => {
            match Limited::new(request.into_body(), 1024 * 1024)
                .collect()
                .await
            {
                Ok(body) => (StatusCode::OK, body.to_bytes()),
                Err(_) => (StatusCode::BAD_REQUEST, "no whole body\n".into()),
            }
        }
        _ => (StatusCode::NOT_FOUND, "404 Not Found\n".into()),
    };
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    Ok(answer)
}
// ANCHOR_END: serve
