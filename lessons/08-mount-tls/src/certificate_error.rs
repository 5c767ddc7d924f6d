//! What can be wrong with a certificate or a key, and what to do about it.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
// ANCHOR_END: imports

// ANCHOR: problem
/// A certificate or a key that will not do.
#[derive(Debug)]
pub enum CertificateError {
    /// There is something wrong with a file.
    File(PathBuf, Problem),
    /// A certificate could not be made, or TLS does not want it.
    Other(Box<dyn Error + Send + Sync>),
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Problem {
    /// There is no such file.
    Missing,
    /// It cannot be read.
    Unreadable(io::Error),
    /// There is no certificate in it.
    NoCertificate,
    /// There is no key in it.
    NoKey,
    /// It looks like PEM, and is not.
    Garbled(String),
    /// The key is encrypted, and nobody is there to type a passphrase.
    Encrypted,
    /// The key is that of another certificate.
    Mismatch {
        /// Where the certificate is.
        certificate: PathBuf,
    },
    /// The key is of a kind that we cannot use.
    Unusable(String),
    /// The certificate was good until then.
    Expired(String),
    /// The certificate will be good from then on.
    NotYet(String),
    /// The certificate says that it is there to sign others: not all clients like that.
    Authority,
}

impl Problem {
    /// The problem with a certain file.
    pub(crate) fn with(self, path: &Path) -> CertificateError {
        CertificateError::File(path.to_owned(), self)
    }

    /// What is wrong with `path`, and a command that helps.
    fn describe(&self, path: &str) -> (String, String) {
        let (what, command) = match self {
            Problem::Missing => (
                "there is no such file".to_owned(),
                "make a certificate and its key: openssl req -x509 -newkey rsa:2048 -noenc -days 30 \
                 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext \
                 basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem"
                    .to_owned(),
            ),
            Problem::Unreadable(error) => (
                format!("it cannot be read: {error}"),
                format!("see whose it is: ls -l {path}"),
            ),
            Problem::NoCertificate => (
                "there is no certificate in it, in the format PEM".to_owned(),
                format!("if it is in the format DER: openssl x509 -inform der -in {path} -out cert.pem"),
            ),
            Problem::NoKey => (
                "there is no private key in it, in the format PEM".to_owned(),
                format!("if it is in the format DER: openssl pkey -inform der -in {path} -out key.pem"),
            ),
            Problem::Garbled(why) => (
                format!("it is damaged: {why}"),
                format!("see what is left of it: openssl storeutl -noout -text {path}"),
            ),
            Problem::Encrypted => (
                "the key is encrypted, and a server that starts by itself has nobody to ask for the \
                 passphrase"
                    .to_owned(),
                format!("write it without one: openssl pkey -in {path} -out key.pem"),
            ),
            Problem::Mismatch { certificate } => (
                format!("this is not the key of {}", certificate.display()),
                format!(
                    "these two must say the same: openssl pkey -in {path} -pubout; openssl x509 -in \
                     {} -noout -pubkey",
                    certificate.display()
                ),
            ),
            Problem::Unusable(why) => (
                format!("this key cannot be used: {why}"),
                "make one that can: openssl genpkey -algorithm ec -pkeyopt \
                 ec_paramgen_curve:P-256 -out key.pem"
                    .to_owned(),
            ),
            Problem::Expired(when) => (
                format!("the certificate was good until {when}"),
                format!("see for yourself, then get a new one where you got it: openssl x509 -in {path} -noout -dates"),
            ),
            Problem::NotYet(when) => (
                format!("the certificate is good from {when} on"),
                "if that has passed, our clock is wrong: date -u".to_owned(),
            ),
            Problem::Authority => (
                "the certificate says CA:TRUE: it is there to sign others, and strict clients \
                 refuse to see it on a server"
                    .to_owned(),
                "openssl req -x509 says so unless it is told: -addext \
                 basicConstraints=critical,CA:FALSE"
                    .to_owned(),
            ),
        };
        (what, command)
    }
}
// ANCHOR_END: problem

// ANCHOR: conversions
impl Display for CertificateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateError::File(path, problem) => {
                let path = path.display().to_string();
                let (what, command) = problem.describe(&path);
                write!(out, "{path}: {what}\n  {command}")
            }
            CertificateError::Other(error) => error.fmt(out),
        }
    }
}

impl Error for CertificateError {}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        match error.kind() {
            ErrorKind::NotFound => Problem::Missing,
            _ => Problem::Unreadable(error),
        }
    }
}

impl From<rustls::Error> for CertificateError {
    fn from(error: rustls::Error) -> CertificateError {
        CertificateError::Other(error.into())
    }
}

impl From<rustls::server::VerifierBuilderError> for CertificateError {
    fn from(error: rustls::server::VerifierBuilderError) -> CertificateError {
        CertificateError::Other(error.into())
    }
}

impl From<rcgen::Error> for CertificateError {
    fn from(error: rcgen::Error) -> CertificateError {
        CertificateError::Other(error.into())
    }
}
// ANCHOR_END: conversions
