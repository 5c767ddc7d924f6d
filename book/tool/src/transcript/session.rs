//! A page being run: its fences in order, the server of the moment, and what was found.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::finding::Finding;
use crate::page::Page;
use crate::transcript::command::prepared;
use crate::transcript::equipment::Equipment;
use crate::transcript::script::{Role, Script, Step};
use crate::transcript::terminal::Terminal;
use crate::transcript::tools::missing_tool;
use crate::transcript::{difference, port};

/// An absolute guard against a hang. Hitting it is a finding.
const GUARD: Duration = Duration::from_secs(120);

/// How long a server may take to be ready.
const READY: Duration = Duration::from_secs(20);

/// How long a server may take to write what the book shows, after the last client has gone.
const PATIENCE: Duration = Duration::from_secs(3);

/// The home that the book shows.
const HOME: &str = "/home/you";

/// Written between the outputs of two commands: a character that no server of ours prints.
const MARK: char = '\u{1e}';

/// A page being run.
pub(crate) struct Session<'a> {
    equipment: &'a Equipment<'a>,
    page: &'a Page,
    curl_home: &'a Path,
    /// The port that the servers really have, and the one that the book shows.
    real: u16,
    shown: u16,
    server: Option<(&'a Script, Terminal)>,
    standing: Standing,
    findings: Vec<Finding>,
}

/// What can be said about the server of the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Every client has run, so its output must be what the book shows.
    Whole,
    /// A client was left out, so its output lacks something.
    Incomplete,
    /// It could not be started, so its clients are left out.
    Missing,
}

/// What went wrong with a fence: the line, the fault, the remedy.
type Fault = (usize, String, &'static str);

impl<'a> Session<'a> {
    /// Runs the scripts of a page, in order.
    pub(crate) fn play(
        equipment: &'a Equipment<'a>,
        page: &'a Page,
        scripts: &'a [Script],
        curl_home: &'a Path,
    ) -> Vec<Finding> {
        let mut session = Session {
            equipment,
            page,
            curl_home,
            real: 0,
            shown: port::SHOWN,
            server: None,
            standing: Standing::Whole,
            findings: Vec::new(),
        };
        for script in scripts {
            session.play_one(script);
        }
        session.stop();
        session.findings
    }

    fn play_one(&mut self, script: &'a Script) {
        let (new_standing, outcome) = match script.role {
            Role::Server => {
                self.stop();
                self.standing = Standing::Whole;
                (Standing::Missing, self.start(script))
            }
            Role::Client if self.standing == Standing::Missing => return,
            Role::Client => (Standing::Incomplete, self.converse(script)),
        };
        match outcome {
            Ok(true) => return,
            Ok(false) => {}
            Err((line, wrong, mend)) => {
                let finding = Finding::new(&self.page.path, line, wrong, mend);
                self.findings.push(finding);
            }
        }
        self.standing = new_standing;
    }

    /// Starts a server and waits until it listens, or has ended. False: a tool is missing.
    fn start(&mut self, script: &'a Script) -> Result<bool, Fault> {
        if !self.has_tools(script)? {
            return Ok(false);
        }
        if !script.same_port {
            self.real = 0;
        }
        let step = &script.steps[0];
        self.take_port(step.line)?;
        // A transcript with `--addr …:0` shows the port that the system chose.
        self.shown = port::announced(&step.expected.join("\n")).unwrap_or(self.shown);
        let command = self.prepared(step)?;
        let mut terminal = self.open(&command, step.line)?;
        let expected = self.real;
        let ready = terminal.wait_until(READY, |terminal| {
            terminal.has_ended()
                || port::announced(&terminal.output()).is_some()
                || port::is_listening(expected)
        });
        if !ready {
            let time = READY.as_secs();
            let wrong = format!("nobody listens after {time} s, and no ready line came");
            let mend = "Correct the command, or use a client fence if it is no server";
            return Err((step.line, wrong, mend));
        }
        self.real = port::announced(&terminal.output()).unwrap_or(self.real);
        self.server = Some((script, terminal));
        Ok(true)
    }

    /// Ends the server of the moment and compares everything that it has printed.
    fn stop(&mut self) {
        let Some((script, mut terminal)) = self.server.take() else {
            return;
        };
        let step = &script.steps[0];
        let signal = match script.interrupt {
            Some(_) => Signal::INT,
            None => Signal::TERM,
        };
        if self.standing != Standing::Whole {
            terminal.end(signal);
            return;
        }
        let shown = &step.expected[..script.interrupt.unwrap_or(step.expected.len())];
        terminal.wait_until(PATIENCE, |terminal| {
            terminal.has_ended() || difference::is_start(shown, &self.lines(&terminal.output()))
        });
        if !script.open_end {
            terminal.wait_for_quiet();
        }
        let real = self.lines(&terminal.end(signal));
        let agrees = match script.open_end {
            true => difference::is_start(&step.expected, &real),
            false => difference::same(&step.expected, &real),
        };
        if !agrees {
            self.differs(step, &real);
        }
    }

    /// Runs the commands of a client fence in one shell and compares the output of each. False: a
    /// tool is missing.
    fn converse(&mut self, script: &Script) -> Result<bool, Fault> {
        if !self.has_tools(script)? {
            return Ok(false);
        }
        self.take_port(script.line)?;
        let mut text = String::new();
        for step in &script.steps {
            // The mark tells one output from the next, and leaves `$?` as it was.
            let command = self.prepared(step)?;
            text.push_str(&format!(
                "{command}\nbook=$?; printf '\\036'; (exit $book)\n"
            ));
        }
        let mut terminal = self.open(&text, script.line)?;
        let ended = terminal.wait_until(GUARD, Terminal::has_ended);
        let output = terminal.end(Signal::TERM);
        let mut outputs = output.split(MARK);
        for step in &script.steps {
            let real = self.lines(outputs.next().unwrap_or_default());
            if !difference::same(&step.expected, &real) {
                self.differs(step, &real);
            }
        }
        if !ended {
            let wrong = format!("these commands did not end within {} s", GUARD.as_secs());
            return Err((
                script.line,
                wrong,
                "Correct them, or give them a limit (curl -m 2)",
            ));
        }
        Ok(true)
    }

    fn take_port(&mut self, line: usize) -> Result<(), Fault> {
        if self.real == 0 {
            let free =
                port::free().ok_or((line, "no port is free".to_owned(), "Stop some servers"))?;
            (self.real, self.shown) = (free, port::SHOWN);
        }
        Ok(())
    }

    fn has_tools(&self, script: &Script) -> Result<bool, Fault> {
        let Some(missing) = missing_tool(script) else {
            return Ok(true);
        };
        let wrong = format!("this transcript needs {missing}, which is not installed");
        if self.equipment.require_all || missing == "curl" {
            return Err((script.line, wrong, "Install it"));
        }
        // The test harness would capture `eprintln!`, and nobody would see what is left out.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED {}:{}: {wrong}",
            self.page.path,
            script.line
        );
        Ok(false)
    }

    fn prepared(&self, step: &Step) -> Result<String, Fault> {
        let mend = "Correct the command, or the code that it builds";
        prepared(
            &step.command,
            self.shown,
            self.real,
            self.equipment.workshop,
        )
        .map_err(|error| (step.line, error, mend))
    }

    fn open(&self, command: &str, line: usize) -> Result<Terminal, Fault> {
        let wrong =
            |error: io::Error| (line, format!("sh cannot be started: {error}"), "Install it");
        Terminal::start(command, &self.equipment.folder, self.curl_home).map_err(wrong)
    }

    /// The lines of an output, with the port and the home of the book in them.
    fn lines(&self, output: &str) -> Vec<String> {
        let text = port::replaced(output, self.real, self.shown);
        let text = text.replace(&*self.curl_home.to_string_lossy(), HOME);
        text.lines().map(str::to_owned).collect()
    }

    fn differs(&mut self, step: &Step, real: &[String]) {
        let command = step.command.lines().next().unwrap_or_default();
        let listing = difference::listing(&step.expected, real);
        let wrong =
            format!("`{command}` prints something else (- in the book, + in truth)\n{listing}");
        self.findings.push(Finding::new(
            &self.page.path,
            step.line,
            wrong,
            "Correct the transcript, or the code",
        ));
    }
}
