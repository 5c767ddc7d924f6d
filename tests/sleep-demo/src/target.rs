//! Where to ask, and for what.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::curve::work::Work;
use crate::plan::Load;

/// A resource that sleeps before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The server.
    pub address: SocketAddr,
    /// The field `Host`.
    host: String,
    /// Path and query.
    path: String,
}

impl Target {
    /// `/sleep?ms=…` at a server of the course.
    pub fn sleep_at(address: SocketAddr, load: &Load) -> Target {
        Target {
            address,
            host: address.to_string(),
            path: format!("/sleep?ms={}", load.sleep_ms),
        }
    }

    /// Any URL. `{ms}` and `{s}` in it stand for the time to sleep.
    pub fn of_url(url: &str, load: &Load) -> Result<Target, String> {
        let (host, path, address) = address_of(&Work::Sleep(load.sleep_ms).fill(url))?;
        Ok(Target {
            address,
            host,
            path,
        })
    }

    /// The request, as it goes over the wire. One request for each connection: what is compared
    /// is how servers wait, not how connections are used again.
    pub fn question(&self) -> String {
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.path, self.host
        )
    }

    /// A short name: `localhost:8080`.
    pub fn name(&self) -> &str {
        &self.host
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// What a URL says: host and port, path, and where that is. The error says what is wrong.
pub fn address_of(url: &str) -> Result<(String, String, SocketAddr), String> {
    let Some(rest) = url.strip_prefix("http://") else {
        return Err(format!("{url:?} does not begin with http://"));
    };
    let rest = rest.split('#').next().unwrap_or(rest);
    let (host, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let path = match path.strip_prefix('/') {
        Some(_) => path.to_owned(),
        None => format!("/{path}"),
    };
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("{url:?} holds what no request line can hold"));
    }
    let address = resolve(host).ok_or_else(|| format!("{host:?} is no HOST:PORT"))?;
    Ok((host.to_owned(), path, address))
}

/// IPv4 first: `localhost` is both, and most small servers listen on that one only.
fn resolve(host: &str) -> Option<SocketAddr> {
    if host.is_empty() || host.contains('@') {
        return None;
    }
    let found = match host.to_socket_addrs() {
        Ok(found) => found.collect::<Vec<_>>(),
        Err(_) => (host, 80).to_socket_addrs().ok()?.collect(),
    };
    let ipv4 = found.iter().find(|address| address.is_ipv4());
    ipv4.or(found.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        requests: 12,
        sleep_ms: 250,
        workers: 4,
    };

    #[test]
    fn a_url_becomes_an_address_and_a_request() {
        let target = Target::of_url("http://127.0.0.1:8080/nap?for={ms}&s={s}#x", &LOAD).unwrap();
        assert_eq!(target.address, SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(
            target.question(),
            "GET /nap?for=250&s=0.25 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\
             Connection: close\r\n\r\n"
        );
    }

    #[test]
    fn port_and_path_may_be_left_out() {
        let target = Target::of_url("http://127.0.0.1", &LOAD).unwrap();
        assert_eq!((target.address.port(), target.path()), (80, "/"));
        let target = Target::of_url("http://127.0.0.1:81?ms=1", &LOAD).unwrap();
        assert_eq!((target.address.port(), target.path()), (81, "/?ms=1"));
    }

    #[test]
    fn a_url_that_cannot_be_asked_is_refused() {
        let error = |url| Target::of_url(url, &LOAD).unwrap_err();
        assert!(error("https://127.0.0.1/").contains("does not begin with http://"));
        assert!(error("http:///sleep").contains("is no HOST:PORT"));
        assert!(error("http://127.0.0.1:8888/a b").contains("request line"));
    }
}
