//! The handshake: a request that asks for WebSocket becomes one, or a readable no.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lesson03::Environ;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
// ANCHOR_END: imports

// ANCHOR: accept
/// What the standard adds to a client's key (RFC 6455 §1.3): no other protocol has a reason to.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The answer to a client's key. It is no secret and protects nothing: it shows that this server
/// has read the request, and that no cache answers in its place.
pub fn accept_key(key: &str) -> String {
    let text = format!("{key}{GUID}");
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    BASE64_STANDARD.encode(hash.as_ref())
}
// ANCHOR_END: accept

// ANCHOR: refusal
/// Why a request does not become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a `GET` (RFC 6455 §4.2.1).
    Method,
    /// It does not ask for WebSocket, or speaks HTTP/1.0, which has no switching (RFC 9110 §7.8).
    NoUpgrade,
    /// It asks for a version that is not 13.
    Version,
    /// Its key is missing, or is not 16 bytes in base64.
    Key,
    /// It has a body, which would stand where the first frame is looked for.
    Body,
    /// A page of another site has opened it.
    Origin,
}

impl Refusal {
    /// The status for it.
    pub fn status(self) -> &'static str {
        match self {
            Refusal::Method => "405 Method Not Allowed",
            Refusal::NoUpgrade | Refusal::Version => "426 Upgrade Required",
            Refusal::Key | Refusal::Body => "400 Bad Request",
            Refusal::Origin => "403 Forbidden",
        }
    }

    /// What the client should know to ask again.
    pub fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Refusal::Method => &[("Allow", "GET")],
            Refusal::NoUpgrade | Refusal::Version => &[("Sec-WebSocket-Version", "13")],
            Refusal::Key | Refusal::Body | Refusal::Origin => &[],
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Refusal::Method => "a WebSocket begins with GET",
            Refusal::NoUpgrade => "this is a WebSocket: ask for it with Upgrade: websocket",
            Refusal::Version => "this server speaks version 13 of WebSocket",
            Refusal::Key => "Sec-WebSocket-Key must be 16 bytes in base64",
            Refusal::Body => "a request for a WebSocket has no body",
            Refusal::Origin => "pages of this origin may not open this WebSocket",
        })
    }
}

impl Error for Refusal {}
// ANCHOR_END: refusal

// ANCHOR: handshake
/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The answer to the client's key.
    pub accept: String,
    /// The one subprotocol, if both sides have one in common.
    pub protocol: Option<String>,
}

impl Handshake {
    /// Reads the request (RFC 6455 §4.2.1). `origins` may open it, if there are any, and
    /// `protocols` are those that the application speaks, the dearest first.
    pub fn read(
        environ: &Environ<'_>,
        origins: &[String],
        protocols: &[String],
    ) -> Result<Handshake, Refusal> {
        let get = |name: &str| environ.get(name).unwrap_or_default();
        if get("REQUEST_METHOD") != "GET" {
            return Err(Refusal::Method);
        }
        let asks =
            environ.request().asks_for("websocket") && lists(&get("HTTP_CONNECTION"), "upgrade");
        if !asks || get("SERVER_PROTOCOL") == "HTTP/1.0" {
            return Err(Refusal::NoUpgrade);
        }
        if get("HTTP_SEC_WEBSOCKET_VERSION") != "13" {
            return Err(Refusal::Version);
        }
        let key = get("HTTP_SEC_WEBSOCKET_KEY");
        if BASE64_STANDARD.decode(&*key).map(|key| key.len()) != Ok(16) {
            return Err(Refusal::Key);
        }
        let is_some = |digit| matches!(digit, '1'..='9');
        if get("CONTENT_LENGTH").contains(is_some) || !get("HTTP_TRANSFER_ENCODING").is_empty() {
            return Err(Refusal::Body);
        }
        if !may_open(origins, environ.get("HTTP_ORIGIN").as_deref()) {
            return Err(Refusal::Origin);
        }
        let offered = get("HTTP_SEC_WEBSOCKET_PROTOCOL");
        let common = |ours: &&String| offered.split(',').any(|theirs| theirs.trim() == **ours);
        Ok(Handshake {
            accept: accept_key(&key),
            protocol: protocols.iter().find(common).cloned(),
        })
    }

    /// The fields of the 101. Extensions are not among them: none was accepted.
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = vec![("Sec-WebSocket-Accept", &*self.accept)];
        if let Some(protocol) = &self.protocol {
            headers.push(("Sec-WebSocket-Protocol", protocol));
        }
        headers
    }
}

/// Whether a list of words has this one, in any case.
fn lists(list: &str, word: &str) -> bool {
    list.split(',')
        .any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// Browsers say whose page opens a WebSocket, and leave it to us whether it may: the rule that
/// keeps pages of one site from reading another's does not hold here (RFC 6455 §10.2). A program
/// that is no browser has no origin, and could claim any.
fn may_open(origins: &[String], origin: Option<&str>) -> bool {
    let is_listed = |origin: &str| origins.iter().any(|own| own.eq_ignore_ascii_case(origin));
    origins.is_empty() || origin.is_none_or(is_listed)
}
// ANCHOR_END: handshake

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_accepted_as_it_says() {
        // RFC 6455 §1.3.
        let accept = accept_key("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn without_a_list_everybody_may_open_and_with_one_those_on_it_and_those_without_an_origin() {
        let own = ["https://chat.example".to_owned()];
        assert!(may_open(&[], Some("https://evil.example")));
        assert!(may_open(&own, Some("https://chat.example")));
        assert!(may_open(&own, None));
        for other in ["https://evil.example", "http://chat.example", "null", ""] {
            assert!(!may_open(&own, Some(other)), "{other}");
        }
    }
}
