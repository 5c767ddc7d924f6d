//! A client that speaks TLS, and believes everybody: it is here to look, not to trust.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
    SupportedProtocolVersion,
};

use crate::answer::{self, Answer};
use crate::outcome::Finding;
use crate::transcript::{Event, Transcript};
use crate::world::World;

/// The versions of TLS that a client can be told to speak.
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// A client behind TLS. What is said is recorded in plain text.
pub(super) struct TlsClient {
    pub(super) stream: StreamOwned<ClientConnection, TcpStream>,
    transcript: Transcript,
    received: Vec<u8>,
    patience: Duration,
}

/// How the server's side of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsEnd {
    /// With close_notify.
    Goodbye,
    /// With the end of the connection alone.
    Cut,
    /// With a reset.
    Reset,
    /// With an alert.
    Alert,
}

/// How a client is set up that takes every certificate.
pub fn config(versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    // The list holds versions that the provider has.
    let builder = builder.with_protocol_versions(versions);
    builder
        .expect("the versions that ring can do")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous))
        .with_no_client_auth()
}

/// The first message of a client.
pub(super) fn client_hello() -> Vec<u8> {
    let mut hello = Vec::new();
    let mut tls = connection(Arc::new(config(&VERSIONS)));
    // A vector takes everything.
    let _ = tls.write_tls(&mut hello);
    hello
}

fn connection(config: Arc<ClientConfig>) -> ClientConnection {
    let name = ServerName::try_from("localhost").expect("a name");
    ClientConnection::new(config, name).expect("a configuration that rustls itself has made")
}

impl TlsClient {
    /// A client after its handshake.
    pub(super) fn connect(world: &World) -> Result<TlsClient, Finding> {
        TlsClient::with(world, Arc::new(config(&VERSIONS)))
    }

    pub(super) fn with(world: &World, config: Arc<ClientConfig>) -> Result<TlsClient, Finding> {
        let mut client = TlsClient::silent(world, config)?;
        match client.shake() {
            Ok(()) => Ok(client),
            Err(error) => Err(Finding::wrong(format!("the handshake failed: {error}"))),
        }
    }

    /// A client before its handshake.
    pub(super) fn silent(world: &World, config: Arc<ClientConfig>) -> Result<TlsClient, Finding> {
        let socket = plain(world)?;
        Ok(TlsClient {
            stream: StreamOwned::new(connection(config), socket),
            transcript: world.transcript.clone(),
            received: Vec::new(),
            patience: world.patience,
        })
    }

    pub(super) fn shake(&mut self) -> io::Result<()> {
        while self.stream.conn.is_handshaking() {
            self.stream.conn.complete_io(&mut self.stream.sock)?;
        }
        self.note("the handshake is done");
        Ok(())
    }

    pub(super) fn note(&self, text: &str) {
        self.transcript.add(1, Event::Note(text.to_owned()));
    }

    /// Sends bytes. A server may have closed before it has all of them; the answer counts.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Finding> {
        let bytes = bytes.as_ref();
        self.transcript.add(1, Event::Sent(bytes.to_vec()));
        let _ = self.stream.write_all(bytes);
        let _ = self.stream.flush();
        Ok(())
    }

    /// The next answer.
    pub(super) fn answer(&mut self) -> Result<Answer, Finding> {
        let until = Instant::now() + self.patience;
        loop {
            match answer::parse(&self.received, false, false) {
                Err(what) => return Err(Finding::wrong(format!("no HTTP: {what:?}"))),
                Ok(Some((answer, end))) => {
                    self.received.drain(..end);
                    return Ok(answer);
                }
                Ok(None) if Instant::now() > until => {
                    return Err(Finding::wrong("no answer in time"));
                }
                Ok(None) => {}
            }
            if let Some(end) = self.read() {
                let last = answer::parse(&self.received, true, false);
                return match last {
                    Ok(Some((answer, _))) => Ok(answer),
                    _ => Err(Finding::wrong(format!(
                        "no whole answer, but the end: {end:?}"
                    ))),
                };
            }
        }
    }

    /// Reads to the end of the connection; `None` if there is none in time.
    pub(super) fn end(&mut self) -> Option<TlsEnd> {
        let until = Instant::now() + self.patience;
        while Instant::now() < until {
            if let Some(end) = self.read() {
                return Some(end);
            }
        }
        None
    }

    /// Reads once. `Some` is the end.
    fn read(&mut self) -> Option<TlsEnd> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => Some(TlsEnd::Goodbye),
            Ok(count) => {
                let bytes = piece[..count].to_vec();
                self.transcript.add(1, Event::Received(bytes.clone()));
                self.received.extend(bytes);
                None
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => None,
                ErrorKind::UnexpectedEof => Some(TlsEnd::Cut),
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Some(TlsEnd::Reset),
                _ => Some(TlsEnd::Alert),
            },
        }
    }
}

/// A connection without TLS.
pub(super) fn plain(world: &World) -> Result<TcpStream, Finding> {
    let connected = TcpStream::connect(world.address()).and_then(|socket| {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(world.patience))?;
        socket.set_write_timeout(Some(world.patience))?;
        Ok(socket)
    });
    connected.map_err(|error| match error.kind() {
        ErrorKind::ConnectionRefused => Finding::Died("nothing accepts any more".to_owned()),
        _ => Finding::wrong(format!("connect: {error}")),
    })
}

/// Takes every certificate.
#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = default_provider().signature_verification_algorithms;
        known.supported_schemes()
    }
}
