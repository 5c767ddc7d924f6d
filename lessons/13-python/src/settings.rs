//! What this lesson can be told beside what the earlier ones are told, each with its reason.

// ANCHOR: imports
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, PACE_SETTINGS};
use lesson07::RULE_SETTINGS;
use lesson09::SOCKET_SETTINGS;
use terminal::{Arguments, Bounds, Program, Setting, Unit, UsageError};
// ANCHOR_END: imports

// ANCHOR: settings
/// Which application is served, by which Python, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonSettings {
    /// Connections at once.
    pub connections: usize,
    /// Bytes of bodies that may be gathered at once, for all connections together.
    pub gathered_bytes: u64,
    /// Threads for a WSGI application.
    pub threads: usize,
    /// `wsgi` or `asgi`, if that is not to be guessed.
    pub interface: Option<String>,
    /// Whether what is named makes the application, and is not one.
    pub call: bool,
    /// The event loop of an ASGI application.
    pub event_loop: Option<String>,
    /// The folder to work in, and to look for the application first.
    pub chdir: Option<String>,
    /// The Python to take.
    pub python: Option<String>,
    /// Whether to begin anew when a file changes.
    pub reload: bool,
    /// Whether standard input is the listener.
    pub inherit: bool,
}

impl Default for PythonSettings {
    fn default() -> PythonSettings {
        PythonSettings {
            connections: 900,
            gathered_bytes: 64 * 1024 * 1024,
            threads: 8,
            interface: None,
            call: false,
            event_loop: None,
            chdir: None,
            python: None,
            reload: false,
            inherit: false,
        }
    }
}
// ANCHOR_END: settings

// ANCHOR: rows
/// The settings of a server with Python in it.
pub const PYTHON_SETTINGS: &[Setting<PythonSettings>] = &[
    Setting {
        name: "connections",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "connections at once; the next ones wait at the door",
        reason: "Each needs a descriptor, and most systems give a process 1,024.",
        field: |it| &mut it.connections,
    },
    Setting {
        name: "gathered",
        unit: Unit::Bytes,
        bounds: Bounds::AtLeast(1.0),
        help: "of bodies gathered at once for all clients together, then 503",
        reason: "A body is gathered before a WSGI application is called, and a thousand clients \
                 with a body each would be a thousand times the limit for one.",
        field: |it| &mut it.gathered_bytes,
    },
    Setting {
        name: "threads",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "for a WSGI application, of which one at a time holds the interpreter",
        reason: "So many requests may wait for a database at the same time. With one, an \
                 application that is not made for threads is safe.",
        field: |it| &mut it.threads,
    },
    Setting {
        name: "interface",
        unit: Unit::Text("auto|wsgi|asgi"),
        bounds: Bounds::Any,
        help: "how the application wants to be called (default auto)",
        reason: "A callable does not say so. We look whether it is a coroutine function or takes \
                 three arguments, and that is a guess.",
        field: |it| &mut it.interface,
    },
    Setting {
        name: "call",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "what is named makes the application: call it once",
        reason: "Many frameworks have a function such as `create_app` in place of a variable.",
        field: |it| &mut it.call,
    },
    Setting {
        name: "loop",
        unit: Unit::Text("asyncio|uvloop"),
        bounds: Bounds::Any,
        help: "the event loop of an ASGI application (default asyncio)",
        reason: "Python brings asyncio along; uvloop is faster, and has to be installed.",
        field: |it| &mut it.event_loop,
    },
    Setting {
        name: "chdir",
        unit: Unit::Text("FOLDER"),
        bounds: Bounds::Any,
        help: "work in this folder, and look for the application there first (default: here)",
        reason: "An application expects its own modules beside it, and its data where it works.",
        field: |it| &mut it.chdir,
    },
    Setting {
        name: "python",
        unit: Unit::Text("PROGRAM"),
        bounds: Bounds::Any,
        help: "the Python to take (default: that of $VIRTUAL_ENV, or python3)",
        reason: "Packages are installed for one Python and not for all of a machine.",
        field: |it| &mut it.python,
    },
    Setting {
        name: "reload",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "begin anew when a file of the application changes",
        reason: "For whoever writes it. In production a change comes when somebody decides so.",
        field: |it| &mut it.reload,
    },
    Setting {
        name: "inherit",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "listen on standard input, which is a socket that somebody else has bound",
        reason: "One process has one interpreter lock. Several on one socket have several; lesson \
                 14 starts them, and systemd can (StandardInput=socket).",
        field: |it| &mut it.inherit,
    },
];

impl PythonSettings {
    /// What a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<PythonSettings, UsageError> {
        let settings: PythonSettings = flags.read(PYTHON_SETTINGS)?;
        let one_of = |name: &str, value: &Option<String>, words: &[&str]| match value.as_deref() {
            Some(value) if !words.contains(&value) => {
                let words = words.join(", ");
                Err(UsageError::new(format!(
                    "--{name} takes one of {words}, not {value:?}"
                )))
            }
            _ => Ok(()),
        };
        one_of("interface", &settings.interface, &["auto", "wsgi", "asgi"])?;
        one_of("loop", &settings.event_loop, &["asyncio", "uvloop"])?;
        Ok(settings)
    }
}
// ANCHOR_END: rows

// ANCHOR: program
/// The command.
pub const PROGRAM: Program = Program {
    name: "lesson13",
    about: "Lesson 13, Python's own frameworks: Django, Flask, FastAPI on our conversation.",
    operand: Some((
        "MODULE:ATTRIBUTE",
        "the application, in Python (default demo:app); without :ATTRIBUTE it is application",
    )),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &RULE_SETTINGS,
        &PYTHON_SETTINGS,
        &SOCKET_SETTINGS,
    ],
};
// ANCHOR_END: program
