//! Who takes part: lessons, limits, and whatever else the reader wants to see beside them.

use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use check::server::{Launch, Server};
use check::workshop;

use crate::client::Mode;
use crate::processor::{Tree, on_core, two_cores};

/// What a lesson can take part in. A later lesson joins by one line.
struct Entry {
    number: u8,
    flags: &'static str,
    modes: &'static [Mode],
}

/// Flags of a pool, whose workers are as many as the connections that it is asked to keep.
const POOL: &str = "--threads {workers}";

const ENTRIES: &[Entry] = &[
    entry(2, "", &[Mode::NewConnection]),
    entry(3, "", &[Mode::NewConnection]),
    entry(4, "", &[Mode::NewConnection]),
    entry(5, "", &[Mode::NewConnection]),
    entry(6, "", &[Mode::NewConnection]),
    entry(7, POOL, &[Mode::NewConnection, Mode::KeepAlive]),
];

const fn entry(number: u8, flags: &'static str, modes: &'static [Mode]) -> Entry {
    Entry {
        number,
        flags,
        modes,
    }
}

/// The numbers of the lessons that race in a mode.
pub fn numbers(mode: Mode) -> impl Iterator<Item = u8> {
    let entries = ENTRIES
        .iter()
        .filter(move |entry| entry.modes.contains(&mode));
    entries.map(|entry| entry.number)
}

/// A server in the race. Dropping it ends it, if it was started here.
pub struct Contender {
    /// What it is called in the tables.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it is called in requests.
    pub host: String,
    /// What it is asked for.
    pub path: String,
    /// Its processes, if we may look at them.
    pub tree: Option<Tree>,
    _server: Option<Server>,
}

/// A server that is no lesson, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A command to start, with `{port}` where the port goes.
    Command(String),
    /// A server that runs already.
    Url(String),
}

impl Contender {
    /// A lesson, built for release.
    pub fn lesson(number: u8, workers: usize) -> Result<Contender, String> {
        let package = format!("lesson{number:02}");
        let entry = ENTRIES.iter().find(|entry| entry.number == number);
        let entry = entry.ok_or_else(|| format!("{package} takes no part in the race"))?;
        let binary = workshop::release_binary(&package).map_err(text)?;
        let flags = entry.flags.replace("{workers}", &workers.to_string());
        Contender::binary(&package, &binary, &format!("--quiet {flags}"))
    }

    /// The limit of a mode: this very program, `race`, under another name.
    pub fn limit(race: &Path, mode: Mode) -> Result<Contender, String> {
        let command = match mode {
            Mode::NewConnection => "limit-blocking",
            Mode::KeepAlive => "limit-epoll",
        };
        let text = format!("exec {} {command} --addr 127.0.0.1:{{port}}", quoted(race)?);
        Contender::command("the limit", &text)
    }

    /// A binary that takes `--addr`.
    pub fn binary(name: &str, binary: &Path, flags: &str) -> Result<Contender, String> {
        let text = format!("exec {} --addr 127.0.0.1:{{port}} {flags}", quoted(binary)?);
        Contender::command(name, &text)
    }

    /// A server that is no lesson.
    pub fn foreign(name: &str, foreign: &Foreign) -> Result<Contender, String> {
        match foreign {
            Foreign::Command(command) => Contender::command(name, command),
            Foreign::Url(url) => Contender::url(name, url),
        }
    }

    /// Everything that is started here goes through a command, also our own binaries: a command
    /// dies with us, even if we die by SIGKILL.
    fn command(name: &str, command: &str) -> Result<Contender, String> {
        let core = two_cores().map(|(server, _)| server);
        let launch = Launch::Command(command.to_owned());
        let server = on_core(core, || launch.start(None)).map_err(text)?;
        let server = server.map_err(|error| format!("{name}: {error}"))?;
        let address = server.address();
        Ok(Contender {
            name: name.to_owned(),
            address,
            host: address.to_string(),
            path: "/".to_owned(),
            tree: Tree::listening_on(address),
            _server: Some(server),
        })
    }

    fn url(name: &str, url: &str) -> Result<Contender, String> {
        let (host, path) = split_url(url)?;
        let authority = match host.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => host.to_owned(),
            _ => format!("{host}:80"),
        };
        let mut found = authority
            .to_socket_addrs()
            .map_err(|error| format!("{authority}: {error}"))?;
        let address = found
            .next()
            .ok_or_else(|| format!("{authority}: no address"))?;
        let local = address.ip().is_loopback();
        Ok(Contender {
            name: name.to_owned(),
            address,
            host: host.to_owned(),
            path: path.to_owned(),
            tree: Tree::listening_on(address).filter(|_| local),
            _server: None,
        })
    }
}

impl Foreign {
    /// A name for it when none is given: the command's first word, or the host.
    pub fn default_name(&self) -> String {
        match self {
            Foreign::Command(command) => {
                let word = command.split_whitespace().next().unwrap_or("server");
                let file = Path::new(word).file_name().and_then(|name| name.to_str());
                file.unwrap_or(word).to_owned()
            }
            Foreign::Url(url) => split_url(url).map_or(url.clone(), |(host, _)| host.to_owned()),
        }
    }
}

/// `http://host:port/path` as `host:port` and `/path`.
fn split_url(url: &str) -> Result<(&str, &str), String> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| format!("{url}: only http:// can race"))?;
    match rest.find('/') {
        Some(0) => Err(format!("{url}: no host")),
        Some(at) => Ok(rest.split_at(at)),
        None => Ok((rest, "/")),
    }
}

/// A path as one word for a shell.
fn quoted(path: &Path) -> Result<String, String> {
    let path = path
        .to_str()
        .ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    Ok(format!("'{}'", path.replace('\'', r"'\''")))
}

fn text(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_with_a_connection_for_each_request_races_in_that_class() {
        let all: Vec<u8> = numbers(Mode::NewConnection).collect();
        assert!(numbers(Mode::KeepAlive).all(|number| all.contains(&number)));
        assert!(all.is_sorted() && all.contains(&3));
    }

    #[test]
    fn a_foreign_server_has_a_name_if_nobody_gives_it_one() {
        let command = Foreign::Command("/usr/sbin/nginx -p {port}".to_owned());
        assert_eq!(command.default_name(), "nginx");
        let url = Foreign::Url("http://localhost:3000/x?y".to_owned());
        assert_eq!(url.default_name(), "localhost:3000");
    }

    #[test]
    fn urls_are_split_or_refused() {
        assert_eq!(split_url("http://[::1]:80"), Ok(("[::1]:80", "/")));
        assert_eq!(split_url("http://host/a/b"), Ok(("host", "/a/b")));
        assert!(split_url("https://host/").is_err() && split_url("http:///").is_err());
    }

    #[test]
    fn a_path_with_a_quote_is_one_word_for_a_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")).unwrap(), r"'/a b/it'\''s'");
    }
}
