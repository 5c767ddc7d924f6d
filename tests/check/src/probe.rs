//! What a probe is: a question to a server, and what the standard says about the answer.

mod running;

use crate::case::{Case, Closes, Otherwise};
use crate::outcome::Verdict;
use crate::world::World;

/// One row of the matrix.
#[derive(Clone, Copy)]
pub struct Probe {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// What is asked of a server, in a sentence.
    pub asks: &'static str,
    /// Where that is written: `RFC 9112 §3.2`.
    pub section: &'static str,
    /// The lesson whose chapter explains it.
    pub lesson: u8,
    /// What `break` asks the reader before it runs the probe.
    pub question: &'static str,
    /// The same with curl, where curl can; `{url}` is the server.
    pub curl: &'static str,
    /// What the server must have for the probe to make sense.
    pub needs: Needs,
    /// Flags for our own servers.
    pub flags: &'static [Flags],
    /// How it is done.
    pub check: Check,
}

/// Flags for the lessons from one number to another.
#[derive(Clone, Copy)]
pub struct Flags {
    /// The first lesson that has them.
    pub from: u8,
    /// The last lesson that has them.
    pub to: u8,
    /// The flags.
    pub words: &'static str,
}

/// What a server must have for a probe to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A port.
    Nothing,
    /// A route of the demo application: method and target that tell whether it is there.
    Route(&'static str, &'static str),
    /// A process that the checker has started, to look into it or to stop it.
    Process,
}

/// How a probe is done.
#[derive(Clone, Copy)]
pub enum Check {
    /// These bytes, one answer.
    Case(Case),
    /// Anything else.
    Behaviour(fn(&World) -> Verdict),
}

impl Probe {
    /// A probe that sends bytes and wants one of these statuses.
    pub const fn case(
        name: &'static str,
        title: &'static str,
        send: &'static [u8],
        wanted: &'static [u16],
    ) -> Probe {
        let case = Case {
            send,
            wanted,
            otherwise: Otherwise::Forbidden,
            fault: b"",
            closes: Closes::No,
            silence_is_fine: false,
        };
        Probe::new(name, title, Check::Case(case))
    }

    /// A probe that is a function.
    pub const fn behaviour(
        name: &'static str,
        title: &'static str,
        run: fn(&World) -> Verdict,
    ) -> Probe {
        Probe::new(name, title, Check::Behaviour(run))
    }

    const fn new(name: &'static str, title: &'static str, check: Check) -> Probe {
        Probe {
            name,
            title,
            asks: "",
            section: "",
            lesson: 2,
            question: "What will the server answer to these bytes: a page, an error, or nothing?",
            curl: "",
            needs: Needs::Nothing,
            flags: &[],
            check,
        }
    }

    /// Where it is written, and what is asked there.
    pub const fn asks(mut self, section: &'static str, sentence: &'static str) -> Probe {
        self.section = section;
        self.asks = sentence;
        self
    }

    /// The lesson whose chapter explains it (2, if nothing is said).
    pub const fn explained_in(mut self, lesson: u8) -> Probe {
        self.lesson = lesson;
        self
    }

    /// What `break` asks the reader first.
    pub const fn question(mut self, question: &'static str) -> Probe {
        self.question = question;
        self
    }

    /// The same with curl.
    pub const fn curl(mut self, line: &'static str) -> Probe {
        self.curl = line;
        self
    }

    /// What the server must have.
    pub const fn needs(mut self, needs: Needs) -> Probe {
        self.needs = needs;
        self
    }

    /// Flags for our own servers.
    pub const fn flags(mut self, flags: &'static [Flags]) -> Probe {
        self.flags = flags;
        self
    }

    /// The standard leaves a choice, and this is what it says.
    pub const fn lenient(mut self, reason: &'static str) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.otherwise = Otherwise::Allowed(reason);
        }
        self
    }

    /// The standard says SHOULD, in these words.
    pub const fn should(mut self, reason: &'static str) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.otherwise = Otherwise::Should(reason);
        }
        self
    }

    /// Closing after an answer proves that the body was only not read.
    pub const fn unless_it_closes(mut self) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.otherwise = Otherwise::UnlessItCloses;
        }
        self
    }

    /// Waiting for so much, or closing, proves that nothing has wrapped around.
    pub const fn unless_it_wraps(mut self) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.otherwise = Otherwise::UnlessItWraps;
        }
        self
    }

    /// The bytes at fault, for the caret.
    pub const fn fault(mut self, bytes: &'static [u8]) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.fault = bytes;
        }
        self
    }

    /// The connection must end after the answer, and in which cases.
    pub const fn closes(mut self, closes: Closes) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.closes = closes;
        }
        self
    }

    /// Closing without a word is as right as a status.
    pub const fn silence_is_fine(mut self) -> Probe {
        if let Check::Case(case) = &mut self.check {
            case.silence_is_fine = true;
        }
        self
    }
}
