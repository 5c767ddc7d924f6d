//! Who takes part: lessons, limits, and whatever else the reader wants to see beside them.

use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use check::server::{Launch, Server};
use check::tls;
use check::workshop;
use kit::cores::{on_core, two_cores};
use rustls::ClientConfig;
use rustls::client::Resumption;

use crate::client::Mode;
use crate::processor::Tree;

/// What a lesson can take part in. A later lesson joins by one line.
struct Entry {
    number: u8,
    flags: &'static str,
    modes: &'static [Mode],
}

/// Flags of a pool, whose workers are as many as the connections that it is asked to keep.
const POOL: &str = "--threads {workers}";

/// The same for connections that stay as long as the race: a handshake costs what it costs, and here
/// only what comes after it is of interest.
const STAYING: &str = "--threads {workers} --max-requests 100000000";

/// The lessons that can speak TLS, with the flag for it.
const WITH_TLS: &[(u8, &str)] = &[(8, "--self-signed")];

/// What a server that drives its sockets itself takes part in.
const ON_ONE_THREAD: &[Mode] = &[
    Mode::NewConnection,
    Mode::KeepAlive,
    SMALL_MESSAGES,
    LARGE_MESSAGES,
];

/// Connections that stay for as long as the race lasts.
const ON_LOOP: &str = "--max-requests 1000000000 demo:application";
const IN_PYTHON: &str = "--max-requests 1000000000 wsgiapp:app";
const IN_TASKS: &str = "--max-requests 1000000000 --workers 0 demo:application";

const ENTRIES: &[Entry] = &[
    entry(2, "", &[Mode::NewConnection]),
    entry(3, "", &[Mode::NewConnection]),
    entry(4, "", &[Mode::NewConnection]),
    entry(5, "", &[Mode::NewConnection]),
    entry(6, "", &[Mode::NewConnection]),
    entry(7, POOL, &[Mode::NewConnection, Mode::KeepAlive]),
    entry(8, STAYING, &[Mode::NewConnection, Mode::KeepAlive]),
    entry(9, POOL, &[SMALL_MESSAGES, LARGE_MESSAGES]),
    entry(10, ON_LOOP, ON_ONE_THREAD),
    entry(11, ON_LOOP, ON_ONE_THREAD),
    // Without the kitchen: the application that races does not block.
    entry(12, IN_TASKS, ON_ONE_THREAD),
    // A Python is needed, and what it costs is mostly Python's.
    entry(13, IN_PYTHON, &[Mode::NewConnection, Mode::KeepAlive]),
];

/// How a lesson meets quiet clients: how many of them at most, and with which flags.
struct Hall {
    number: u8,
    clients: usize,
    flags: &'static str,
}

/// A lesson that serves one client at a time has room for one; those with a process or a thread for
/// each client take a few hundred; the rest as many as are asked for.
const HALLS: &[Hall] = &[
    hall(2, 1, ""),
    hall(3, 1, ""),
    hall(4, 1, ""),
    hall(5, FEW, "--max-children {more}"),
    hall(6, FEW, "--max-threads {more}"),
    hall(7, FEW, "--threads {more} --keep-alive 600"),
    hall(8, FEW, "--threads {more} --keep-alive 600"),
    hall(9, usize::MAX, ""),
    hall(10, usize::MAX, "--connections {more} --keep-alive 600"),
    hall(11, usize::MAX, "--connections {more} --keep-alive 600"),
    hall(12, usize::MAX, "--connections {more} --keep-alive 600"),
];

const FEW: usize = 250;

const fn hall(number: u8, clients: usize, flags: &'static str) -> Hall {
    Hall {
        number,
        clients,
        flags,
    }
}

/// The numbers of the lessons that are asked what quiet clients cost.
pub fn halls() -> impl Iterator<Item = u8> {
    HALLS.iter().map(|hall| hall.number)
}

/// The lesson whose quiet clients are WebSockets.
pub const WITH_SOCKETS: u8 = 9;

/// Messages such as a chat has.
pub const SMALL_MESSAGES: Mode = Mode::Messages(32);
/// Messages such as a document is made of.
pub const LARGE_MESSAGES: Mode = Mode::Messages(16 * 1024);
/// Every class of the race, in order.
pub const MODES: [Mode; 4] = [
    Mode::NewConnection,
    Mode::KeepAlive,
    SMALL_MESSAGES,
    LARGE_MESSAGES,
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
    /// Where it sends messages back.
    pub echo_path: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Its processes, if we may look at them.
    pub tree: Option<Tree>,
    _server: Option<Server>,
}

/// Where lesson 9 sends messages back.
const ECHO_PATH: &str = "/ws/echo";

/// A server that is no lesson, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A command to start that sends WebSocket messages back at `/`.
    Echo(String),
    /// A command to start, with `{port}` where the port goes.
    Command(String),
    /// A server that runs already.
    Url(String),
}

impl Contender {
    /// Where it is asked in this mode.
    pub fn path_for(&self, mode: Mode) -> &str {
        match mode {
            Mode::Messages(_) => &self.echo_path,
            _ => &self.path,
        }
    }

    /// A lesson as it races.
    pub fn lesson(number: u8, workers: usize) -> Result<Contender, String> {
        let package = format!("lesson{number:02}");
        let entry = ENTRIES.iter().find(|entry| entry.number == number);
        let entry = entry.ok_or_else(|| format!("{package} takes no part in the race"))?;
        let flags = entry.flags.replace("{workers}", &workers.to_string());
        Contender::built(&package, &flags)
    }

    /// A lesson with room for quiet clients, and how many of those who come it has room for.
    pub fn lesson_with_a_hall(number: u8, clients: usize) -> Result<(Contender, usize), String> {
        let package = format!("lesson{number:02}");
        let hall = HALLS.iter().find(|hall| hall.number == number);
        let hall = hall.ok_or_else(|| format!("{package} has no room for quiet clients"))?;
        let clients = clients.min(hall.clients);
        // One more than those, who is not quiet.
        let flags = hall.flags.replace("{more}", &(clients + 1).to_string());
        Ok((Contender::built(&package, &flags)?, clients))
    }

    /// What people take in the place of lesson 12, from its examples.
    pub fn hyper() -> Result<Contender, String> {
        let build = match cfg!(debug_assertions) {
            true => workshop::example,
            false => workshop::release_example,
        };
        let binary = build("lesson12", "with_hyper").map_err(text)?;
        Contender::binary("hyper", &binary, "")
    }

    /// A lesson, built as we are: for release, or else it is no measurement.
    fn built(package: &str, flags: &str) -> Result<Contender, String> {
        let build = match cfg!(debug_assertions) {
            true => workshop::binary,
            false => workshop::release_binary,
        };
        let binary = build(package).map_err(text)?;
        let contender = Contender::binary(package, &binary, &format!("--quiet {flags}"))?;
        Ok(Contender {
            echo_path: ECHO_PATH.to_owned(),
            ..contender
        })
    }

    /// The same lesson behind TLS; `None` if it cannot do that.
    pub fn lesson_with_tls(number: u8, workers: usize) -> Option<Result<Contender, String>> {
        let (_, flag) = WITH_TLS.iter().find(|(with_tls, _)| *with_tls == number)?;
        let package = format!("lesson{number:02}");
        let entry = ENTRIES.iter().find(|entry| entry.number == number)?;
        let flags = entry.flags.replace("{workers}", &workers.to_string());
        let binary = match workshop::release_binary(&package) {
            Ok(binary) => binary,
            Err(error) => return Some(Err(text(error))),
        };
        let name = format!("{package}, TLS");
        let contender = Contender::binary(&name, &binary, &format!("--quiet {flag} {flags}"));
        Some(contender.map(|contender| Contender {
            tls: true,
            ..contender
        }))
    }

    /// How a client speaks TLS with it, if it does. Every connection has a handshake in full.
    pub fn client_config(&self) -> Option<Arc<ClientConfig>> {
        self.tls.then(|| {
            let mut config = tls::config(&tls::VERSIONS);
            config.resumption = Resumption::disabled();
            Arc::new(config)
        })
    }

    /// The limit of a mode: this very program, `race`, under another name.
    pub fn limit(race: &Path, mode: Mode) -> Result<Contender, String> {
        let command = match mode {
            Mode::NewConnection => "limit-blocking".to_owned(),
            Mode::KeepAlive => "limit-epoll".to_owned(),
            Mode::Messages(size) => format!("limit-messages --size {size}"),
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
            Foreign::Command(command) | Foreign::Echo(command) => Contender::command(name, command),
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
            echo_path: "/".to_owned(),
            tls: false,
            tree: Tree::listening_on(address),
            _server: Some(server),
        })
    }

    fn url(name: &str, url: &str) -> Result<Contender, String> {
        let (tls, host, path) = split_url(url)?;
        let authority = match host.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => host.to_owned(),
            _ if tls => format!("{host}:443"),
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
            echo_path: path.to_owned(),
            tls,
            tree: Tree::listening_on(address).filter(|_| local),
            _server: None,
        })
    }
}

impl Foreign {
    /// A name for it when none is given: the command's first word, or the host.
    pub fn default_name(&self) -> String {
        match self {
            Foreign::Command(command) | Foreign::Echo(command) => {
                let word = command.split_whitespace().next().unwrap_or("server");
                let file = Path::new(word).file_name().and_then(|name| name.to_str());
                file.unwrap_or(word).to_owned()
            }
            Foreign::Url(url) => split_url(url).map_or(url.clone(), |(_, host, _)| host.to_owned()),
        }
    }
}

/// `https://host:port/path` as whether it is TLS, `host:port` and `/path`.
fn split_url(url: &str) -> Result<(bool, &str, &str), String> {
    let (tls, rest) = match url.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        _ => return Err(format!("{url}: only http:// and https:// can race")),
    };
    match rest.find('/') {
        Some(0) => Err(format!("{url}: no host")),
        Some(at) => Ok((tls, &rest[..at], &rest[at..])),
        None => Ok((tls, rest, "/")),
    }
}

/// A path as one word for a shell.
pub(crate) fn quoted(path: &Path) -> Result<String, String> {
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
        assert!(numbers(SMALL_MESSAGES).eq(numbers(LARGE_MESSAGES)));
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
        assert_eq!(split_url("http://[::1]:80"), Ok((false, "[::1]:80", "/")));
        assert_eq!(split_url("https://host/a/b"), Ok((true, "host", "/a/b")));
        assert!(split_url("ftp://host/").is_err() && split_url("http:///").is_err());
    }

    #[test]
    fn a_path_with_a_quote_is_one_word_for_a_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")).unwrap(), r"'/a b/it'\''s'");
    }
}
