//! `start`: a folder for a server of one's own, in each language whose tool is there.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use check::server::Launch;
use check::workshop::{self, workspace};
use kit::needed;
use tempfile::TempDir;

/// A folder that `start` has filled.
struct Started {
    folder: TempDir,
    said: String,
}

impl Started {
    fn new(words: &[&str]) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let output = start(&folder.path().join("mine"), words);
        let said = text(&output);
        assert!(output.status.success(), "{said}");
        Started { folder, said }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("mine").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// What `./check` runs, without building the checker once more.
    fn check(&self, words: &[&str]) -> (String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
            .current_dir(self.file(""))
            .args(["--config", "check.toml"])
            .args(words)
            .env("XDG_CACHE_HOME", self.folder.path())
            .output()
            .unwrap();
        (text(&output), output.status.code().unwrap())
    }

    /// The stub builds, starts and says that it does not listen; a server in its place is checked.
    fn becomes_a_server(&self, edited: &str, server: &str) {
        let (said, code) = self.check(&[]);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("Nothing listens on http://"), "{said}");
        fs::write(self.file(edited), server).unwrap();
        let (said, code) = self.check(&["--only", "hello", "close-said", "restart"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("✓ through lesson01: 3 ok"), "{said}");
    }
}

fn start(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .arg("start")
        .arg(folder)
        .args(words)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

fn of_the_course(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

#[test]
fn a_server_in_rust_begins_with_a_stub_and_the_versions_of_the_course() {
    let started = Started::new(&["--lang", "rust"]);
    let manifest = started.read("Cargo.toml");
    assert!(manifest.contains("\n[workspace]\n"), "{manifest}");
    let lockfile = of_the_course("Cargo.lock");
    for pinned in manifest.lines().filter(|line| line.contains("\"=")) {
        let name = pinned.split(' ').next().unwrap();
        let version = pinned
            .split("\"=")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(lockfile.contains(&entry), "{pinned}");
    }
    started.becomes_a_server(
        "src/main.rs",
        &of_the_course("lessons/01-socket/examples/small01.rs"),
    );
    assert!(started.file("target/debug/mine").is_file());
}

#[test]
fn a_server_in_python_begins_with_a_stub() {
    if needed::program("python3") {
        let server = of_the_course("lessons/01-socket/examples/small01.py");
        Started::new(&["--lang", "python"]).becomes_a_server("server.py", &server);
    }
}

#[test]
fn a_server_in_node_begins_with_a_stub() {
    if needed::program("node") {
        let server = "require('node:net').createServer((client) => {\n  client.on('error', () => {});\n  client.once('data', () => client.end(\n    'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nHello'));\n}).listen(Number(process.argv[2]), '127.0.0.1');\n";
        Started::new(&["--lang", "node"]).becomes_a_server("server.js", server);
    }
}

#[test]
fn a_server_in_go_begins_with_a_stub() {
    if needed::program("go") {
        let server = "package main\n\nimport (\n\t\"net\"\n\t\"os\"\n)\n\nfunc main() {\n\tlistener, _ := net.Listen(\"tcp\", \"127.0.0.1:\"+os.Args[1])\n\tfor {\n\t\tclient, err := listener.Accept()\n\t\tif err != nil {\n\t\t\tcontinue\n\t\t}\n\t\tclient.Read(make([]byte, 1024))\n\t\tclient.Write([]byte(\"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nHello\"))\n\t\tclient.Close()\n\t}\n}\n";
        Started::new(&["--lang", "go"]).becomes_a_server("main.go", server);
    }
}

#[test]
fn it_prints_two_commands_the_one_to_edit_and_the_one_to_check() {
    let started = Started::new(&["--lang", "python"]);
    let commands: Vec<_> = started
        .said
        .lines()
        .filter(|line| line.starts_with("  "))
        .collect();
    assert_eq!(commands.len(), 2, "{}", started.said);
    assert!(commands[0].ends_with("mine/server.py"), "{}", started.said);
    assert!(commands[1].ends_with("mine/check"), "{}", started.said);
    for file in ["check.toml", ".gitignore", "ROUTES.md"] {
        assert!(started.file(file).is_file(), "{file}");
    }
}

/// The script itself, called from elsewhere, and with a cargo that only says what it was asked: the
/// real one would replace the checker that the other tests are using by one with other features.
#[test]
fn the_script_asks_cargo_for_the_checker_of_the_course() {
    let started = Started::new(&["--lang", "python"]);
    let script = started.file("check");
    assert_eq!(
        fs::metadata(&script).unwrap().permissions().mode() & 0o111,
        0o111
    );
    if !Path::new(env!("CARGO_BIN_EXE_web-server-check")).starts_with(workspace()) {
        // Built or installed elsewhere, the checker is called by its path, and cargo is not asked.
        assert!(
            fs::read_to_string(&script)
                .unwrap()
                .contains("/web-server-check'")
        );
        return;
    }
    let cargo = started.folder.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\nprintf '%s\\n' \"$PWD\" \"$@\"\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new(&script)
        .current_dir("/")
        .env(
            "PATH",
            format!("{}:{path}", started.folder.path().display()),
        )
        .args(["list", "two words"])
        .output()
        .unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let manifest = workspace().join("Cargo.toml").display().to_string();
    let folder = fs::canonicalize(started.file("")).unwrap();
    let asked: Vec<&str> = said.lines().collect();
    let (place, words) = asked.split_first().unwrap();
    assert_eq!(fs::canonicalize(place).unwrap(), folder);
    let own = ["--config", "check.toml", "list", "two words"];
    let course = [
        "run",
        "--quiet",
        "--manifest-path",
        &manifest,
        "--package",
        "check",
        "--",
    ];
    assert_eq!(words, [&course[..], &own[..]].concat());
    let known = Command::new(std::env::var_os("CARGO").unwrap())
        .args(["pkgid", "--offline", "--manifest-path", &manifest, "check"])
        .output()
        .unwrap();
    assert!(known.status.success(), "{}", text(&known));
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("server.py"), "mine").unwrap();
    let output = start(folder.path(), &["--lang", "python"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("not empty"), "{}", text(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(folder.path().join("server.py")).unwrap(),
        "mine"
    );
}

#[test]
fn a_lesson_can_begin_with_what_the_one_before_left() {
    for (words, file, left) in [
        (
            ["--lang", "rust", "--from", "02"],
            "src/main.rs",
            "01-socket/examples/small01_mended.rs",
        ),
        (
            ["--lang", "rust", "--from", "03"],
            "src/main.rs",
            "02-request/examples/small02.rs",
        ),
        (
            ["--lang", "rust", "--from", "4"],
            "src/main.rs",
            "03-wsgi/examples/small03/main.rs",
        ),
        (
            ["--lang", "rust", "--from", "04"],
            "src/routes.rs",
            "03-wsgi/examples/small03/routes.rs",
        ),
        (
            ["--lang", "rust", "--from", "05"],
            "src/main.rs",
            "03-wsgi/examples/small03/main.rs",
        ),
        (
            ["--lang", "python", "--from", "02"],
            "server.py",
            "01-socket/examples/small01.py",
        ),
        (
            ["--lang", "python", "--from", "lesson04"],
            "server.py",
            "03-wsgi/examples/small03.py",
        ),
        (
            ["--lang", "python", "--from", "04"],
            "small03_routes.py",
            "03-wsgi/examples/small03_routes.py",
        ),
    ] {
        let started = Started::new(&words);
        assert_eq!(
            started.read(file),
            of_the_course(&format!("lessons/{left}")),
            "{words:?}"
        );
        let lesson = words[3].trim_start_matches(['l', 'e', 's', 'o', 'n', '0']);
        let through = format!("through = \"lesson0{lesson}\"");
        assert!(started.read("check.toml").contains(&through), "{words:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let node = start(
        &folder.path().join("mine"),
        &["--lang", "node", "--from", "02"],
    );
    assert_eq!(node.status.code(), Some(2));
    assert!(text(&node).contains("--from needs"), "{}", text(&node));
    assert!(!folder.path().join("mine").exists());
}

#[test]
fn a_server_that_cannot_be_built_is_not_started() {
    let started = Started::new(&["--lang", "python"]);
    let settings = started
        .read("check.toml")
        .replace("run =", "build = \"echo no; false\"\nrun =");
    fs::write(started.file("check.toml"), settings).unwrap();
    let (said, code) = started.check(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("echo no; false: exit status: 1"), "{said}");
}

/// Each row of the table of routes, asked of our own framework.
#[test]
fn the_routes_are_those_of_our_own_servers() {
    let binary = workshop::binary("lesson04").unwrap();
    let server = Launch::lesson(binary, "--quiet").start(None).unwrap();
    let table =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("starters/ROUTES.md"));
    let table = table.unwrap();
    let mut asked = 0;
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (method, target) = cells[1].trim_matches('`').split_once(' ').unwrap();
        let mut client = TcpStream::connect(server.address()).unwrap();
        let body = if method == "POST" { "hello" } else { "" };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap();
        assert!(cells[2].contains(status), "{row}\n{answer}");
        for part in cells[2].split('`').skip(1).step_by(2) {
            // An example of JSON has its keys, a line its words, a type its name.
            let keys = part.split("\":").filter_map(|text| text.rsplit('"').next());
            let there = match (part.starts_with('{'), part.contains(['/', '='])) {
                (true, _) => keys
                    .filter(|key| !key.ends_with('}'))
                    .all(|key| answer.contains(&format!("\"{key}\":"))),
                (false, true) => {
                    part.contains("NAME") || answer.contains(part.split(" = ").next().unwrap())
                }
                (false, false) => !part.starts_with("line") || answer.contains(part),
            };
            assert!(there, "{part:?} is not in\n{answer}");
        }
        asked += 1;
    }
    assert_eq!(asked, 8);
}
