//! The served book over real sockets: what a browser gets, and what nobody gets.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;

use book::serve::bind;
use book::serve::pages::Library;
use book::serve::shelf::Shelf;
use lesson03::Bell;
use lesson05::Ended;
use lesson07::PoolServer;

/// Serves a small book beside a secret that is not part of it, while `ask` runs.
fn while_served(ask: impl FnOnce(SocketAddr, &Library)) {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book");
    fs::create_dir_all(book.join("css")).unwrap();
    fs::write(folder.path().join("secret.txt"), "the secret").unwrap();
    fs::write(book.join("index.html"), "<body>first page</body>").unwrap();
    fs::write(book.join("404.html"), "<body>no such page</body>").unwrap();
    fs::write(book.join("css/a.css"), "a {}").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("secret.txt"), book.join("link.txt")).unwrap();
    let library = Arc::new(Library::default());
    library.replace(Shelf::load(&book).unwrap());
    let stop = Arc::new(Bell::new().unwrap());
    let server = bind(Arc::clone(&library), "127.0.0.1:0", stop).unwrap();
    let address = server.address();
    let serving = |server: &PoolServer| server.start().map_err(|error| error.to_string());
    thread::scope(|scope| {
        let ended = scope.spawn(|| serving(&server));
        ask(address, &library);
        server.stop();
        assert_eq!(ended.join().unwrap(), Ok(Ended::Clean));
    });
}

/// The head and the body of an answer.
fn ask(address: SocketAddr, target: &str, fields: &str) -> (String, String) {
    let mut client = TcpStream::connect(address).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}Connection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn pages_have_their_types_and_a_missing_one_is_a_404() {
    while_served(|address, _| {
        let (head, body) = ask(address, "/", "");
        assert!(
            head.starts_with("HTTP/1.1 200 OK\r\n") && body.contains("first page"),
            "{head}"
        );
        assert!(head.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"));
        let (head, body) = ask(address, "/css/a.css?v=1", "");
        assert!(
            head.contains("\r\nContent-Type: text/css; charset=utf-8\r\n"),
            "{head}"
        );
        assert_eq!(body, "a {}");
        let (head, body) = ask(address, "/nowhere.html", "");
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n") && body.contains("no such page"));
    });
}

#[test]
fn a_copy_that_is_still_right_is_not_sent_again() {
    while_served(|address, library| {
        let (head, _) = ask(address, "/css/a.css", "");
        let tag = head
            .lines()
            .find_map(|line| line.strip_prefix("ETag: "))
            .unwrap();
        for fields in [
            format!("If-None-Match: {tag}\r\n"),
            format!("If-None-Match: \"x\", W/{tag}\r\n"),
            "If-None-Match: *\r\n".to_owned(),
        ] {
            let (head, body) = ask(address, "/css/a.css", &fields);
            assert!(
                head.starts_with("HTTP/1.1 304 Not Modified\r\n"),
                "{fields}: {head}"
            );
            assert!(
                head.contains(&format!("ETag: {tag}")) && body.is_empty(),
                "{head}"
            );
        }
        let (head, body) = ask(address, "/css/a.css", "If-None-Match: \"another\"\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body == "a {}");
        let before = ask(address, "/__book/version", "").1;
        library.replace(Shelf::default());
        assert_ne!(ask(address, "/__book/version", "").1, before);
        assert!(
            ask(address, "/", "")
                .0
                .starts_with("HTTP/1.1 404 Not Found\r\n")
        );
    });
}

#[test]
fn no_path_leads_out_of_the_book() {
    while_served(|address, _| {
        for target in [
            "/../secret.txt",
            "/css/../../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/%2e%2e%2fsecret.txt",
            "/css/%2e%2e/%2e%2e/secret.txt",
            "/....//secret.txt",
            "/..;/secret.txt",
            "/..\\secret.txt",
            "/%5c..%5csecret.txt",
            "//secret.txt",
            "///../secret.txt",
            "/./../secret.txt",
            "/css//../../secret.txt",
            "/%252e%252e/secret.txt",
            "/%c0%ae%c0%ae/secret.txt",
            "/index.html/../../secret.txt",
            "/secret.txt",
            "/link.txt",
            "/css/%2e%2e/index.html",
            "/etc/passwd",
            "//etc/passwd",
            "/proc/self/environ",
            "http://a/../secret.txt",
            "/%00",
            "/index.html%00.css",
        ] {
            let (head, body) = ask(address, target, "");
            let status = head.split(' ').nth(1).unwrap();
            assert!(["400", "404"].contains(&status), "{target}: {head}");
            assert!(
                !body.contains("the secret") && !body.contains("root:"),
                "{target}"
            );
        }
    });
}

#[test]
fn spare_connections_that_say_nothing_hold_up_nobody() {
    while_served(|address, _| {
        let spare: Vec<_> = (0..6)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        assert!(ask(address, "/", "").1.contains("first page"));
        drop(spare);
    });
}
