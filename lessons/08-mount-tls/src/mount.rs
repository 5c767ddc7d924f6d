//! Several applications on one server, each below its own path.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use lesson03::{AppError, Application, Body, Environ, Mark, StartResponse};
// ANCHOR_END: imports

// ANCHOR: dispatcher
/// An application that passes each request on to the one that is mounted at its path (CherryPy's
/// `WSGIPathInfoDispatcher`).
///
/// The longest prefix wins, whatever the order in which they were given, and a prefix ends where a
/// segment ends: `/blogger` is not below `/blog`. The application below is told about its place as
/// PEP 3333 has it: the prefix moves from the front of `PATH_INFO` to the end of `SCRIPT_NAME`. So
/// it need not know where it stands, and can be a dispatcher itself.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Arc;
/// use lesson03::{Application, demo};
/// use lesson08::Dispatcher;
///
/// let my_crazy_app: Arc<dyn Application> = Arc::new(demo::hello);
/// let my_blog_app: Arc<dyn Application> = Arc::new(demo::environ);
/// // A list of pairs, or a map.
/// Dispatcher::new([("/", my_crazy_app.clone()), ("/blog", my_blog_app.clone())])?;
/// Dispatcher::new(HashMap::from([("/", my_crazy_app), ("/blog", my_blog_app)]))?;
/// # Ok::<(), lesson08::MountError>(())
/// ```
pub struct Dispatcher {
    /// The longest prefix first.
    mounted: Vec<Mounted>,
}

struct Mounted {
    /// As it stands in `PATH_INFO`: bytes as Latin-1, and no slash at the end, so that `/` is
    /// empty here.
    prefix: String,
    app: Arc<dyn Application>,
}

impl Dispatcher {
    /// Mounts each application at its prefix, which is written without percent-encoding.
    pub fn new<P: AsRef<str>>(
        apps: impl IntoIterator<Item = (P, Arc<dyn Application>)>,
    ) -> Result<Dispatcher, MountError> {
        let mut mounted: Vec<Mounted> = Vec::new();
        for (prefix, app) in apps {
            let prefix = prefix.as_ref();
            if !prefix.starts_with('/') {
                return Err(MountError::NoSlash(prefix.to_owned()));
            }
            let bytes = prefix.trim_end_matches('/').bytes();
            let latin1: String = bytes.map(char::from).collect();
            if mounted.iter().any(|other| other.prefix == latin1) {
                return Err(MountError::Twice(prefix.to_owned()));
            }
            let prefix = latin1;
            mounted.push(Mounted { prefix, app });
        }
        mounted.sort_by_key(|mounted| std::cmp::Reverse(mounted.prefix.len()));
        Ok(Dispatcher { mounted })
    }

    fn find(&self, path: &str) -> Option<&Mounted> {
        self.mounted.iter().find(|mounted| {
            let rest = match mounted.prefix.is_empty() {
                true => Some(path), // Everything is below the root.
                false => path.strip_prefix(&mounted.prefix),
            };
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}
// ANCHOR_END: dispatcher

// ANCHOR: respond
impl Application for Dispatcher {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let path = environ.get("PATH_INFO").unwrap_or_default();
        let Some(Mounted { prefix, app }) = self.find(&path) else {
            let plain = ("Content-Type", "text/plain; charset=utf-8");
            start_response.begin("404 Not Found", &[plain])?;
            return Ok("404 Not Found: nothing is mounted at this path\n".into());
        };
        if prefix.is_empty() {
            // Whoever is mounted at the root sees every path as it is.
            return app.respond(&mut Inside::of(environ), start_response);
        }
        let rest = path[prefix.len()..].to_owned();
        let script = environ.get("SCRIPT_NAME").unwrap_or_default();
        let script = format!("{script}{prefix}");
        let mut inside = Inside::of(environ);
        inside.set("SCRIPT_NAME", script);
        inside.set("PATH_INFO", rest);
        app.respond(&mut inside, start_response)
    }
}

/// An `environ` on loan to an application below. When it is given back, also by a panic, the
/// caller finds its own variables again.
struct Inside<'e, 'r> {
    environ: &'e mut Environ<'r>,
    mark: Mark,
}

impl<'e, 'r> Inside<'e, 'r> {
    fn of(environ: &'e mut Environ<'r>) -> Inside<'e, 'r> {
        let mark = environ.mark();
        Inside { environ, mark }
    }
}

impl Drop for Inside<'_, '_> {
    fn drop(&mut self) {
        self.environ.restore(self.mark);
    }
}

impl<'r> Deref for Inside<'_, 'r> {
    type Target = Environ<'r>;

    fn deref(&self) -> &Environ<'r> {
        self.environ
    }
}

impl<'r> DerefMut for Inside<'_, 'r> {
    fn deref_mut(&mut self) -> &mut Environ<'r> {
        self.environ
    }
}
// ANCHOR_END: respond

// ANCHOR: mount_error
/// Why applications cannot be mounted like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountError {
    /// The prefix does not begin with a slash, so no path ever would begin with it.
    NoSlash(String),
    /// Two applications want the same prefix (`/blog` and `/blog/` are the same).
    Twice(String),
}

impl Display for MountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MountError::NoSlash(prefix) => {
                write!(
                    out,
                    "{prefix:?} is no place to mount at: write \"/{prefix}\""
                )
            }
            MountError::Twice(prefix) => {
                write!(out, "something is mounted at {prefix:?} already")
            }
        }
    }
}

impl Error for MountError {}
// ANCHOR_END: mount_error
