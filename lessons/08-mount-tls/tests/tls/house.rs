//! A server that speaks TLS, clients that do, and somebody who vouches for both.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lesson02::{Limits, Settings};
use lesson03::{
    AppError, Application, Bell, Body, Environ, Options, Pace, StartResponse, application,
};
use lesson05::Ended;
use lesson07::{PoolServer, PoolSettings};
use lesson08::{Identity, TlsAdapter};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

/// No wait of a test is longer than this; whoever runs into it fails.
pub(crate) const GUARD: Duration = Duration::from_secs(60);

pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Somebody who issues certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "The authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
        Authority {
            issuer: issuer.unwrap(),
        }
    }

    /// A certificate and its key, as PEM.
    pub(crate) fn issue_pem(&self, name: &str, names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    pub(crate) fn issue(&self, name: &str, names: &[&str]) -> Identity {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = self.issue_pem(name, names);
        let (cert_file, key_file) = (folder.path().join("c"), folder.path().join("k"));
        std::fs::write(&cert_file, certificate).unwrap();
        std::fs::write(&key_file, key).unwrap();
        Identity::from_files(&cert_file, &key_file).unwrap()
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Those who trust it.
    pub(crate) fn trusted(&self) -> RootCertStore {
        let mut trusted = RootCertStore::empty();
        trusted.add(self.issuer.der().clone()).unwrap();
        trusted
    }
}

/// A server in this process.
pub(crate) struct Site {
    pub(crate) server: Arc<PoolServer>,
    pub(crate) authority: Authority,
    thread: Option<JoinHandle<Ended>>,
}

pub(crate) fn options() -> Options {
    let brief = Duration::from_millis(500);
    Options {
        settings: Settings {
            limits: Limits {
                drain_timeout: brief,
                ..Limits::default()
            },
            quiet: true,
            ..Settings::default()
        },
        pace: Pace {
            grace: brief,
            ..Pace::default()
        },
        software: "test",
        ..Options::default()
    }
}

/// The same with so much time for a head.
pub(crate) fn with_head_timeout(time: Duration) -> Options {
    let mut options = options();
    options.settings.limits.head_timeout = time;
    options
}

impl Site {
    pub(crate) fn serve(app: impl Application + 'static) -> Site {
        Site::serve_with(app, options(), PoolSettings::default())
    }

    pub(crate) fn serve_with(
        app: impl Application + 'static,
        options: Options,
        settings: PoolSettings,
    ) -> Site {
        let stop = Arc::new(Bell::new().unwrap());
        let server = PoolServer::bind("127.0.0.1:0", Arc::new(app), options, settings, stop);
        let server = Arc::new(server.unwrap());
        let authority = Authority::new();
        let identity = authority.issue("server", &["localhost", "127.0.0.1"]);
        let adapter = TlsAdapter::new(identity, None, "test").unwrap();
        server.set_adapter(Some(Arc::new(adapter)));
        let serving = Arc::clone(&server);
        let thread = thread::spawn(move || serving.start().unwrap());
        Site {
            server,
            authority,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A client without TLS.
    pub(crate) fn socket(&self) -> TcpStream {
        socket(self.address())
    }

    /// How clients of this server are set up.
    pub(crate) fn client_config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        client_config(self.authority.trusted(), versions)
    }

    pub(crate) fn client(&self) -> Client {
        self.client_of(&VERSIONS)
    }

    pub(crate) fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> Client {
        Client::new(self.socket(), self.client_config(versions), "localhost")
    }

    /// The text of a page.
    pub(crate) fn get(&self, target: &str) -> String {
        let mut client = self.client();
        client.send(get(target, CLOSE));
        client.rest().0
    }

    pub(crate) fn end(mut self) -> Ended {
        self.server.stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn socket(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(GUARD)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

pub(crate) fn client_config(
    trusted: RootCertStore,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth()
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a goodbye, and the end of the connection behind it.
    Goodbye,
    /// With the end of the connection alone.
    Cut,
    Reset,
    /// TLS itself found a fault, or an alert said so.
    Fault,
}

/// A client that speaks TLS.
pub(crate) struct Client {
    pub(crate) stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Client {
    pub(crate) fn new(socket: TcpStream, config: ClientConfig, name: &str) -> Client {
        Client::sharing(socket, Arc::new(config), name)
    }

    pub(crate) fn sharing(socket: TcpStream, config: Arc<ClientConfig>, name: &str) -> Client {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let tls = ClientConnection::new(config, name).unwrap();
        Client {
            stream: StreamOwned::new(tls, socket),
        }
    }

    /// Shakes hands, and tells what went wrong if something did.
    pub(crate) fn shake(&mut self) -> io::Result<()> {
        while self.stream.conn.is_handshaking() {
            self.stream.conn.complete_io(&mut self.stream.sock)?;
        }
        Ok(())
    }

    /// Sends bytes. A server may have closed before it has all of them; the answer counts.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
        let _ = self.stream.flush();
    }

    /// Everything until the end, and how it ended.
    pub(crate) fn rest(&mut self) -> (String, End) {
        let mut all = Vec::new();
        let end = match self.stream.read_to_end(&mut all) {
            Ok(_) => self.end_of_socket(),
            Err(error) => match error.kind() {
                ErrorKind::UnexpectedEof => End::Cut,
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => End::Reset,
                ErrorKind::InvalidData => End::Fault,
                _ => panic!("{error}, after {}", String::from_utf8_lossy(&all)),
            },
        };
        (String::from_utf8_lossy(&all).into_owned(), end)
    }

    /// What comes behind a goodbye.
    fn end_of_socket(&mut self) -> End {
        match self.stream.sock.read(&mut [0]) {
            Ok(0) => End::Goodbye,
            Ok(_) => panic!("the server goes on behind its goodbye"),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
            Err(error) => panic!("after the goodbye: {error}"),
        }
    }

    /// One answer with an announced body: the head, and the body.
    pub(crate) fn answer(&mut self) -> (String, String) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let (_, rest) = head.split_once("Content-Length: ").expect(&head);
        let length = rest.split_once("\r\n").unwrap().0.parse().unwrap();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (head, String::from_utf8_lossy(&body).into_owned())
    }
}

/// Everything until the end of a socket, and whether that was a reset.
pub(crate) fn rest_of(socket: &mut TcpStream) -> (Vec<u8>, End) {
    let mut all = Vec::new();
    let end = match socket.read_to_end(&mut all) {
        Ok(_) => End::Cut,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
        Err(error) => panic!("{error}, after {all:?}"),
    };
    (all, end)
}

pub(crate) const CLOSE: &str = "Connection: close\r\n";

pub(crate) fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

/// The value of a variable on the page of `/environ`.
pub(crate) fn variable(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("\n{name} = '"))?;
    Some(rest.split_once("'\n")?.0.to_owned())
}

/// The first message of a client, as it is on the wire.
pub(crate) fn client_hello(site: &Site) -> Vec<u8> {
    let config = Arc::new(site.client_config(&VERSIONS));
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = ClientConnection::new(config, name).unwrap();
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).unwrap();
    hello
}

pub(crate) const PLAIN: (&str, &str) = ("Content-Type", "text/plain");

/// An application from a function.
pub(crate) fn app(
    respond: impl Fn(&mut Environ, StartResponse) -> Result<Body, AppError> + Send + Sync + 'static,
) -> impl Application + 'static {
    application(
        move |environ: &mut Environ, start_response: StartResponse| {
            respond(environ, start_response)
        },
    )
}

/// A text for an assertion that is readable, whatever is in it.
pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{}", byte.escape_ascii());
        text
    })
}
