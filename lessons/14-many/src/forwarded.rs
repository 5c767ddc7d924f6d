//! Who the client is, behind a balancer: what the balancer says about it, and who may say so.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};

use lesson03::{AppError, Application, Body, Environ, StartResponse};

use crate::settings::TrustSettings;
// ANCHOR_END: imports

// ANCHOR: network
/// An address, or all addresses that begin like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    /// How many of its first bits count.
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Network, NoAddress> {
        let wrong = || NoAddress(text.to_owned());
        let (address, bits) = text.split_once('/').unzip();
        let address: IpAddr = address.unwrap_or(text).parse().map_err(|_| wrong())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), str::parse).map_err(|_| wrong())?;
        if bits > all {
            return Err(wrong());
        }
        Ok(Network { address, bits })
    }

    fn contains(&self, other: IpAddr) -> bool {
        let same = |own: u128, other: u128, all: u32| {
            self.bits == 0 || (own ^ other) >> (all - self.bits) == 0
        };
        // An IPv4 client on a socket for both has an IPv6 address that holds its own.
        match (self.address, other.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(own.to_bits().into(), other.to_bits().into(), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// What was given is no address and no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAddress(String);

impl Display for NoAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "--trust takes an address or a network, such as 10.0.0.1 or 10.0.0.0/8, not {:?}",
            self.0
        )
    }
}

impl Error for NoAddress {}
// ANCHOR_END: network

// ANCHOR: hops
/// What one server in the row says about whoever came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hop {
    /// `None` if it does not say, or hides it (`unknown`, `_secret`).
    client: Option<IpAddr>,
    scheme: Option<String>,
}

/// The hops of `X-Forwarded-For`, the last one first. What the client's scheme was stands in a
/// field of its own, which the last server has written.
fn hops_of_addresses(addresses: &str, scheme: Option<&str>) -> Vec<Hop> {
    let hop = |(index, text): (usize, &str)| Hop {
        client: address_in(text.trim()),
        scheme: scheme.filter(|_| index == 0).map(str::to_owned),
    };
    addresses.rsplit(',').enumerate().map(hop).collect()
}

/// The hops of `Forwarded`, the last one first (RFC 7239 §4).
fn hops_of_forwarded(field: &str) -> Vec<Hop> {
    let mut hops: Vec<Hop> = split_outside_quotes(field, ',').map(hop).collect();
    hops.reverse();
    hops
}

fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split_outside_quotes(element, ';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = address_in(value),
            "proto" => hop.scheme = Some(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    hop
}

/// In quotes, what else divides is an ordinary character. An address never has one that needs a
/// backslash.
fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |char| {
        is_quoted ^= char == '"';
        char == separator && !is_quoted
    })
}

/// `192.0.2.43`, `192.0.2.43:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711` (§6).
fn address_in(text: &str) -> Option<IpAddr> {
    let in_brackets = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let alone = in_brackets.unwrap_or(text).parse().ok();
    alone.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}
// ANCHOR_END: hops

// ANCHOR: forwarded
/// An application that is told who the client is, by those who may say so.
pub struct Forwarded<A> {
    app: A,
    trusted: Vec<Network>,
    believes_forwarded: bool,
}

/// What somebody in between may write about a client.
const SAID: [&str; 3] = [
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
];

impl<A> Forwarded<A> {
    /// Puts this in front of `app`.
    pub fn new(app: A, settings: TrustSettings) -> Result<Forwarded<A>, NoAddress> {
        let trusted = settings.trust.iter().map(|text| Network::parse(text));
        Ok(Forwarded {
            app,
            trusted: trusted.collect::<Result<_, _>>()?,
            believes_forwarded: settings.forwarded,
        })
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Who the client is, and how it came, if its `peer` may say so.
    ///
    /// The list grows at its end, so only the end was written by somebody whom we know. We read it
    /// from there, as long as the one who was named is itself one of ours, and stop at the first
    /// stranger: what stands before that is what the stranger says of itself.
    fn believed(&self, peer: IpAddr, hops: Vec<Hop>) -> Option<(IpAddr, Option<String>)> {
        let mut believed = None;
        let mut speaker = peer;
        for hop in hops {
            if !self.trusts(speaker) {
                break;
            }
            let Some(client) = hop.client else {
                break; // Somebody hides it. Whoever stands before that, we cannot ask.
            };
            believed = Some((client, hop.scheme));
            speaker = client;
        }
        believed
    }

    fn hops(&self, environ: &Environ<'_>) -> Vec<Hop> {
        let said = |name| environ.get(name);
        match self.believes_forwarded {
            true => said("HTTP_FORWARDED").map_or(Vec::new(), |field| hops_of_forwarded(&field)),
            false => said("HTTP_X_FORWARDED_FOR").map_or(Vec::new(), |addresses| {
                hops_of_addresses(&addresses, said("HTTP_X_FORWARDED_PROTO").as_deref())
            }),
        }
    }

    /// Tells the application what is believed, and takes away what is not.
    fn prepare(&self, environ: &mut Environ<'_>) {
        let peer = environ
            .get("REMOTE_ADDR")
            .and_then(|peer| peer.parse().ok());
        let believed = peer.and_then(|peer| self.believed(peer, self.hops(environ)));
        for name in SAID {
            if environ.get(name).is_some() {
                environ.remove(name);
            }
        }
        if let Some((client, scheme)) = believed {
            environ.set("REMOTE_ADDR", client.to_string());
            environ.remove("REMOTE_PORT"); // It was the balancer's.
            if let Some(scheme) = scheme.filter(|it| ["http", "https"].contains(&it.as_str())) {
                environ.set("wsgi.url_scheme", scheme);
            }
        }
    }
}

impl<A: Application> Application for Forwarded<A> {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        self.prepare(environ);
        self.app.respond(environ, start_response)
    }
}
// ANCHOR_END: forwarded

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(trust: &[&str], forwarded: bool) -> Forwarded<()> {
        let trust = trust.iter().map(|text| (*text).to_owned()).collect();
        Forwarded::new((), TrustSettings { trust, forwarded }).unwrap()
    }

    fn client(door: &Forwarded<()>, peer: &str, hops: Vec<Hop>) -> Option<String> {
        let believed = door.believed(peer.parse().unwrap(), hops);
        believed.map(|(client, _)| client.to_string())
    }

    #[test]
    fn a_list_is_read_from_the_right_up_to_the_first_stranger() {
        let door = behind(&["10.0.0.0/8", "127.0.0.1"], false);
        for (peer, list, expected) in [
            // A stranger is not believed at all.
            ("192.0.2.1", "198.51.100.7", None),
            ("127.0.0.1", "198.51.100.7", Some("198.51.100.7")),
            // The lie of the client stands before what our balancer has added.
            ("127.0.0.1", "10.9.9.9, 198.51.100.7", Some("198.51.100.7")),
            (
                "127.0.0.1",
                "1.1.1.1, 198.51.100.7, 10.0.0.2",
                Some("198.51.100.7"),
            ),
            // All of them are ours: the first one is whoever asked.
            ("127.0.0.1", "10.0.0.3, 10.0.0.2", Some("10.0.0.3")),
            ("127.0.0.1", "nonsense", None),
            ("127.0.0.1", "1.1.1.1, unknown, 10.0.0.2", Some("10.0.0.2")),
            (
                "::ffff:127.0.0.1",
                "198.51.100.7:4711",
                Some("198.51.100.7"),
            ),
        ] {
            let hops = hops_of_addresses(list, None);
            assert_eq!(
                client(&door, peer, hops).as_deref(),
                expected,
                "{peer}: {list}"
            );
        }
    }

    #[test]
    fn the_field_of_the_standard_is_understood_with_its_quotes_and_brackets() {
        let hops = hops_of_forwarded(
            "for=192.0.2.43;proto=HTTPS;by=203.0.113.60, For=\"[2001:db8:cafe::17]:4711\", \
             for=_hidden;host=\"a,b;c\"",
        );
        let clients: Vec<_> = hops.iter().map(|hop| hop.client).collect();
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert_eq!(
            clients,
            [None, address("2001:db8:cafe::17"), address("192.0.2.43")]
        );
        assert_eq!(hops[2].scheme.as_deref(), Some("https"));
    }

    #[test]
    fn a_network_is_its_first_bits_and_anything_else_is_an_error_that_shows_it() {
        let contains = |network: &str, address: &str| {
            Network::parse(network)
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "8.8.8.8") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        for wrong in ["", "balancer", "10.0.0.0/33", "10.0.0.0/x", "::/129"] {
            let error = Network::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("{wrong:?}")), "{error}");
        }
    }
}
