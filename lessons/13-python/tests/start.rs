//! From a command line to an application, or to a clear word about what is wrong.

mod served;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::needed;
use served::{serve, text};

/// What the command says, and its exit code. It must not need more than a moment.
fn said(flags: &[&str], path: Option<&str>) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson13"));
    command.args(["--addr", "127.0.0.1:0"]).args(flags);
    command.args([
        "--chdir",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apps"),
    ]);
    if let Some(path) = path {
        let before = std::env::var_os("PATH").unwrap_or_default();
        command.env("PATH", path).env("OLD_PATH", before);
        command.env_remove("VIRTUAL_ENV");
    }
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "it was ready before it knew");
    (
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code(),
    )
}

#[test]
fn without_a_python_it_says_how_to_get_one() {
    let (said, code) = said(&[], Some("/nonexistent"));
    assert!(said.contains("apt-get install python3"), "{said}");
    assert_eq!((said.lines().count(), code), (1, Some(1)));
}

/// A `python3` that is not what it is: it runs these lines before what it is asked to run.
fn other_python(folder: &Path, lines: &str) -> PathBuf {
    let program = folder.join("python3");
    let text = format!(
        "#!/bin/sh\nPYTHON=$(PATH=$OLD_PATH command -v python3)\nshift\n\
         exec \"$PYTHON\" -c 'import sys\n{lines}\ncode = sys.argv.pop(1)\nexec(code)' \"$@\"\n"
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

#[test]
fn a_python_that_will_not_do_is_refused_in_a_line() {
    if !needed::python() {
        return;
    }
    for (lines, why) in [
        (
            "sys.version_info = (3, 9, 2)",
            "Python 3.9 is too old: name one from 3.10 on with --python",
        ),
        (
            "sys.version_info = (2, 7, 18)",
            "Python 2.7 is too old: name one from 3.10 on with --python",
        ),
        (
            "import sysconfig\n\
             sysconfig.get_config_var = lambda name: name == \"Py_GIL_DISABLED\"",
            "has no interpreter lock, and this lesson is about it",
        ),
        // As one that was linked without anything, or is another implementation.
        (
            "sys.argv[2] = __file__ = \"/etc/passwd\"",
            "cannot load /etc/passwd",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let python = other_python(folder.path(), lines);
        for flags in [&["--python", python.to_str().unwrap()][..], &[]] {
            let path = folder.path().display();
            let (said, code) = said(flags, Some(&format!("{path}:/usr/bin:/bin")));
            assert!(said.contains(why), "{said}");
            assert_eq!((said.lines().count(), code), (1, Some(1)), "{said}");
        }
    }
}

#[test]
fn a_python_that_is_not_there_is_named_in_a_line() {
    for (name, why) in [
        ("/no/such/python3", "there is no program /no/such/python3"),
        ("no-such-python3", "there is no program no-such-python3"),
        ("/etc/passwd", "there is no program /etc/passwd"),
    ] {
        let (said, code) = said(&["--python", name], None);
        assert!(said.contains(why), "{said}");
        assert_eq!((said.lines().count(), code), (1, Some(1)));
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("python3");
    fs::write(&program, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let (said, code) = said(&["--python", program.to_str().unwrap()], None);
    assert!(said.contains("python3 does not start"), "{said}");
    assert_eq!((said.lines().count(), code), (1, Some(1)));
}

#[test]
fn help_needs_no_python() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson13"));
    let output = command
        .arg("--help")
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("MODULE:ATTRIBUTE")
    );
}

#[test]
fn an_error_in_the_application_is_shown_as_python_shows_it_before_anybody_can_connect() {
    if !needed::program("python3") {
        return;
    }
    let (said, code) = said(&["broken:app"], None);
    assert!(
        said.contains("SyntaxError") && said.contains("broken.py"),
        "{said}"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn what_is_not_there_or_cannot_be_called_is_said_in_a_line() {
    if !needed::program("python3") {
        return;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps/rules.py");
    let rules = format!("the module rules ({})", file.display());
    let absent = format!("{rules} has no absent; it has app: rules:app");
    let called = format!("{rules} has no make(): to call it first, --call rules:make");
    for (name, why) in [
        ("rules:absent", &*absent),
        ("rules:make()", &*called),
        (
            "rules:make",
            "rules:make takes neither (environ, start_response) nor (scope, receive, send): \
             is it a factory? --call rules:make calls it first",
        ),
        (
            "rules:not_callable",
            "rules:not_callable is not callable: it is of the type str",
        ),
        ("rules:", "\"rules:\" is not MODULE:ATTRIBUTE"),
    ] {
        let (said, code) = said(&[name], None);
        assert_eq!(
            (said.trim_end(), code),
            (&*format!("lesson13: {why}"), Some(1))
        );
    }
    let (said, _) = said(&["no_such_module:app"], None);
    assert!(said.contains("ModuleNotFoundError"), "{said}");
}

#[test]
fn a_factory_is_called_once() {
    let Some(server) = serve("--call rules:make") else {
        return;
    };
    assert_eq!(text(&server, "/").1, "good");
}

#[test]
fn an_application_of_ours_is_found_from_everywhere() {
    let Some(server) = serve("") else { return };
    assert_eq!(text(&server, "/").1, "Hello, World!");
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("apps/demo.py")
            .is_file()
    );
}
