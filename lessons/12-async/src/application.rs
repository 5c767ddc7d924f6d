//! Applications that are futures, beside those of the gateway.

// ANCHOR: imports
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use lesson03::{AppError, Application, Body, Environ, StartResponse, Value};
use lesson07::{Conversation, House};

use crate::desk::at_the_desk;
// ANCHOR_END: imports

// ANCHOR: application
/// An application that may `.await`. It is told everything at once, and so it needs nothing of the
/// connection while it waits.
///
/// Every function that takes a [`Scope`] and a body and returns a future is one.
pub trait AsyncApplication: Send + Sync + 'static {
    /// Answers a request.
    fn respond(
        &self,
        scope: Scope,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<AsyncAnswer, AppError>> + Send;
}

impl<F, A> AsyncApplication for F
where
    F: Fn(Scope, Vec<u8>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<AsyncAnswer, AppError>> + Send,
{
    fn respond(
        &self,
        scope: Scope,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<AsyncAnswer, AppError>> + Send {
        self(scope, body)
    }
}

/// What an application is told: the variables of `environ`, to be kept.
#[derive(Clone, Debug)]
pub struct Scope {
    variables: Vec<(String, String)>,
}

impl Scope {
    fn of(environ: &Environ<'_>) -> Scope {
        let texts = environ.iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name, text)),
            _ => None, // Flags and streams are the gateway's affair.
        });
        Scope {
            variables: texts.collect(),
        }
    }

    /// The value of a variable, such as `QUERY_STRING`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// What it answers.
pub struct AsyncAnswer {
    /// The status, such as `200 OK`.
    pub status: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: AsyncBody,
}

/// A body, at once or in pieces that are awaited.
pub enum AsyncBody {
    /// All of it.
    Bytes(Vec<u8>),
    /// Makes a future for each piece; the last one says `None`.
    Pieces(Box<dyn FnMut() -> Piece + Send>),
}

/// A piece of a body, as soon as there is one.
pub type Piece = Soon<Option<Result<Vec<u8>, AppError>>>;

/// A future of which nothing is known but what comes of it.
pub type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl AsyncAnswer {
    /// An answer of one type of content.
    pub fn new(status: &str, content_type: &str, body: AsyncBody) -> AsyncAnswer {
        AsyncAnswer {
            status: status.to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body,
        }
    }
}

impl AsyncBody {
    /// Pieces that are made one after the other.
    pub fn pieces<P>(mut next: impl FnMut() -> P + Send + 'static) -> AsyncBody
    where
        P: Future<Output = Option<Result<Vec<u8>, AppError>>> + Send + 'static,
    {
        AsyncBody::Pieces(Box::new(move || Box::pin(next())))
    }
}
// ANCHOR_END: application

// ANCHOR: mounted
/// The applications of a server that are futures, each at a path of its own.
#[derive(Default)]
pub(crate) struct Mounted {
    apps: Vec<(String, Box<Erased>)>,
}

type Erased = dyn Fn(Scope, Vec<u8>) -> Answer + Send + Sync;
type Answer = Soon<Result<AsyncAnswer, AppError>>;

impl Mounted {
    pub(crate) fn mount(&mut self, path: &str, app: impl AsyncApplication) {
        let app = Arc::new(app);
        let erased = move |scope, body| -> Answer {
            let app = Arc::clone(&app);
            Box::pin(async move { app.respond(scope, body).await })
        };
        self.apps.push((path.to_owned(), Box::new(erased)));
    }

    /// The future that answers this request, if it is for one of them. Its body has been gathered.
    fn ask(&self, environ: &mut Environ<'_>) -> Option<Answer> {
        let path = environ.get("PATH_INFO")?;
        let (_, app) = self.apps.iter().find(|(mounted, _)| *mounted == path)?;
        let scope = Scope::of(environ);
        let mut body = Vec::new();
        match environ.input().read_to_end(&mut body) {
            Ok(_) => Some(app(scope, body)),
            Err(error) => Some(Box::pin(async { Err(error.into()) })),
        }
    }
}
// ANCHOR_END: mounted

// ANCHOR: table
/// A table between the kitchen and the conversation. What a future has made is laid there, and the
/// next turn of the conversation finds it: so the conversation need not know of futures.
#[derive(Default)]
pub(crate) struct Table {
    pieces: Option<Box<dyn FnMut() -> Piece + Send>>,
    plate: Plate,
}

/// Where one piece lies.
type Plate = Arc<Mutex<Option<Result<Vec<u8>, AppError>>>>;

thread_local! {
    /// The answer for the conversation that has its turn on this thread.
    static LAID: Cell<Option<Result<Laid, AppError>>> = const { Cell::new(None) };
}

/// An answer as the gateway wants to have it.
struct Laid {
    status: String,
    headers: Vec<(String, String)>,
    body: Body,
}

impl Table {
    /// Awaits what the conversation needs for its next turn, and lays it there. False: the turn is
    /// that of an application of the gateway.
    pub(crate) async fn lay(
        &mut self,
        house: &House,
        mounted: &Mounted,
        conversation: &mut Conversation,
    ) -> bool {
        let asked = at_the_desk(house, conversation, |conversation, papers| {
            conversation.show(house, papers, |environ| mounted.ask(environ))
        });
        match (asked, &mut self.pieces) {
            (None, None) | (Some(None), _) => return false,
            (None, Some(pieces)) => lay_piece(pieces, &self.plate).await,
            (Some(Some(answer)), _) => {
                let laid = match unless_it_panics(answer).await {
                    Ok(answer) => Ok(self.serve(answer).await),
                    Err(error) => Err(error),
                };
                LAID.set(Some(laid)); // From here to the turn nobody awaits anything.
            }
        }
        true
    }

    /// Lays the first piece, if there are several: the head goes out together with it.
    async fn serve(&mut self, answer: AsyncAnswer) -> Laid {
        self.pieces = None;
        let AsyncAnswer {
            status,
            headers,
            body,
        } = answer;
        let body = match body {
            AsyncBody::Bytes(bytes) => bytes.into(),
            AsyncBody::Pieces(mut pieces) => {
                self.plate = Plate::default();
                lay_piece(&mut pieces, &self.plate).await;
                self.pieces = Some(pieces);
                let plate = Arc::clone(&self.plate);
                Body::try_chunks(std::iter::from_fn(move || take(&plate)))
            }
        };
        Laid {
            status,
            headers,
            body,
        }
    }
}

async fn lay_piece(pieces: &mut Box<dyn FnMut() -> Piece + Send>, plate: &Plate) {
    let next = pieces();
    let piece = unless_it_panics(Box::pin(async { Ok(next.await) })).await;
    let piece = piece.unwrap_or_else(|panic| Some(Err(panic)));
    *plate.lock().unwrap_or_else(PoisonError::into_inner) = piece;
}

fn take(plate: &Plate) -> Option<Result<Vec<u8>, AppError>> {
    plate.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Awaits something of an application. A panic in it is an error of this one request.
async fn unless_it_panics<T>(mut soon: Soon<Result<T, AppError>>) -> Result<T, AppError> {
    poll_fn(|context| {
        let poll = AssertUnwindSafe(|| soon.as_mut().poll(context));
        let panicked = |_| Poll::Ready(Err(AppError::new("panicked while it was awaited")));
        catch_unwind(poll).unwrap_or_else(panicked)
    })
    .await
}
// ANCHOR_END: table

// ANCHOR: beside
/// The gateway's application, and beside it what was laid on the table.
pub(crate) struct Beside(pub(crate) Arc<dyn Application>);

impl Application for Beside {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let Some(laid) = LAID.take() else {
            return self.0.respond(environ, start_response);
        };
        let Laid {
            status,
            headers,
            body,
        } = laid?;
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        start_response.begin(&status, &headers)?;
        Ok(body)
    }
}
// ANCHOR_END: beside
