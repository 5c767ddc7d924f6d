//! The application: routes to handlers, and everything between a handler and the gateway.

// ANCHOR: imports
use std::panic::{AssertUnwindSafe, catch_unwind};

use lesson02::percent_decode;
use lesson03::{AppError, Application, Body, Environ, StartResponse};

use crate::pattern::{Parameters, Pattern};
use crate::{Failure, IntoResponse, Request, Response};
// ANCHOR_END: imports

// ANCHOR: app
/// An application made of routes. It is an [`Application`], so every server of this course can
/// serve it.
///
/// ```
/// use lesson03::make_server;
/// use lesson04::{App, PlainText, Request};
///
/// let mut app = App::new();
/// app.route("/", |_: &mut Request| PlainText("Hello, World!"));
/// let server = make_server("127.0.0.1:0", app)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct App {
    routes: Vec<Route>,
    otherwise: Option<Box<dyn Application>>,
    body_limit: u64,
    debug: bool,
}

struct Route {
    method: String,
    pattern: Pattern,
    handler: Box<Handler>,
}

type Handler = dyn Fn(&mut Request) -> Result<Response, Failure> + Send + Sync;
// ANCHOR_END: app

// ANCHOR: building
impl App {
    /// An application without routes.
    pub fn new() -> App {
        App {
            routes: Vec::new(),
            otherwise: None,
            body_limit: 1024 * 1024,
            debug: false,
        }
    }

    /// Answers `GET` (and so `HEAD`) for paths that match `pattern`.
    pub fn route<R: IntoResponse>(
        &mut self,
        pattern: &str,
        handler: impl Fn(&mut Request) -> R + Send + Sync + 'static,
    ) -> &mut App {
        self.on("GET", pattern, handler)
    }

    /// Answers `method` for paths that match `pattern`.
    pub fn on<R: IntoResponse>(
        &mut self,
        method: &str,
        pattern: &str,
        handler: impl Fn(&mut Request) -> R + Send + Sync + 'static,
    ) -> &mut App {
        let route = Route {
            method: method.to_owned(),
            pattern: Pattern::parse(pattern),
            handler: Box::new(move |request| handler(request).into_response()),
        };
        // The most specific pattern is found first; among equals, the one that came first.
        let place = self
            .routes
            .iter()
            .position(|other| route.pattern.goes_before(&other.pattern));
        self.routes
            .insert(place.unwrap_or(self.routes.len()), route);
        self
    }
    // ANCHOR_END: building

    // ANCHOR: settings
    /// Leaves paths without a route to another application, instead of answering 404.
    pub fn otherwise(&mut self, app: impl Application + 'static) -> &mut App {
        self.otherwise = Some(Box::new(app));
        self
    }

    /// The largest body that handlers take; 1 MiB if this is not called.
    pub fn body_limit(&mut self, bytes: u64) -> &mut App {
        self.body_limit = bytes;
        self
    }

    /// Whether the client is shown what went wrong. Never do this where strangers can look.
    pub fn debug(&mut self, debug: bool) -> &mut App {
        self.debug = debug;
        self
    }
}

impl Default for App {
    fn default() -> App {
        App::new()
    }
}
// ANCHOR_END: settings

// ANCHOR: respond
/// What the routes say about a method and a path.
enum Found<'a> {
    Handler(&'a Handler, Parameters),
    /// The path has other methods: their names.
    OtherMethods(Vec<&'a str>),
    Nothing,
}

impl Application for App {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let method = environ
            .get("REQUEST_METHOD")
            .unwrap_or_default()
            .into_owned();
        let found = match environ.request().target() {
            // `OPTIONS *` asks about the whole server (RFC 9110 §9.3.7).
            "*" => Found::OtherMethods(self.methods()),
            _ => self.find(&method, &segments(environ)),
        };
        let result = match (found, &self.otherwise) {
            (Found::Handler(handler, parameters), _) => self.call(
                handler,
                &mut Request::new(environ, parameters, self.body_limit),
            ),
            (Found::OtherMethods(methods), _) => Ok(other_methods(&method, &methods)),
            (Found::Nothing, Some(otherwise)) => {
                return self.pass_on(&**otherwise, environ, start_response);
            }
            (Found::Nothing, None) => Err(Failure::status(404, "there is nothing at this path")),
        };
        let response = result.or_else(|failure| failure.into_result(self.debug))?;
        let headers: Vec<(&str, &str)> = response
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        start_response.begin(&response.status, &headers)?;
        Ok(response.body)
    }
}
// ANCHOR_END: respond

// ANCHOR: call
impl App {
    /// Calls a handler. While debugging, a panic becomes a page that shows it; otherwise it is
    /// left to the server, which knows what to do.
    fn call(&self, handler: &Handler, request: &mut Request) -> Result<Response, Failure> {
        if !self.debug {
            return handler(request);
        }
        // The request is not used again after a panic.
        catch_unwind(AssertUnwindSafe(|| handler(request)))
            .unwrap_or_else(|panic| Err(Failure::panic(&*panic)))
    }

    /// Leaves a request to the other application; its panics are shown like those of handlers.
    fn pass_on(
        &self,
        otherwise: &dyn Application,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        if !self.debug {
            return otherwise.respond(environ, start_response);
        }
        let attempt = || otherwise.respond(environ, start_response);
        catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|panic| {
            let shown = Failure::panic(&*panic).into_result(true);
            shown.map(|response| response.body)
        })
    }
}
// ANCHOR_END: call

// ANCHOR: find
impl App {
    /// Finds the handler: the most specific pattern decides, then the method.
    fn find(&self, method: &str, path: &[String]) -> Found<'_> {
        let matching = |route: &&Route| route.pattern.matches(path).is_some();
        let Some(best) = self.routes.iter().find(matching) else {
            return Found::Nothing;
        };
        // Routes that differ in their method only, whatever they call their parameters.
        let same: Vec<&Route> = self
            .routes
            .iter()
            .filter(matching)
            .filter(|route| !best.pattern.goes_before(&route.pattern))
            .collect();
        let of_method = |method: &str| same.iter().find(|route| route.method == method);
        // Whoever answers GET answers HEAD: the server leaves out the body.
        let instead = if method == "HEAD" { "GET" } else { method };
        match of_method(method).or_else(|| of_method(instead)) {
            Some(route) => Found::Handler(
                &route.handler,
                route.pattern.matches(path).unwrap_or_default(),
            ),
            None => Found::OtherMethods(same.iter().map(|route| route.method.as_str()).collect()),
        }
    }
}
// ANCHOR_END: find

// ANCHOR: methods
impl App {
    fn methods(&self) -> Vec<&str> {
        self.routes
            .iter()
            .map(|route| route.method.as_str())
            .collect()
    }
}

/// The answer to `OPTIONS`, and to a method that the path does not have. The first should name
/// the methods that it has (RFC 9110 §9.3.7), the second must (§15.5.6).
fn other_methods(method: &str, methods: &[&str]) -> Response {
    let mut allow = methods.to_vec();
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    allow.push("OPTIONS");
    allow.sort_unstable();
    allow.dedup();
    let allow = allow.join(", ");
    if method == "OPTIONS" {
        return Response::empty(204).with_header("Allow", allow);
    }
    let text = format!("405 Method Not Allowed: this path answers {allow}\n");
    Response::new("text/plain; charset=utf-8", text)
        .with_status(405)
        .with_header("Allow", allow)
}
// ANCHOR_END: methods

// ANCHOR: segments
/// The segments of the path below `SCRIPT_NAME`, each decoded by itself.
///
/// `PATH_INFO` is decoded already, so `/a%2Fb` and `/a/b` look the same there. The path as it was
/// sent tells them apart, and is used as long as nobody has changed `PATH_INFO`.
fn segments(environ: &Environ<'_>) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let script = environ.get("SCRIPT_NAME").unwrap_or_default();
    let path = environ.get("PATH_INFO").unwrap_or_default();
    let sent = environ.request().path();
    let decoded: String = percent_decode(sent.as_bytes())
        .iter()
        .copied()
        .map(char::from)
        .collect();
    if decoded != format!("{script}{path}") {
        let path = environ.path_utf8_lossy();
        return path
            .trim_start_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect();
    }
    if path.is_empty() {
        return vec![String::new()]; // Mounted, and asked for without a slash: the same as `/`.
    }
    let skip = 1 + script.matches('/').count();
    sent.split('/')
        .skip(skip)
        .map(|word| text(&percent_decode(word.as_bytes())))
        .collect()
}
// ANCHOR_END: segments
