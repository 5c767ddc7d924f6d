//! Whether to speak TLS, and as whom.

// ANCHOR: imports
use terminal::{Arguments, Bounds, Setting, Unit, UsageError};
// ANCHOR_END: imports

// ANCHOR: settings
/// Where the server's certificate comes from. Without one it speaks plain HTTP.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// The file with the certificate.
    pub cert: Option<String>,
    /// The file with its key.
    pub key: Option<String>,
    /// The file with those who may issue certificates for clients.
    pub client_ca: Option<String>,
    /// Whether to make a certificate.
    pub self_signed: bool,
}

/// The settings of a server that can speak TLS.
pub const TLS_SETTINGS: &[Setting<TlsSettings>] = &[
    Setting {
        name: "self-signed",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "speak TLS with a certificate that is made now",
        reason: "It takes nothing but the wish to see TLS at work. For others it is worth nothing: \
                 nobody vouches for it.",
        field: |tls| &mut tls.self_signed,
    },
    Setting {
        name: "cert",
        unit: Unit::Text("FILE"),
        bounds: Bounds::Any,
        help: "speak TLS with this certificate (PEM, with what leads to its root)",
        reason: "Whoever vouches for a server says so in a file.",
        field: |tls| &mut tls.cert,
    },
    Setting {
        name: "key",
        unit: Unit::Text("FILE"),
        bounds: Bounds::Any,
        help: "the key of the certificate (PEM, not encrypted)",
        reason: "The certificate is for everybody to see, and the key for nobody, so they lie in \
                 two files.",
        field: |tls| &mut tls.key,
    },
    Setting {
        name: "client-ca",
        unit: Unit::Text("FILE"),
        bounds: Bounds::Any,
        help: "clients may show certificates that one of these has issued (PEM)",
        reason: "A client that can prove who it is needs no password.",
        field: |tls| &mut tls.client_ca,
    },
];

impl TlsSettings {
    /// What a command line asks for; `None` is plain HTTP.
    pub fn from_flags(flags: &Arguments) -> Result<Option<TlsSettings>, UsageError> {
        let settings = flags.read(TLS_SETTINGS)?;
        let TlsSettings {
            cert,
            key,
            client_ca,
            self_signed,
        } = &settings;
        let error = |text| Err(UsageError::new(text));
        match (cert, key, self_signed) {
            (Some(_), None, _) => error("--cert needs --key, the file with its key"),
            (None, Some(_), _) => error("--key needs --cert, the file with the certificate"),
            (Some(_), Some(_), true) => {
                error("--self-signed makes a certificate, and --cert has one")
            }
            (None, None, false) if client_ca.is_some() => {
                error("--client-ca needs TLS: --cert and --key, or --self-signed")
            }
            (None, None, false) => Ok(None),
            _ => Ok(Some(settings)),
        }
    }
}
// ANCHOR_END: settings
