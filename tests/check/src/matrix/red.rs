//! The red cells: where a lesson falls short, why, and which lesson mends it.

use super::Expected::{self, Absent, Stalls, Waits, Wrong};
use crate::probes::GROUPS;

use Rows::{Group, Named};

/// Cells that are not green: the same promise for several lessons and probes.
pub struct Red {
    /// The first lesson and the last.
    pub lessons: (u8, u8),
    /// What they do.
    pub expected: Expected,
    /// Why.
    pub reason: &'static str,
    /// The lesson that turns the cell green.
    pub mended_by: u8,
    /// Which probes.
    pub rows: Rows,
}

/// Some rows of the matrix.
pub enum Rows {
    /// Probes by name.
    Named(&'static [&'static str]),
    /// A whole group by title.
    Group(&'static str),
}

const fn red(
    lessons: (u8, u8),
    expected: Expected,
    mended_by: u8,
    reason: &'static str,
    rows: Rows,
) -> Red {
    Red {
        lessons,
        expected,
        reason,
        mended_by,
        rows,
    }
}

/// Every cell that is not *ok*.
pub const RED: &[Red] = &[
    // Lesson 1 answers before it knows what was asked.
    red(
        (1, 1),
        Wrong("before the head is whole"),
        2,
        "one recv is taken for a whole request",
        Named(&["head-in-two-writes", "head-byte-by-byte", "dripping-client"]),
    ),
    red(
        (1, 1),
        Wrong("got 200"),
        2,
        "it answers 200 to anything, because it does not look at what was asked",
        Group("Heads that must be refused"),
    ),
    red(
        (1, 1),
        Wrong("got 200"),
        2,
        "it answers 200 to anything, because it does not look at what was asked",
        Group("Too much of a head"),
    ),
    red(
        (1, 1),
        Wrong("got 200"),
        2,
        "it answers 200 to anything, because it does not look at what was asked",
        Group("Doubtful body lengths"),
    ),
    red(
        (1, 1),
        Wrong("bytes of body"),
        2,
        "it does not know HEAD from GET",
        Named(&["head-method"]),
    ),
    red(
        (1, 1),
        Wrong("no Date"),
        2,
        "it has no calendar",
        Named(&["date"]),
    ),
    red(
        (1, 1),
        Wrong("reset"),
        2,
        "it closes with unread input, so the kernel resets the connection",
        Named(&["unread-body", "huge-body"]),
    ),
    // One client at a time.
    red(
        (1, 1),
        Stalls,
        5,
        "one client at a time, and no deadline: whoever is silent holds the server",
        Named(&["silent-client", "newest-first"]),
    ),
    red(
        (2, 4),
        Waits,
        5,
        "one client at a time: until the deadline drops the slow one, everybody waits",
        Named(&["silent-client", "dripping-client", "newest-first"]),
    ),
    red(
        (3, 4),
        Waits,
        5,
        "one client at a time: until the minimum rate drops the slow one, everybody waits",
        Named(&["dripping-body"]),
    ),
    red(
        (3, 4),
        Waits,
        5,
        "one client at a time: until the write deadline drops the one who does not read, everybody waits",
        Named(&["deaf-client"]),
    ),
    red(
        (1, 4),
        Waits,
        5,
        "one client at a time: everybody waits for the slow request",
        Named(&["slow-application"]),
    ),
    // Nothing is refused yet.
    red(
        (1, 1),
        Absent,
        2,
        "it refuses nothing, so there is no refusal to look at",
        Named(&["refusal"]),
    ),
    // No application yet.
    red(
        (1, 2),
        Absent,
        3,
        "no application before lesson 03",
        Named(&[
            "echo",
            "not-found",
            "streaming",
            "early-close",
            "panic",
            "hundred-panics",
            "absolute-form-host",
            "underscore-dropped",
            "expect-continue",
            "dripping-body",
            "deaf-client",
        ]),
    ),
    red(
        (1, 3),
        Absent,
        4,
        "no framework before lesson 04",
        Named(&["method-not-allowed", "options"]),
    ),
    // One request for each connection.
    red(
        (1, 1),
        Wrong("and \"Hello, World!\""),
        7,
        "it does not look at what was asked",
        Named(&[
            "chunked",
            "chunked-case",
            "chunk-extension",
            "chunked-trailer",
        ]),
    ),
    red(
        (1, 1),
        Wrong("got 200"),
        7,
        "it does not look at what was asked",
        Named(&["chunk-0x", "chunk-plus", "chunk-lf", "chunk-end"]),
    ),
    red(
        (2, 4),
        Wrong("got 501"),
        7,
        "501: no chunked coding before lesson 07",
        Named(&[
            "chunked",
            "chunked-case",
            "chunk-extension",
            "chunked-trailer",
            "chunk-0x",
            "chunk-plus",
            "chunk-lf",
            "chunk-end",
        ]),
    ),
    red(
        (1, 4),
        Wrong("closes"),
        7,
        "one request for each connection before lesson 07: every answer says close",
        Named(&["keep-alive", "keep-alive-1.0", "pipeline"]),
    ),
];

impl Rows {
    /// Whether a probe is among them.
    pub fn contain(&self, name: &str) -> bool {
        match self {
            Rows::Named(names) => names.contains(&name),
            Rows::Group(title) => GROUPS
                .iter()
                .filter(|group| group.title == *title)
                .any(|group| group.probes.iter().any(|probe| probe.name == name)),
        }
    }
}
