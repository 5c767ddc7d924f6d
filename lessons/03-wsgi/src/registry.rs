//! From a name like `demo:hello` to an application.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;

use crate::{Application, demo};
// ANCHOR_END: imports

// ANCHOR: registry
/// Applications by name. Rust has no modules at run time, so whoever offers some lists them.
#[derive(Default)]
pub struct Registry {
    exports: Vec<(&'static str, &'static str, Export)>,
}

/// Something with a name in a module.
pub enum Export {
    /// Something that can be served.
    Callable(Arc<dyn Application>),
    /// Something that cannot.
    Text(&'static str),
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// The demo applications of this lesson.
    pub fn demo() -> Registry {
        Registry::new()
            .callable("demo", "application", demo::application)
            .callable("demo", "hello", demo::hello)
            .callable("demo", "environ", demo::environ)
            .callable("demo", "sleep", demo::sleep)
            .callable("demo", "echo", demo::echo)
            .callable("demo", "stream", demo::stream)
            .callable("demo", "panic", demo::panic)
            .text("demo", "GREETING", "Hello, World!")
    }

    /// Adds an application.
    pub fn callable(
        mut self,
        module: &'static str,
        name: &'static str,
        app: impl Application + 'static,
    ) -> Registry {
        self.exports
            .push((module, name, Export::Callable(Arc::new(app))));
        self
    }

    /// Adds something that is not an application.
    pub fn text(
        mut self,
        module: &'static str,
        name: &'static str,
        text: &'static str,
    ) -> Registry {
        self.exports.push((module, name, Export::Text(text)));
        self
    }

    /// Finds an application by `module:callable`, or by `module` for its `application`.
    pub fn find(&self, path: &str) -> Result<Arc<dyn Application>, UnknownApplication> {
        let (module, name) = path.split_once(':').unwrap_or((path, "application"));
        let mut exports = self
            .exports
            .iter()
            .filter(|export| export.0 == module)
            .peekable();
        if exports.peek().is_none() {
            return Err(UnknownApplication::Module(module.to_owned(), self.names()));
        }
        match exports.find(|export| export.1 == name) {
            Some((_, _, Export::Callable(app))) => Ok(Arc::clone(app)),
            Some(_) => Err(UnknownApplication::NotCallable(path.to_owned())),
            None => Err(UnknownApplication::Name(
                module.to_owned(),
                name.to_owned(),
                self.names(),
            )),
        }
    }

    fn names(&self) -> String {
        let callable = |(module, name, export): &(&str, &str, Export)| match export {
            Export::Callable(_) => Some(format!("{module}:{name}")),
            Export::Text(_) => None,
        };
        self.exports
            .iter()
            .filter_map(callable)
            .collect::<Vec<_>>()
            .join(", ")
    }
}
// ANCHOR_END: registry

// ANCHOR: unknown
/// Why a name does not lead to an application.
#[derive(Debug)]
pub enum UnknownApplication {
    /// There is no such module; with the names that exist.
    Module(String, String),
    /// The module has nothing of this name; with the names that exist.
    Name(String, String, String),
    /// It is there, but cannot be called.
    NotCallable(String),
}

impl Display for UnknownApplication {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownApplication::Module(module, names) => {
                write!(
                    out,
                    "there is no module {module:?}.\nThe applications are: {names}"
                )
            }
            UnknownApplication::Name(module, name, names) => write!(
                out,
                "module {module:?} has no attribute {name:?}.\nThe applications are: {names}"
            ),
            UnknownApplication::NotCallable(path) => {
                write!(
                    out,
                    "{path} is there, but it is not callable, so it is no application"
                )
            }
        }
    }
}

impl Error for UnknownApplication {}
// ANCHOR_END: unknown

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_an_application_or_to_an_error_that_says_why_not() {
        let registry = Registry::demo();
        assert!(registry.find("demo:hello").is_ok());
        assert!(registry.find("demo").is_ok());
        let error = |name: &str| {
            registry
                .find(name)
                .err()
                .map(|error| error.to_string())
                .unwrap()
        };
        assert!(error("djangoapp:app").starts_with("there is no module \"djangoapp\".\n"));
        assert!(error("demo:hallo").contains("has no attribute \"hallo\""));
        assert!(error("demo:hallo").contains("demo:hello, "));
        assert!(error("demo:GREETING").contains("is not callable"));
        assert!(error("").contains("there is no module \"\""));
    }
}
