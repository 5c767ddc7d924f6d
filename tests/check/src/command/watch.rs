//! `--watch`: when a file changes, what has failed is run again.

use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use check::screen::say;

use super::end::End;
use super::flags::{Choice, Manner, Print, Target};
use super::stop::Stop;
use super::subject::Subject;
use super::survey::Survey;

/// Runs the survey again and again, until Ctrl-C.
pub(super) fn run(
    file: &Path,
    target: &Target,
    choice: &Choice,
    manner: &Manner,
    print: &Print,
) -> Result<End, Stop> {
    let mut choice = choice.clone();
    let all = choice.only.clone();
    loop {
        let before = changed(file)?;
        let subject = Subject::of(target.clone())?.ok_or_else(Stop::no_target)?;
        // A server that cannot be built at the moment will be built another time.
        match Survey::new(&choice, manner, print)?.run(subject) {
            Ok(end) if end.to_mend.is_empty() => choice.only.clone_from(&all),
            Ok(end) => choice.only = end.to_mend.iter().map(|name| (*name).to_owned()).collect(),
            Err(Stop::NoServer(text)) => say(format_args!("check: {text}")),
            Err(other) => return Err(other),
        }
        say(format_args!(
            "\nWaiting for a change of {} …",
            file.display()
        ));
        while changed(file).is_ok_and(|now| now == before) {
            thread::sleep(Duration::from_millis(200));
        }
        // An editor may put a new file in the place of the old one.
        while changed(file).is_err() {
            thread::sleep(Duration::from_millis(200));
        }
    }
}

fn changed(file: &Path) -> Result<SystemTime, Stop> {
    let time = std::fs::metadata(file).and_then(|about| about.modified());
    time.map_err(|error| Stop::Usage(format!("--watch {}: {error}", file.display())))
}
