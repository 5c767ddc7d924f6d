//! An exercise: what to do, and the probe that tells whether it is done.

use crate::lessons;
use crate::outcome::{Finding, Verdict};
use crate::world::World;

/// One exercise.
pub struct Exercise {
    /// Chapter and number: `02-1`.
    pub id: &'static str,
    /// The lesson that it adds to.
    pub lesson: u8,
    /// What it is called.
    pub title: &'static str,
    /// What to do.
    pub task: &'static str,
    /// A push in the right direction.
    pub hint: &'static str,
    /// Our solution, an example of the lesson's package.
    pub example: &'static str,
    /// Red before, green after.
    pub(super) probe: fn(&World) -> Verdict,
}

impl Exercise {
    /// The package of its lesson.
    pub fn package(&self) -> &'static str {
        // A test of the list proves that each exercise names a lesson of the list.
        lessons::numbered(self.lesson).map_or("", |lesson| lesson.package)
    }

    /// Runs its probe, and then asks the server once more.
    pub fn run(&self, world: &World) -> Verdict {
        world.bounded(|| {
            (self.probe)(world)?;
            world.connect()?.leave();
            match world.has_exited() {
                true => Err(Finding::Died("the server process has ended".to_owned())),
                false => Ok(()),
            }
        })
    }
}
