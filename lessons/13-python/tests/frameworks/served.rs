//! A lesson 13 that serves an application, and what is asked of it.

use std::fs;
use std::path::Path;

use check::answer::Answer;
use check::client::{Client, GUARD};
use check::server::{Launch, Server};
use check::transcript::Transcript;
use kit::needed;
use kit::patience::until;
use rustix::process::{Pid, Signal, kill_process};

/// The Python that has the frameworks.
pub(crate) fn python() -> String {
    std::env::var("CHECK_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Whether it can import all of these; if not, the test says so and is skipped, unless nothing may
/// be.
pub(crate) fn python_has(modules: &str) -> bool {
    let program = format!(
        "import sys, {modules}\nassert sys.version_info >= (3, 10)\n\
         import sysconfig\nassert not sysconfig.get_config_var('Py_GIL_DISABLED')"
    );
    needed::or_skip(
        needed::ends_well(&python(), &["-c", &program]),
        &format!(
            "{} from 3.10 on with {modules} is absent: \
             pip install -r lessons/13-python/requirements.txt",
            python()
        ),
    )
}

/// Modules of these tests, beside which the server works.
const MODULES: [(&str, &str); 5] = [
    ("validated.py", include_str!("apps/validated.py")),
    ("more_django.py", include_str!("apps/more_django.py")),
    ("more_fastapi.py", include_str!("apps/more_fastapi.py")),
    ("blocking.py", include_str!("apps/blocking.py")),
    ("odd.py", include_str!("apps/odd.py")),
];

/// A server, and the folder in which it works.
pub(crate) struct Served {
    server: Server,
    folder: tempfile::TempDir,
}

impl Served {
    /// Serves an application, such as `flaskapp:app`, with these flags.
    pub(crate) fn start(app: &str, flags: &str) -> Served {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in MODULES {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut words = vec!["--python".to_owned(), python(), "--chdir".to_owned()];
        words.push(folder.path().to_str().unwrap().to_owned());
        // On a busy machine a stop takes its time, and is none the worse for it.
        words.extend(["--stop-timeout", "60"].map(str::to_owned));
        words.extend(flags.split_whitespace().map(str::to_owned));
        words.push(app.to_owned());
        let launch = Launch::Lesson {
            binary: env!("CARGO_BIN_EXE_lesson13").into(),
            flags: words,
        };
        let server = launch.start(None).unwrap();
        Served { server, folder }
    }

    /// The folder in which the server works.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A server that was started in another way.
    pub(crate) fn of(server: Server, folder: tempfile::TempDir) -> Served {
        Served { server, folder }
    }

    /// Stops it as its owner would: it ends in order, with code 0. The result is its log.
    pub(crate) fn stop(self) -> String {
        self.stop_while(|| {})
    }

    /// The same, while something is done.
    pub(crate) fn stop_while(self, done: impl FnOnce()) -> String {
        let id = Pid::from_raw(self.server.id().cast_signed());
        kill_process(id.unwrap(), Signal::TERM).unwrap();
        done();
        until("it has ended", || self.server.has_exited());
        let code = self.server.exit_code();
        let said = self.server.end();
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// A client that has said nothing yet.
    pub(crate) fn client(&self) -> Client {
        Client::connect(1, self.server.address(), GUARD, Transcript::default()).unwrap()
    }

    /// A client that has sent this.
    pub(crate) fn client_that_sends(&self, request: impl AsRef<[u8]>) -> Client {
        let mut client = self.client();
        // A server that answers early may read no further.
        let _ = client.send(request.as_ref());
        client
    }

    /// The answer to this.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let to_head = request.as_ref().starts_with(b"HEAD ");
        let mut client = self.client_that_sends(request);
        let answer = client.next_answer(to_head);
        answer.unwrap_or_else(|error| panic!("{error:?}\n{}", self.server.said()))
    }

    /// The answer to `GET`, on a connection of its own.
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask(request("GET", target, "", b""))
    }

    /// The answer to `GET` by a client that brings a cookie.
    pub(crate) fn get_with(&self, target: &str, cookie: &str) -> Answer {
        let fields = format!("Cookie: {cookie}\r\n");
        self.ask(request("GET", target, &fields, b""))
    }

    /// How many pieces were made for a client that does not read, once no more are made.
    pub(crate) fn made_for_one_that_does_not_read(&self, target: &str) -> u32 {
        let _does_not_read = self.client_that_sends(request("GET", target, "", b""));
        let made = || self.get("/how_many_were_made").text().parse().unwrap();
        let mut before = 0;
        until("no more pieces are made", || {
            let is_the_same = before > 0 && (0..5).all(|_| made() == before);
            before = made();
            is_the_same
        });
        before
    }

    /// The answer to a form.
    pub(crate) fn post(&self, target: &str, fields: &str, form: &str) -> Answer {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.ask(request(
            "POST",
            target,
            &(kind.to_owned() + fields),
            form.as_bytes(),
        ))
    }

    /// The answer to a file that is uploaded.
    pub(crate) fn upload(&self, target: &str, file: &[u8]) -> Answer {
        let (kind, body) = with_a_file(file);
        self.ask(request("POST", target, &kind, &body))
    }

    /// The answer to a file that is uploaded in chunks, whose length nobody has said.
    pub(crate) fn upload_in_chunks(&self, target: &str, file: &[u8]) -> Answer {
        let (kind, body) = with_a_file(file);
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{kind}\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        let mut request = head.into_bytes();
        for piece in body.chunks(40_000) {
            request.extend(format!("{:x}\r\n", piece.len()).bytes());
            request.extend(piece);
            request.extend(b"\r\n");
        }
        request.extend(b"0\r\n\r\n");
        self.ask(request)
    }
}

/// A request on a connection that closes after it.
pub(crate) fn request(method: &str, target: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = match method {
        "POST" | "PUT" => format!("Content-Length: {}\r\n", body.len()),
        _ => String::new(),
    };
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}{length}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A form with a file, as a browser sends it: its `Content-Type`, and its body.
fn with_a_file(file: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "a-line-that-no-file-has";
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cat.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let kind = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n");
    (kind, [head.as_bytes(), file, tail.as_bytes()].concat())
}

/// A file that is too large to stay in memory.
pub(crate) fn large_file() -> Vec<u8> {
    (0..700_001_u32)
        .map(|number| (number % 251) as u8)
        .collect()
}

/// The cookies that an answer sets, as a client sends them back.
pub(crate) fn cookies(answer: &Answer) -> String {
    let set = answer
        .fields
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pairs: Vec<_> = set
        .filter_map(|(_, value)| value.split(';').next())
        .collect();
    pairs.join("; ")
}

/// No validator has found anything, and no exception was left alone.
pub(crate) fn assert_nobody_complains(said: &str) {
    for word in ["Traceback", "AssertionError", "WSGIWarning"] {
        assert!(!said.contains(word), "{said}");
    }
}
