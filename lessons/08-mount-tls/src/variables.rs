//! What applications are told about a secured connection.

// ANCHOR: imports
use lesson02::Session;
use rustls::{HandshakeKind, ProtocolVersion, ServerConnection};
use x509_cert::Certificate;
use x509_cert::der::Decode;
// ANCHOR_END: imports

// ANCHOR: session
/// The variables of a connection, under the names that Apache's `mod_ssl` gave them.
///
/// | variable | value |
/// |---|---|
/// | `HTTPS` | `on` |
/// | `SSL_PROTOCOL` | `TLSv1.3` or `TLSv1.2` |
/// | `SSL_CIPHER` | the cipher suite, by its name in the standard |
/// | `SSL_TLS_SNI` | the name that the client asked for, if it did (RFC 6066 §3) |
/// | `SSL_SESSION_RESUMED` | `Resumed`, or `Initial` after a handshake in full |
/// | `SSL_CLIENT_VERIFY` | `SUCCESS`, or `NONE` without a certificate |
/// | `SSL_CLIENT_S_DN`, `SSL_CLIENT_I_DN` | whom the client's certificate names, and who says so |
/// | `SSL_CLIENT_M_SERIAL` | its number |
/// | `SSL_CLIENT_V_START`, `SSL_CLIENT_V_END` | from when until when it is good |
///
/// A certificate that does not hold never gets so far: the handshake fails.
pub(crate) fn session(tls: &ServerConnection) -> Session {
    let mut variables = vec![variable("HTTPS", "on")];
    let protocol = match tls.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3", // There is no other that rustls would speak.
    };
    variables.push(variable("SSL_PROTOCOL", protocol));
    if let Some(suite) = tls.negotiated_cipher_suite() {
        // In the code of rustls a name tells what it is for; the standard has no such prefix.
        let name = format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
        variables.push(variable("SSL_CIPHER", &name));
    }
    if let Some(name) = tls.server_name() {
        variables.push(variable("SSL_TLS_SNI", name));
    }
    let resumed = match tls.handshake_kind() {
        Some(HandshakeKind::Resumed) => "Resumed",
        _ => "Initial",
    };
    variables.push(variable("SSL_SESSION_RESUMED", resumed));
    let shown = tls.peer_certificates().and_then(<[_]>::first);
    let verified = if shown.is_some() { "SUCCESS" } else { "NONE" };
    variables.push(variable("SSL_CLIENT_VERIFY", verified));
    if let Some(certificate) = shown {
        variables.extend(about(certificate));
    }
    Session { variables }
}

/// What a client's certificate says. It has been verified; if it cannot be read all the same, it
/// says nothing.
fn about(certificate: &[u8]) -> Vec<(String, String)> {
    let Ok(certificate) = Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let content = certificate.tbs_certificate;
    let validity = content.validity;
    let serial: String = content
        .serial_number
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    vec![
        variable("SSL_CLIENT_S_DN", &content.subject.to_string()),
        variable("SSL_CLIENT_I_DN", &content.issuer.to_string()),
        variable("SSL_CLIENT_M_SERIAL", &serial),
        variable("SSL_CLIENT_V_START", &validity.not_before.to_string()),
        variable("SSL_CLIENT_V_END", &validity.not_after.to_string()),
    ]
}

/// A variable as PEP 3333 has them: bytes as Latin-1.
fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.bytes().map(char::from).collect())
}
// ANCHOR_END: session
