//! How a probe is run against a server.

use super::{Check, Needs, Probe};
use crate::outcome::{Finding, Verdict};
use crate::world::World;

impl Probe {
    /// The flags for our server of this lesson.
    pub fn flags_for(&self, lesson: u8) -> String {
        let flags = self.flags.iter();
        let fitting = flags.filter(|flags| (flags.from..=flags.to).contains(&lesson));
        let words: Vec<_> = fitting.map(|flags| flags.words).collect();
        words.join(" ")
    }

    /// Runs the probe, and then asks the server once more: whatever a client did, the next one
    /// must be served, and no input may end a server.
    pub fn run(&self, world: &World) -> Verdict {
        let found = world.bounded(|| {
            self.applies(world).and_then(|()| match &self.check {
                Check::Case(case) => case.run(world),
                Check::Behaviour(run) => run(world),
            })
        });
        world.bounded(|| {
            let after = world.still_answers();
            let suspicious = after.is_err() || matches!(found, Err(Finding::Died(_)));
            if world.has_exited() || (suspicious && world.exits_soon()) {
                return Err(Finding::Died("the server has ended".to_owned()));
            }
            match (&found, after) {
                (
                    Ok(()) | Err(Finding::Waits | Finding::Should(_) | Finding::Allowed(_)),
                    Err(Finding::Wrong(after)),
                ) => Err(Finding::Wrong(format!(
                    "afterwards, `GET /` is not served: {after}"
                ))),
                _ => found,
            }
        })
    }

    /// Whether the server has what the probe needs.
    fn applies(&self, world: &World) -> Verdict {
        match self.needs {
            Needs::Nothing => Ok(()),
            Needs::Process => world.server(|_| ()),
            Needs::Route(method, target) => match world.has_route(method, target)? {
                true => Ok(()),
                false => Err(Finding::NotApplicable(format!(
                    "the server has no {method} {target}"
                ))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Flags;

    #[test]
    fn flags_go_only_to_lessons_that_have_them() {
        const PROBE: Probe = Probe::case("x", "x", b"", &[200]).flags(&[
            Flags {
                from: 1,
                to: 2,
                words: "--delay 1",
            },
            Flags {
                from: 2,
                to: 99,
                words: "--head-timeout 1",
            },
        ]);
        assert_eq!(PROBE.flags_for(1), "--delay 1");
        assert_eq!(PROBE.flags_for(2), "--delay 1 --head-timeout 1");
        assert_eq!(PROBE.flags_for(3), "--head-timeout 1");
    }
}
