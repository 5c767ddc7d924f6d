//! Who we are: a certificate and the key that belongs to it.

// ANCHOR: imports
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use terminal::say;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::BasicConstraints;

use crate::certificate_error::{CertificateError, Problem};
// ANCHOR_END: imports

// ANCHOR: identity
/// What a server shows its clients, and what proves that it is its own.
pub struct Identity {
    /// The certificate, and those that lead from it to one that clients trust.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads it from files in the format PEM, and looks whether a client could be content with it.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Identity, CertificateError> {
        let chain = read_certificates(certificate)?;
        let identity = Identity {
            key: read_key(key)?,
            chain,
        };
        identity.belongs_together(certificate, key)?;
        identity.is_good_at(SystemTime::now(), certificate)?;
        Ok(identity)
    }

    /// Makes one for these names. Nobody vouches for it but we ourselves, so whoever wants to be
    /// sure needs the second thing that is returned: the certificate as PEM.
    pub fn self_signed(
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(Identity, String), CertificateError> {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut wanted = CertificateParams::new(names)?;
        wanted
            .distinguished_name
            .push(DnType::CommonName, "lesson08");
        wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // A client's clock may be wrong by a little; a year is more than a lesson takes.
        let now = SystemTime::now();
        wanted.not_before = (now - DAY).into();
        wanted.not_after = (now + 365 * DAY).into();
        let pair = KeyPair::generate()?;
        let certificate = wanted.self_signed(&pair)?;
        let pem = certificate.pem();
        let identity = Identity {
            chain: vec![certificate.into()],
            key: pair.into(),
        };
        Ok((identity, pem))
    }
}

/// Those who may issue certificates for clients, from a file in the format PEM.
pub fn read_trusted(path: &Path) -> Result<RootCertStore, CertificateError> {
    let mut trusted = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        trusted.add(certificate)?;
    }
    Ok(trusted)
}
// ANCHOR_END: identity

// ANCHOR: look
impl Identity {
    fn belongs_together(&self, certificate: &Path, key: &Path) -> Result<(), CertificateError> {
        let (chain, secret) = (self.chain.clone(), self.key.clone_key());
        match CertifiedKey::from_der(chain, secret, &default_provider()) {
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                let certificate = certificate.to_owned();
                Err(Problem::Mismatch { certificate }.with(key))
            }
            Err(error) => Err(Problem::Unusable(error.to_string()).with(key)),
            Ok(_) => Ok(()),
        }
    }

    /// Looks at what clients will look at. What cannot be read here they may be able to read.
    fn is_good_at(&self, now: SystemTime, path: &Path) -> Result<(), CertificateError> {
        let first = self.chain.first().map(|der| Certificate::from_der(der));
        let Some(Ok(Certificate {
            tbs_certificate: content,
            ..
        })) = first
        else {
            return Ok(());
        };
        let (begin, end) = (content.validity.not_before, content.validity.not_after);
        if now > end.to_system_time() {
            return Err(Problem::Expired(end.to_string()).with(path));
        }
        if now < begin.to_system_time() {
            return Err(Problem::NotYet(begin.to_string()).with(path));
        }
        if let Ok(Some((_, BasicConstraints { ca: true, .. }))) = content.get() {
            say(format_args!("{}", Problem::Authority.with(path)));
        }
        Ok(())
    }
}
// ANCHOR_END: look

// ANCHOR: read
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let text = read(path)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(chain) if chain.is_empty() => Err(Problem::NoCertificate.with(path)),
        Ok(chain) => Ok(chain),
        Err(error) => Err(Problem::Garbled(error.to_string()).with(path)),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let text = read(path)?;
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) if !is_encrypted(&text) => Ok(key),
        _ if is_encrypted(&text) => Err(Problem::Encrypted.with(path)),
        Ok(_) | Err(pem::Error::NoItemsFound) => Err(Problem::NoKey.with(path)),
        Err(error) => Err(Problem::Garbled(error.to_string()).with(path)),
    }
}

/// `BEGIN ENCRYPTED PRIVATE KEY`, or in older files `Proc-Type: 4,ENCRYPTED`.
fn is_encrypted(text: &[u8]) -> bool {
    text.windows(b"ENCRYPTED".len())
        .any(|part| part == b"ENCRYPTED")
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|error| Problem::from(error).with(path))
}
// ANCHOR_END: read
