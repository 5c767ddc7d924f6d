//! How far a server has come since the last time, and what to do next.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use check::lessons;
use check::mend;
use check::screen::say;

use super::found::Standing;
use super::sheet::Sheet;

/// Prints how many more are ok than the last time, and the next mend or the next lesson.
pub(super) fn print(sheet: &Sheet) {
    let passed = sheet.found.iter();
    let passed = passed.filter(|found| found.standing == Standing::Passed);
    let now = passed.count();
    let file = place(sheet);
    let before: Option<usize> = file
        .as_ref()
        .and_then(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    if let Some(file) = file {
        // Without a place to remember it in, the next run has nothing to compare with.
        let _ = file.parent().map(fs::create_dir_all);
        let _ = fs::write(file, now.to_string());
    }
    say(words(sheet, now, before));
}

fn words(sheet: &Sheet, now: usize, before: Option<usize>) -> String {
    let since = match before {
        Some(before) if now >= before => format!("+{} since last time", now - before),
        Some(before) => format!("−{} since last time", before - now),
        None => format!("{now} ok"),
    };
    let next = match sheet.first_to_mend() {
        Some(found) => format!(
            "next: {} ({})",
            found.probe.name,
            mend::of(found.probe).map_or("", |mend| mend.how)
        ),
        None => match lessons::numbered(sheet.through.number + 1) {
            Some(lesson) => format!(
                "next: lesson {:02}, {}: --through {}",
                lesson.number, lesson.title, lesson.package
            ),
            None => "next: nothing. This was the last lesson that exists.".to_owned(),
        },
    };
    format!("  {since}, {next}")
}

/// A file for this server and this lesson, in the folder for what can be lost.
fn place(sheet: &Sheet) -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let mut hasher = DefaultHasher::new();
    let here = std::env::current_dir().ok()?;
    (here, &sheet.target, sheet.through.number, sheet.total).hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    Some(folder.join("check-a-server").join(name))
}
