//! What a test needs and not every machine has. Without it the test looks at nothing and passes,
//! and says so aloud; with `REQUIRE_ALL=1` it fails.

use std::io::{self, Write};
use std::process::{Command, Stdio};

/// Whether nothing may be left out.
pub fn is_everything_required() -> bool {
    std::env::var_os("REQUIRE_ALL").is_some_and(|value| value == "1")
}

/// Says what is left out. The test harness captures what `println!` and `eprintln!` print, and
/// shows it only for a failure; this it cannot capture.
pub fn say_skipped(what: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr(), "SKIPPED: {what}");
}

/// Whether what a test needs is there. If it is not, `absent` says what that is.
pub fn or_skip(is_there: bool, absent: &str) -> bool {
    if !is_there {
        assert!(
            !is_everything_required(),
            "{absent}, and REQUIRE_ALL is set"
        );
        say_skipped(absent);
    }
    is_there
}

/// Whether a program is there, where the shell would find it.
pub fn program(name: &str) -> bool {
    let is_there = ends_well("sh", &["-c", "command -v \"$1\"", "sh", name]);
    or_skip(is_there, &absent(name, package(name)))
}

/// That a program is absent, and what to do about it.
pub fn absent(name: &str, package: &str) -> String {
    format!("{name} is absent: sudo apt-get install {package}")
}

/// What Debian calls the package of a program.
fn package(program: &str) -> &str {
    match program {
        "node" => "nodejs",
        "go" => "golang-go",
        other => other,
    }
}

/// Whether `python3` is there, and as new as lesson 13 needs it.
pub fn python() -> bool {
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 10))";
    or_skip(
        ends_well("python3", &["-c", new_enough]),
        &absent("python3, 3.10 or newer,", "python3"),
    )
}

/// Whether a program is there and ends well with these words; what it says is not shown.
pub fn ends_well(program: &str, words: &[&str]) -> bool {
    let ended = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ended.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the next test runs this one again, the variable names a program to look for.
    #[test]
    fn a_program_that_is_there_is_found() {
        let asked = std::env::var("LOOK_FOR");
        let found = program(asked.as_deref().unwrap_or("sh"));
        assert_eq!(found, asked.is_err());
    }

    fn look_for_what_nobody_has(require_all: &str) -> (bool, String) {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "needed::tests::a_program_that_is_there_is_found"])
            .env("LOOK_FOR", "a-program-that-nobody-has")
            .env("REQUIRE_ALL", require_all)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    }

    #[test]
    fn what_is_absent_is_said_past_the_harness_and_is_a_failure_where_everything_is_required() {
        let (passed, said) = look_for_what_nobody_has("");
        assert!(passed, "{said}");
        assert_eq!(
            said,
            "SKIPPED: a-program-that-nobody-has is absent: \
             sudo apt-get install a-program-that-nobody-has\n"
        );
        let (passed, _) = look_for_what_nobody_has("1");
        assert!(!passed);
    }
}
