//! What cargo says to the programs that it runs, and they had better not pass on.

use std::env;
use std::process::Command;

/// Takes out of a command's environment what `cargo run` or `cargo test` has said to us there.
///
/// A cargo that the command starts would hear it as well. Build scripts that look at it, like that
/// of `ring`, would run again, and all that stands on them would be compiled once more: each time
/// that somebody else starts cargo.
pub fn forget(command: &mut Command) -> &mut Command {
    let is_said_to_us = |name: &str| {
        ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"]
            .iter()
            .any(|beginning| name.starts_with(beginning))
            || name == "CARGO_CRATE_NAME"
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_said_to_us) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_does_not_hear_which_package_we_are() {
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some(), "cargo runs us");
        let output = forget(&mut Command::new("env")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("PATH="));
        assert!(
            !text.contains("CARGO_MANIFEST_DIR=") && !text.contains("CARGO_PKG_"),
            "{text}"
        );
    }
}
