//! Clients that are not ours: curl and openssl. They are skipped where they are not installed,
//! unless `REQUIRE_ALL` says that everything must be there.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use kit::needed;
use kit::patience::until;

use crate::command::{Lesson, write_identity};
use crate::house::{Authority, CLOSE, get};

fn run(line: &str, lesson: &Lesson) -> (String, String) {
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(lesson.folder.path())
        .stdin(Stdio::null())
        .output();
    let Output { stdout, stderr, .. } = output.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&stdout), text(&stderr))
}

fn self_signed() -> Lesson {
    Lesson::start(tempfile::tempdir().unwrap(), "--self-signed")
}

#[test]
fn the_line_that_it_prints_works_as_it_is() {
    if !needed::program("curl") {
        return;
    }
    let lesson = self_signed();
    until("it has said how", || {
        lesson.said().contains("curl --cacert ")
    });
    let said = lesson.said();
    let line = said.lines().find(|line| line.starts_with("curl ")).unwrap();
    let (answer, errors) = run(&format!("{line} --silent --show-error"), &lesson);
    assert_eq!(answer, "Hello, World!", "{errors}");
    // Without it nobody vouches for the server.
    let bare = format!("curl --silent --show-error https://{}/", lesson.address);
    let (answer, errors) = run(&bare, &lesson);
    assert!(
        answer.is_empty() && errors.contains("certificate"),
        "{errors}"
    );
}

#[test]
fn curl_speaks_both_versions_and_older_ones_are_refused() {
    if !needed::program("curl") {
        return;
    }
    let lesson = self_signed();
    let url = format!("https://{}/environ", lesson.address);
    for (flag, protocol) in [("--tls-max 1.2", "TLSv1.2"), ("--tlsv1.3", "TLSv1.3")] {
        let (page, errors) = run(&format!("curl -k -sS {flag} {url}"), &lesson);
        assert!(
            page.contains(&format!("SSL_PROTOCOL = '{protocol}'")),
            "{errors}"
        );
    }
    let old = "--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0";
    let (page, errors) = run(&format!("curl -k -sS {old} {url}"), &lesson);
    assert!(page.is_empty() && errors.contains("alert"), "{errors}");
}

#[test]
fn a_certificate_that_openssl_makes_as_we_say_is_taken_by_strict_clients() {
    if !needed::program("openssl") || !needed::program("curl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = lesson08::Problem::Missing;
    let line = lesson08::CertificateError::File("key.pem".into(), missing).to_string();
    let (_, line) = line.split_once("openssl ").unwrap();
    let made = Command::new("sh")
        .args(["-c", &format!("openssl {line}")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let encrypted = "openssl pkey -in key.pem -aes128 -passout pass:secret -out encrypted.pem";
    let status = Command::new("sh")
        .args(["-c", encrypted])
        .current_dir(folder.path())
        .status();
    assert!(status.unwrap().success());
    let path = |name: &str| folder.path().join(name);
    let error = lesson08::Identity::from_files(&path("cert.pem"), &path("encrypted.pem"));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("the key is encrypted"), "{error}");
    let trusted = lesson08::read_trusted(&path("cert.pem")).unwrap();
    let lesson = Lesson::start(folder, "--cert cert.pem --key key.pem");
    assert!(!lesson.said().contains("CA:TRUE"));
    let config = crate::house::client_config(trusted, &crate::house::VERSIONS);
    let socket = crate::house::socket(lesson.address);
    let mut strict = crate::house::Client::new(socket, config, "localhost");
    strict.send(get("/", CLOSE));
    assert!(strict.rest().0.ends_with("Hello, World!"));
    let line = format!("curl -sS --cacert cert.pem https://{}/", lesson.address);
    assert_eq!(run(&line, &lesson).0, "Hello, World!");
}

#[test]
fn openssl_shows_a_certificate_and_hears_a_goodbye() {
    if !needed::program("openssl") {
        return;
    }
    let (authority, members) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    write_identity(folder.path(), &authority);
    let (certificate, key) = members.issue_pem("a member", &[]);
    fs::write(folder.path().join("member.pem"), certificate + &key).unwrap();
    fs::write(folder.path().join("ca.pem"), members.pem()).unwrap();
    fs::write(folder.path().join("root.pem"), authority.pem()).unwrap();
    let lesson = Lesson::start(folder, "--cert cert.pem --key key.pem --client-ca ca.pem");
    for (flags, wanted) in [
        ("-tls1_3", "SSL_CLIENT_VERIFY = 'NONE'"),
        (
            "-tls1_2 -cert member.pem",
            "SSL_CLIENT_S_DN = 'CN=a member'",
        ),
        (
            "-tls1_3 -cert member.pem",
            "SSL_CLIENT_S_DN = 'CN=a member'",
        ),
    ] {
        let mut child = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &lesson.address.to_string(),
                "-CAfile",
                "root.pem",
            ])
            .args([
                "-servername",
                "localhost",
                "-verify_return_error",
                "-ign_eof",
                "-msg",
            ])
            .args(flags.split_whitespace())
            .current_dir(lesson.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(get("/environ", CLOSE).as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(wanted), "{flags}: {text}");
        assert!(text.contains("warning close_notify"), "{flags}: {text}");
        drop(stdin);
    }
}
