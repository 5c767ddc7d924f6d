//! The probes for TLS, against servers that are not ours.

#[path = "judging/command/mod.rs"]
mod command;

use std::process::Command;

use command::check;
use kit::needed;

/// Python's own TLS in front of a page: one client at a time, and no deadline.
const NAIVE: &str = r#"
import http.server, ssl, sys
class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"Hello")
    def log_message(self, *arguments): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hello)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"#;

#[test]
fn a_naive_server_in_python_stalls_in_its_handshakes_and_says_no_goodbye() {
    if !needed::program("python3") || !needed::program("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let made = "openssl req -x509 -newkey rsa:2048 -noenc -days 2 -subj /CN=localhost \
                -keyout key.pem -out cert.pem";
    let status = Command::new("sh")
        .args(["-c", made])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    std::fs::write(folder.path().join("server.py"), NAIVE).unwrap();
    let run = format!("cd {place} && exec python3 server.py {{port}}");
    let (text, code) = check(&[
        "--tls",
        "--run",
        &run,
        "--hold",
        "2",
        "--patience",
        "1",
        "--strict",
    ]);
    assert_eq!(code, 1, "{text}");
    for line in [
        "✓ tls-hello",
        "✓ tls-versions",
        "✗ tls-handshake-stalled",
        "✗ tls-goodbye",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.contains("stalls"), "{text}");
}

#[test]
fn a_server_without_tls_fails_the_first_of_them() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut client in server.incoming().flatten() {
            let _ = client.read(&mut [0; 1024]);
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let url = format!("https://{address}/");
    let (text, code) = check(&[
        "--tls",
        "--addr",
        &url,
        "--only",
        "tls-hello",
        "--patience",
        "1",
    ]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("✗ tls-hello") && text.contains("the handshake failed"),
        "{text}"
    );
}
