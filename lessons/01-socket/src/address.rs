//! From what a person types to an address that `bind` understands.

// ANCHOR: imports
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use terminal::UsageError;
// ANCHOR_END: imports

// ANCHOR: resolve
/// Turns `HOST:PORT` into a socket address.
///
/// `HOST` may be an IPv4 address, an IPv6 address in brackets, a name, or empty for every
/// interface of the machine. A name may have several addresses; IPv4 is preferred, because that
/// is what this course types into curl.
pub fn resolve(text: &str) -> Result<SocketAddr, UsageError> {
    let wrong = |reason: &str| {
        UsageError::new(format!(
            "{text:?} is not an address to listen on: {reason}\n\
             Write HOST:PORT, for example 127.0.0.1:8888, localhost:0, [::1]:8888 or :8888."
        ))
    };
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| wrong("it has no :PORT"))?;
    let port: u16 = port
        .parse()
        .map_err(|_| wrong("the port must be a number up to 65535"))?;
    if host.is_empty() {
        return Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }
    if let Some(literal) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let address: IpAddr = literal
            .parse()
            .map_err(|_| wrong("[…] must hold an IPv6 address"))?;
        return Ok(SocketAddr::from((address, port)));
    }
    if host.contains(':') {
        return Err(wrong("an IPv6 address needs brackets, as in [::1]:8888"));
    }
    let found: Vec<_> = (host, port)
        .to_socket_addrs()
        .map_err(|error| wrong(&error.to_string()))?
        .collect();
    let first_ipv4 = found.iter().find(|address| address.is_ipv4());
    first_ipv4
        .or(found.first())
        .copied()
        .ok_or_else(|| wrong("the name has no address"))
}
// ANCHOR_END: resolve

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_understood() {
        for (text, address) in [
            ("127.0.0.1:8888", "127.0.0.1:8888"),
            (":8000", "0.0.0.0:8000"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:80", "127.0.0.1:80"),
        ] {
            assert_eq!(resolve(text).unwrap(), address.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn every_mistake_gets_its_own_explanation() {
        for (text, reason) in [
            ("8888", "no :PORT"),
            ("localhost:http", "must be a number"),
            ("localhost:65536", "must be a number"),
            ("::1:80", "needs brackets"),
            ("[localhost]:80", "must hold an IPv6 address"),
            ("no.such.name.invalid:80", "no.such.name.invalid:80"),
        ] {
            let error = resolve(text).unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains("Write HOST:PORT"),
                "{text}: {error}"
            );
        }
    }
}
