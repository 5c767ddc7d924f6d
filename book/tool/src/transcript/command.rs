//! From a command as the book shows it to the command that the runner starts.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::transcript::port;

/// Where the binary of a package, or of one of its examples, is.
pub type Workshop<'a> = &'a dyn Fn(&str, Option<&str>) -> Result<PathBuf, String>;

/// Replaces `cargo run …` by the built binary, and the port of the book by the real one.
///
/// A lesson that gets no `--addr` would take the port of the book, so it gets the real one. What
/// happens in the reader's own folder is left as it is, but for its checker: that is built already.
pub fn prepared(
    command: &str,
    shown: u16,
    real: u16,
    workshop: Workshop,
) -> Result<String, String> {
    // As the shell does it: a backslash at the end of a line joins it with the next.
    let mut rest = port::replaced(&command.replace("\\\n", " "), shown, real);
    if rest.contains(OWN_CHECK) || rest.contains(OWN_FOLDER) {
        return own(&rest, workshop);
    }
    let mut ready = String::new();
    while let Some(at) = cargo_at(&rest) {
        ready.push_str(&rest[..at]);
        let (call, length) = cargo_run(&rest[at..])?;
        rest = rest[at + length..].to_owned();
        let binary = workshop(&call.package, call.example.as_deref())?;
        let _ = write!(ready, "'{}'", binary.display());
        let arguments = rest
            .split(['|', ';', '&', ')', '\n'])
            .next()
            .unwrap_or_default();
        let is_small = call.example.as_deref().is_some_and(is_small_server);
        let is_server = call.package.starts_with("lesson") && !is_small;
        if is_small && arguments.trim().is_empty() {
            let _ = write!(ready, " {real}");
        }
        if is_server && !arguments.split([' ', '=']).any(|word| word == "--addr") {
            let _ = write!(ready, " --addr 127.0.0.1:{real}");
        }
    }
    Ok(ready + &rest)
}

/// The script in the reader's own folder.
const OWN_CHECK: &str = "~/mine/check";

/// How a command begins that runs in the reader's own folder.
const OWN_FOLDER: &str = "(cd ~/mine && ";

/// A command about the reader's own folder. The script there would build the checker and run it; in
/// its place stands the one that was built already.
fn own(command: &str, workshop: Workshop) -> Result<String, String> {
    let mut pieces = command.split(OWN_CHECK);
    let mut ready = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.starts_with('.') {
            // The file of settings beside it.
            true => ready.push_str(OWN_CHECK),
            false => {
                let checker = workshop("check", None)?;
                let _ = write!(
                    ready,
                    "env -C ~/mine '{}' --config check.toml",
                    checker.display()
                );
            }
        }
        ready.push_str(piece);
    }
    Ok(ready)
}

/// Whether an example is a small server: those take their port as the first word.
fn is_small_server(example: &str) -> bool {
    check::small_servers::find(example).is_some()
}

/// Where the next word `cargo` is.
fn cargo_at(text: &str) -> Option<usize> {
    text.match_indices("cargo ")
        .map(|(at, _)| at)
        .find(|&at| at == 0 || text[..at].ends_with([' ', '(', '\n', ';', '&', '|']))
}

struct CargoRun {
    package: String,
    example: Option<String>,
}

/// Reads `cargo run -q -p lesson01 --example zombies --` and says how many bytes it took.
fn cargo_run(text: &str) -> Result<(CargoRun, usize), String> {
    let mut words = text.split(' ').skip(1);
    let mut length = "cargo ".len();
    let verb = words.next().unwrap_or_default();
    if verb != "run" {
        return Err(format!(
            "`cargo {verb}` cannot be run from inside the book; tag the fence norun and say why"
        ));
    }
    length += verb.len();
    let (mut package, mut example) = (None, None);
    while let Some(word) = words.next() {
        let mut taken = 1 + word.len();
        match word {
            "" | "-q" | "--quiet" => {}
            "-p" | "--package" | "--example" => {
                let value = words.next().ok_or(format!("`{word}` has no value"))?;
                let name = value.trim_end_matches([')', ';', '&', '|']);
                let name = name.split('\n').next().unwrap_or_default();
                taken += 1 + name.len();
                *(if word == "--example" {
                    &mut example
                } else {
                    &mut package
                }) = Some(name.to_owned());
                if name.len() < value.len() {
                    length += taken;
                    break;
                }
            }
            "--" => {
                length += taken;
                break;
            }
            _ => break,
        }
        length += taken;
    }
    let package = package.ok_or("`cargo run` names no package: write `cargo run -p lesson01`")?;
    Ok((CargoRun { package, example }, length.min(text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: &str) -> Result<String, String> {
        let workshop = |package: &str, example: Option<&str>| {
            Ok(PathBuf::from(format!(
                "/bin/{}",
                example.unwrap_or(package)
            )))
        };
        prepared(command, 8888, 5101, &workshop)
    }

    #[test]
    fn cargo_run_becomes_the_binary_with_the_real_port() {
        for (shown, real) in [
            (
                "cargo run -p lesson01",
                "'/bin/lesson01' --addr 127.0.0.1:5101",
            ),
            (
                "cargo run -q -p lesson01 -- --delay 2",
                "'/bin/lesson01' --addr 127.0.0.1:5101 --delay 2",
            ),
            (
                "cargo run -p lesson01 -- --addr :8888",
                "'/bin/lesson01' --addr :5101",
            ),
            (
                "cargo run -p lesson01 -- --addr=[::1]:8888",
                "'/bin/lesson01' --addr=[::1]:5101",
            ),
            (
                "cargo run -p lesson05 --example zombies",
                "'/bin/zombies' --addr 127.0.0.1:5101",
            ),
            (
                "cargo run -p check -- break lesson01 hello | head -3",
                "'/bin/check' break lesson01 hello | head -3",
            ),
            (
                "timeout 1 cargo run -p lesson01; echo $?",
                "timeout 1 '/bin/lesson01' --addr 127.0.0.1:5101; echo $?",
            ),
            (
                "(cargo run -p lesson01) & wait",
                "('/bin/lesson01' --addr 127.0.0.1:5101) & wait",
            ),
            (
                "cargo run -p lesson01 2>&1 | head",
                "'/bin/lesson01' --addr 127.0.0.1:5101 2>&1 | head",
            ),
            (
                "cargo run -p lesson01 \\\n -- --delay 2",
                "'/bin/lesson01' --addr 127.0.0.1:5101 --delay 2",
            ),
            (
                "cargo run -q -p lesson01 --example small01",
                "'/bin/small01' 5101",
            ),
            (
                "cargo run -q -p lesson01 --example small01 -- 8888",
                "'/bin/small01' 5101",
            ),
            (
                "~/mine/check --hold 2 | tail -1; cat ~/mine/check.toml",
                "env -C ~/mine '/bin/check' --config check.toml --hold 2 | tail -1; cat ~/mine/check.toml",
            ),
            (
                "(cd ~/mine && cargo run -q -- 8888)",
                "(cd ~/mine && cargo run -q -- 5101)",
            ),
            (
                "curl http://127.0.0.1:8888/a?b=18888",
                "curl http://127.0.0.1:5101/a?b=18888",
            ),
        ] {
            assert_eq!(run(shown).unwrap(), real, "{shown}");
        }
    }

    #[test]
    fn other_cargo_commands_are_refused() {
        assert!(run("cargo test -p lesson02").unwrap_err().contains("norun"));
        assert!(run("cargo run").unwrap_err().contains("names no package"));
        assert_eq!(run("echo mycargo run").unwrap(), "echo mycargo run");
    }
}
