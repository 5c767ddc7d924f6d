//! The control of a case with a body: the same request without the fault.
//!
//! A server that answers 405 to every POST has not looked at the length of its body, and a 405
//! proves nothing. So an innocent POST goes first. If it is refused, the echo is asked, if there is
//! one; and if there is none, an answer like that to the innocent one is no finding.

use super::Case;
use crate::outcome::Finding;
use crate::world::World;

/// What an innocent request got.
pub(super) struct Control {
    /// The status that the server gives to any such request, if that is a refusal.
    refusal: Option<u16>,
    /// Whether to ask the echo instead of `/`.
    by_echo: bool,
}

const ROOT: &[u8] = b"POST / ";
const ECHO: &[u8] = b"POST /echo ";

impl Case {
    pub(super) fn control(&self, world: &World) -> Result<Control, Finding> {
        let mut control = Control {
            refusal: None,
            by_echo: false,
        };
        if !self.send.starts_with(b"POST ") {
            return Ok(control);
        }
        control.refusal = match self.send.starts_with(ROOT) {
            true => refusal(world, "/"),
            false => refusal(world, "/echo"),
        };
        if control.refusal.is_some() && self.send.starts_with(ROOT) {
            control.by_echo = world.has_route("POST", "/echo")?;
        }
        if control.by_echo {
            control.refusal = refusal(world, "/echo");
        }
        Ok(control)
    }
}

/// The status of an innocent POST, if it is refused. One that gets no answer is no control.
fn refusal(world: &World, target: &str) -> Option<u16> {
    let fields = "Content-Length: 5\r\nConnection: close\r\n";
    let question = world.request("POST", target, fields) + "hello";
    let answer = world.unrecorded().ask(question).ok()?;
    (answer.status >= 400).then_some(answer.status)
}

impl Control {
    /// The bytes, to the target that takes a body.
    pub(super) fn aimed(&self, send: &[u8]) -> Vec<u8> {
        match send.strip_prefix(ROOT) {
            Some(rest) if self.by_echo => [ECHO, rest].concat(),
            _ => send.to_vec(),
        }
    }

    /// Whether a status says nothing, because the server gives it to any such request.
    pub(super) fn hides(&self, status: u16) -> bool {
        self.refusal == Some(status)
    }

    pub(super) fn not_applicable(&self) -> Finding {
        Finding::NotApplicable(format!(
            "it answers {} to a POST without the fault as well, and has no POST /echo",
            self.refusal.unwrap_or_default()
        ))
    }
}
