//! The command: its flags, what it says, and what it does on `SIGHUP`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use kit::patience::until;
use rcgen::{CertificateParams, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::house::{Authority, CLOSE, Client, VERSIONS, client_config, get, socket};

/// The real binary, in a process and a folder of its own.
pub(crate) struct Lesson {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) scheme: String,
    said: Arc<Mutex<String>>,
    pub(crate) folder: TempDir,
}

impl Lesson {
    pub(crate) fn start(folder: TempDir, flags: &str) -> Lesson {
        let mut child = command(folder.path(), flags).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (kept, errors) = (Arc::clone(&said), child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        let mut ready = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut ready).unwrap();
        thread::spawn(move || output.read_to_end(&mut Vec::new()));
        let url = ready.strip_prefix("lesson08 listening on ");
        let url = url.unwrap_or_else(|| panic!("{ready:?}, {}", said.lock().unwrap()));
        let (scheme, address) = url.trim().split_once("://").unwrap();
        Lesson {
            child,
            address: address.parse().unwrap(),
            scheme: scheme.to_owned(),
            said,
            folder,
        }
    }

    /// Everything on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Whether whoever trusts this authority gets an answer.
    fn is_vouched_for_by(&self, authority: &Authority) -> bool {
        let config = client_config(authority.trusted(), &VERSIONS);
        let mut client = Client::new(socket(self.address), config, "localhost");
        client.send(get("/", CLOSE));
        let mut text = String::new();
        client.stream.read_to_string(&mut text).is_ok() && text.ends_with("Hello, World!")
    }
}

impl Drop for Lesson {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path, flags: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson08"));
    command
        .current_dir(folder)
        .env("TMPDIR", folder)
        .args(["--addr", "127.0.0.1:0"])
        .args(flags.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A command that must fail by itself.
fn fails(folder: &Path, flags: &str) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command(folder, flags).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

pub(crate) fn write_identity(folder: &Path, authority: &Authority) {
    let (certificate, key) = authority.issue_pem("server", &["localhost", "127.0.0.1"]);
    fs::write(folder.join("cert.pem"), certificate).unwrap();
    fs::write(folder.join("key.pem"), key).unwrap();
}

const FILES: &str = "--cert cert.pem --key key.pem";

#[test]
fn the_ready_line_says_whether_to_write_http_or_https() {
    let folder = || tempfile::tempdir().unwrap();
    assert_eq!(Lesson::start(folder(), "").scheme, "http");
    assert_eq!(Lesson::start(folder(), "--self-signed").scheme, "https");
}

#[test]
fn a_certificate_is_made_for_the_names_of_this_machine_and_its_public_half_is_written_down() {
    let lesson = Lesson::start(tempfile::tempdir().unwrap(), "--self-signed");
    let path = lesson
        .folder
        .path()
        .join(format!("lesson08-{}.pem", lesson.address.port()));
    let line = format!(
        "curl --cacert {} https://{}/\n",
        path.display(),
        lesson.address
    );
    until("it says how to trust it", || lesson.said().contains(&line));
    let pem = fs::read_to_string(&path).unwrap();
    assert!(!pem.contains("PRIVATE KEY"));
    // Strict clients take it, too: it does not say that it is there to sign others.
    let trusted = lesson08::read_trusted(&path).unwrap();
    for name in ["localhost", "127.0.0.1"] {
        let config = client_config(trusted.clone(), &VERSIONS);
        let mut client = Client::new(socket(lesson.address), config, name);
        client.send(get("/", CLOSE));
        assert!(client.rest().0.ends_with("Hello, World!"), "{name}");
    }
}

#[test]
fn a_signal_makes_it_read_its_files_again() {
    let (first, second) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    write_identity(folder.path(), &first);
    let lesson = Lesson::start(folder, FILES);
    assert!(lesson.is_vouched_for_by(&first));
    write_identity(lesson.folder.path(), &second);
    assert!(
        lesson.is_vouched_for_by(&first),
        "nobody has asked it to look"
    );
    lesson.signal(Signal::HUP);
    until("it has the new one", || {
        lesson.said().contains("a new certificate")
    });
    assert!(lesson.is_vouched_for_by(&second) && !lesson.is_vouched_for_by(&first));
    // What will not do does not take anybody's server away.
    fs::write(lesson.folder.path().join("key.pem"), "no key").unwrap();
    lesson.signal(Signal::HUP);
    until("it says so", || {
        lesson.said().contains("the old certificate stays: key.pem")
    });
    assert!(lesson.is_vouched_for_by(&second));
}

#[test]
fn files_that_will_not_do_are_named_with_what_is_wrong_and_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    write_identity(place, &Authority::new());
    let (_, other_key) = Authority::new().issue_pem("other", &["localhost"]);
    let write = |name: &str, text: &str| fs::write(place.join(name), text).unwrap();
    let (cert, key) = ("cert.pem", "key.pem");
    let key_text = fs::read_to_string(place.join(key)).unwrap();
    let encrypted = key_text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    write("other.pem", &other_key);
    write("encrypted.pem", &encrypted);
    write(
        "old.pem",
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
    );
    write("empty.pem", "");
    write("half.pem", &key_text[..60]);
    fs::create_dir(place.join("folder.pem")).unwrap();
    for (name, from, until) in [("expired.pem", 2000, 2001), ("early.pem", 4000, 4001)] {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let pair = KeyPair::from_pem(&key_text).unwrap();
        write(name, &params.self_signed(&pair).unwrap().pem());
    }
    for (cert, key, words) in [
        (
            "none.pem",
            key,
            ["none.pem: there is no such file", "openssl req -x509"],
        ),
        (
            cert,
            "none.pem",
            ["none.pem: there is no such file", "openssl req -x509"],
        ),
        (
            "folder.pem",
            key,
            ["folder.pem: it cannot be read", "ls -l folder.pem"],
        ),
        (
            key,
            key,
            [
                "key.pem: there is no certificate in it",
                "openssl x509 -inform der",
            ],
        ),
        (
            "empty.pem",
            key,
            ["empty.pem: there is no certificate in it", "openssl x509"],
        ),
        (
            cert,
            cert,
            [
                "cert.pem: there is no private key in it",
                "openssl pkey -inform der",
            ],
        ),
        (
            cert,
            "half.pem",
            ["half.pem: it is damaged", "openssl storeutl"],
        ),
        (
            cert,
            "encrypted.pem",
            [
                "encrypted.pem: the key is encrypted",
                "openssl pkey -in encrypted.pem",
            ],
        ),
        (
            cert,
            "old.pem",
            ["old.pem: the key is encrypted", "openssl pkey -in old.pem"],
        ),
        (
            cert,
            "other.pem",
            [
                "other.pem: this is not the key of cert.pem",
                "openssl x509 -in cert.pem -noout -pubkey",
            ],
        ),
        (
            "expired.pem",
            key,
            [
                "expired.pem: the certificate was good until 2001-01-01",
                "openssl x509 -in expired.pem",
            ],
        ),
        (
            "early.pem",
            key,
            [
                "early.pem: the certificate is good from 4000-01-01",
                "date -u",
            ],
        ),
    ] {
        let (code, said) = fails(place, &format!("--cert {cert} --key {key}"));
        assert_eq!(code, Some(1), "{said}");
        for word in words {
            assert!(said.contains(word), "{word} in {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
    let (code, said) = fails(place, &format!("{FILES} --client-ca empty.pem"));
    assert!(
        code == Some(1) && said.contains("empty.pem: there is no certificate"),
        "{said}"
    );
}

#[test]
fn flags_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, word) in [
        ("--cert cert.pem", "--key"),
        ("--key key.pem", "--cert"),
        ("--cert a --key b --self-signed", "--self-signed"),
        ("--client-ca ca.pem", "needs TLS"),
    ] {
        let (code, said) = fails(folder.path(), flags);
        assert!(code == Some(2) && said.contains(word), "{flags}: {said}");
    }
}

#[test]
fn a_certificate_that_is_there_to_sign_others_is_served_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pair = KeyPair::generate().unwrap();
    fs::write(
        folder.path().join("cert.pem"),
        params.self_signed(&pair).unwrap().pem(),
    )
    .unwrap();
    fs::write(folder.path().join("key.pem"), pair.serialize_pem()).unwrap();
    let lesson = Lesson::start(folder, FILES);
    until("it warns", || {
        let said = lesson.said();
        said.contains("CA:TRUE") && said.contains("CA:FALSE")
    });
    let trusted = lesson08::read_trusted(&lesson.folder.path().join("cert.pem")).unwrap();
    let config = client_config(trusted, &VERSIONS);
    let mut strict = Client::new(socket(lesson.address), config, "localhost");
    let error = strict.shake().unwrap_err().to_string();
    assert!(error.contains("CaUsedAsEndEntity"), "{error}");
}
