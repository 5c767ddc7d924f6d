//! `start`: a folder for a server of one's own, with everything but the server.

mod language;
mod starter;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use check::screen::say;

pub(super) use language::Language;

use super::stop::Stop;
use starter::{File, files};

/// Makes the folder. A lesson in `from` puts the small server into it that the lesson before left.
pub(super) fn run(folder: &Path, language: Language, from: Option<&str>) -> Result<(), Stop> {
    let files = files(language, from)?;
    must_be_empty(folder)?;
    for file in &files {
        write(folder, file).map_err(|error| {
            Stop::Usage(format!("{}: {error}", folder.join(&file.name).display()))
        })?;
    }
    let (folder, edited) = (folder.display(), language.edited());
    say(format_args!(
        "Your server is {folder}/{edited}. Two commands take you from here:\n\n  \
         ${{EDITOR:-nano}} {folder}/{edited}\n  {folder}/check"
    ));
    Ok(())
}

fn must_be_empty(folder: &Path) -> Result<(), Stop> {
    let refused = |why: String| Err(Stop::Usage(format!("{}: {why}", folder.display())));
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(0) => Ok(()),
        Ok(_) => refused("this folder is not empty. Name one that does not exist yet.".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => refused(error.to_string()),
    }
}

fn write(folder: &Path, file: &File) -> io::Result<()> {
    let path = folder.join(&file.name);
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    fs::write(&path, &file.text)?;
    match file.can_be_run {
        true => fs::set_permissions(&path, fs::Permissions::from_mode(0o755)),
        false => Ok(()),
    }
}
