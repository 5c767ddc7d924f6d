//! The adapter: what makes a TLS stream of each socket.

// ANCHOR: imports
use std::net::TcpStream;
use std::sync::Arc;

use lesson02::Stream;
use lesson07::Adapter;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use terminal::say;

use crate::certificate::Identity;
use crate::certificate_error::CertificateError;
use crate::stream::TlsStream;
// ANCHOR_END: imports

// ANCHOR: adapter
/// TLS for every client that comes while it is set (`server.ssl_adapter` in CherryPy's server).
///
/// To put a new one in its place is all that it takes to change a certificate while the server
/// runs: who is connected stays as it is.
///
/// ```
/// use std::sync::Arc;
/// use lesson03::{Bell, Options, demo};
/// use lesson07::{PoolServer, PoolSettings};
/// use lesson08::{Identity, TlsAdapter};
///
/// let server = PoolServer::bind(
///     ("127.0.0.1", 0),
///     Arc::new(demo::application),
///     Options { server_name: Some("www.cherrypy.example".into()), ..Options::default() },
///     PoolSettings::default(),
///     Arc::new(Bell::new()?),
/// )?;
/// let (identity, _) = Identity::self_signed(["www.cherrypy.example"])?;
/// server.set_adapter(Some(Arc::new(TlsAdapter::new(identity, None, "example")?)));
/// server.set_adapter(None); // Plain HTTP again, for those who come from now on.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TlsAdapter {
    config: Arc<ServerConfig>,
    software: &'static str,
}

impl TlsAdapter {
    /// An adapter that shows this `identity`. Clients may show a certificate if somebody is
    /// `trusted` to issue them. In plain text the server calls itself `software`.
    pub fn new(
        identity: Identity,
        trusted: Option<RootCertStore>,
        software: &'static str,
    ) -> Result<TlsAdapter, CertificateError> {
        let provider = Arc::new(default_provider());
        // TLS 1.2 and 1.3, and only what is thought to be good today.
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = match trusted {
            Some(trusted) => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider)
                        .allow_unauthenticated()
                        .build()?;
                config.with_client_cert_verifier(verifier)
            }
            None => config.with_no_client_auth(),
        };
        let mut config = config.with_single_cert(identity.chain, identity.key)?;
        // There is no HTTP/2 here; a client that can do both is told so in the handshake.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Of the suites that both know, ours is the first choice, and not the client's.
        config.ignore_client_order = true;
        // Clients keep what is needed to resume a session, encrypted for us, and we keep nothing.
        config.ticketer = Ticketer::new()?;
        let config = Arc::new(config);
        Ok(TlsAdapter { config, software })
    }
}

impl Adapter for TlsAdapter {
    fn wrap(&self, socket: Arc<TcpStream>) -> Box<dyn Stream> {
        let tls = ServerConnection::new(Arc::clone(&self.config));
        let tls = tls.inspect_err(|error| say(format_args!("no TLS for a client: {error}")));
        Box::new(TlsStream::new(socket, tls.ok(), self.software))
    }
}
// ANCHOR_END: adapter
