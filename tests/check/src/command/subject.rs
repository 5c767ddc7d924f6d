//! The server under test: running somewhere, or started by us and started again when it died.

use std::net::{SocketAddr, ToSocketAddrs};
use std::process::Command;
use std::time::Instant;

use check::outcome::Finding;
use check::server::{Launch, Server};
use check::world::World;

use super::flags::Target;
use super::stop::Stop;

/// A server under test.
pub(super) enum Subject {
    /// It runs already.
    Running(SocketAddr),
    /// We start it.
    Started {
        /// How.
        launch: Launch,
        /// The one that runs now.
        server: Option<Server>,
    },
}

impl Subject {
    /// What the flags name; `None` if they name nothing.
    pub(super) fn of(target: Target) -> Result<Option<Subject>, Stop> {
        if let Some(command) = &target.build {
            built(command)?;
        }
        match (target.addr, target.run) {
            (Some(text), _) => address(&text).map(Subject::Running).map(Some),
            (None, Some(command)) if !command.contains("{port}") => Err(Stop::Usage(
                "--run needs {port} where the command takes its port: \
                 --run \"python3 my_server.py {port}\""
                    .to_owned(),
            )),
            (None, Some(command)) => Ok(Some(Subject::started(Launch::Command(command)))),
            (None, None) => Ok(None),
        }
    }

    /// A server that is started when it is needed.
    pub(super) fn started(launch: Launch) -> Subject {
        Subject::Started {
            launch,
            server: None,
        }
    }

    /// What it is called: the command, or the address.
    pub(super) fn name(&self) -> String {
        match self {
            Subject::Running(address) => address.to_string(),
            Subject::Started { launch, .. } => match launch {
                Launch::Command(command) => command.clone(),
                Launch::Lesson { binary, .. } => binary.display().to_string(),
            },
        }
    }

    /// The same server once more, or another one like it.
    pub(super) fn another(&self) -> Subject {
        match self {
            Subject::Running(address) => Subject::Running(*address),
            Subject::Started { launch, .. } => Subject::started(launch.clone()),
        }
    }

    /// A server that accepts connections, for one probe.
    pub(super) fn world(&mut self) -> Result<World, Stop> {
        match self {
            Subject::Running(address) => Ok(World::at(*address)),
            Subject::Started { launch, server } => {
                let server = match server.take() {
                    Some(server) => server,
                    None => launch
                        .start(None)
                        .map_err(|error| Stop::NoServer(error.to_string()))?,
                };
                Ok(World::with(server))
            }
        }
    }

    /// Takes the server back after a probe, unless it has died or may be jammed. The result is
    /// what it wrote before it died.
    pub(super) fn take_back(&mut self, world: World, found: Option<&Finding>) -> Option<String> {
        let Subject::Started { server, .. } = self else {
            return None;
        };
        let used = world.into_server()?;
        match found {
            Some(Finding::Died(_)) => Some(used.end()),
            Some(
                Finding::Wrong(_) | Finding::Stalls | Finding::Unfinished(_) | Finding::Broken(_),
            ) => None,
            _ => {
                *server = Some(used);
                None
            }
        }
    }

    /// Whether anything is there at all, before the first probe.
    pub(super) fn must_be_there(&mut self) -> Result<(), Stop> {
        let world = self.world()?;
        match world.connect() {
            // The answer is for the probes to judge. But a question is the politest first visit.
            Ok(mut client) => {
                let _ = client.send(world.hello().as_bytes());
                client.answer_by(Instant::now() + world.patience);
            }
            Err(_) => {
                return Err(Stop::NoServer(format!(
                    "nothing listens on {}. Start your server first, or let me: \
                     --run \"… {{port}}\"",
                    world.address()
                )));
            }
        }
        self.take_back(world, None);
        Ok(())
    }
}

/// Builds the server. What the compiler says goes to whoever has written it.
fn built(command: &str) -> Result<(), Stop> {
    let status = Command::new("sh").args(["-c", command]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Stop::NoServer(format!("{command}: {status}"))),
        Err(error) => Err(Stop::NoServer(format!("{command}: {error}"))),
    }
}

/// `127.0.0.1:8888`, `localhost:8888`, and what people paste: `http://localhost:8888/`.
fn address(text: &str) -> Result<SocketAddr, Stop> {
    let host = text.split_once("://").map_or(text, |(_, host)| host);
    let host = host.strip_suffix('/').unwrap_or(host);
    let wrong = || Stop::Usage(format!("--addr takes HOST:PORT, not {text:?}"));
    let found: Vec<_> = host.to_socket_addrs().map_err(|_| wrong())?.collect();
    let ipv4 = found.iter().find(|address| address.is_ipv4());
    ipv4.or(found.first()).copied().ok_or_else(wrong)
}
