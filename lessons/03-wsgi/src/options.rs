//! Where a server listens, and what else it can be told when it is made.

// ANCHOR: imports
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use lesson01::{ReuseAddress, listen, resolve};
use lesson02::{Settings, arm};
use socket2::Socket;
use terminal::{Arguments, Bounds, Setting, Unit, UsageError};

use crate::pace::PACE_SETTINGS;
use crate::{Deployment, Gateway, Pace};
// ANCHOR_END: imports

// ANCHOR: options
/// What a server can be told when it is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Limits, backlog, trace and log.
    pub settings: Settings,
    /// How slowly a body may come.
    pub pace: Pace,
    /// `SERVER_SOFTWARE`, and the `Server` header.
    pub software: &'static str,
    /// `SERVER_NAME`; the bound address if it is not given.
    pub server_name: Option<String>,
    /// Further variables for `environ`.
    pub extra: Vec<(String, String)>,
    /// A socket that somebody else has bound, to listen on it and not on one of our own.
    pub inherited: Option<Arc<Socket>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            settings: Settings::default(),
            pace: Pace::default(),
            software: "lesson03",
            server_name: None,
            extra: Vec::new(),
            inherited: None,
        }
    }
}

/// The settings of a server with a gateway.
pub const GATEWAY_SETTINGS: &[Setting<Options>] = &[
    Setting {
        name: "server-name",
        unit: Unit::Text("NAME"),
        bounds: Bounds::Any,
        help: "SERVER_NAME for applications, instead of the bound address",
        reason: "Behind a proxy the address that we listen on is not the name that clients use.",
        field: |options| &mut options.server_name,
    },
    Setting {
        name: "env",
        unit: Unit::Text("K=V"),
        bounds: Bounds::Any,
        help: "a variable for environ; repeatable",
        reason: "An application is told by its surroundings what differs from one place to \
                 another, such as where its data lies.",
        field: |options| &mut options.extra,
    },
];

impl Options {
    /// The options that a command line asks for.
    pub fn from_flags(flags: &Arguments, software: &'static str) -> Result<Options, UsageError> {
        Ok(Options {
            settings: Settings::from_flags(flags)?,
            pace: flags.read(PACE_SETTINGS)?,
            software,
            ..flags.read(GATEWAY_SETTINGS)?
        })
    }
}
// ANCHOR_END: options

// ANCHOR: listen
/// What names a place to listen: `"host:port"` or `("host", port)`.
pub trait Address {
    /// The address in the form `host:port`.
    fn host_and_port(&self) -> String;
}

impl Address for &str {
    fn host_and_port(&self) -> String {
        (*self).to_owned()
    }
}

impl Address for (&str, u16) {
    fn host_and_port(&self) -> String {
        let (host, port) = self;
        match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        }
    }
}

impl Options {
    /// Listens at `address`, or on the inherited socket, wherever that is, and makes the gateway
    /// that belongs there.
    pub fn listen(
        self,
        address: impl Address,
    ) -> Result<(Socket, SocketAddr, Gateway), Box<dyn Error>> {
        let backlog = self.settings.backlog;
        let listener = match &self.inherited {
            Some(inherited) => {
                // Another descriptor of the same queue: ours can be closed, and that one stays.
                let listener = inherited.try_clone()?;
                listener.listen(backlog.into())?;
                listener
            }
            None => listen(
                resolve(&address.host_and_port())?,
                backlog,
                ReuseAddress::Yes,
            )?,
        };
        arm(&listener, &self.settings.limits)?;
        let address = listener.local_addr()?.as_socket();
        let address = address.ok_or("we listen at IPv4 and IPv6 addresses only")?;
        let mut deployment = Deployment::at(address, self.software);
        deployment.server_name = self.server_name.unwrap_or(deployment.server_name);
        deployment.extra = self.extra;
        let gateway = Gateway::new(self.settings, self.pace, deployment);
        Ok((listener, address, gateway))
    }
}
// ANCHOR_END: listen

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;
    use std::time::Duration;

    use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
    use terminal::Program;

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[
            &SERVER_SETTINGS,
            &LIMIT_SETTINGS,
            &PACE_SETTINGS,
            &GATEWAY_SETTINGS,
        ],
    };

    fn options(line: &str) -> Options {
        let words = line.split_whitespace().map(Into::into);
        let flags = PROGRAM.parse(words).unwrap().unwrap();
        Options::from_flags(&flags, "test").unwrap()
    }

    #[test]
    fn a_command_line_without_flags_asks_for_the_defaults() {
        let expected = Options {
            software: "test",
            ..Options::default()
        };
        assert_eq!(format!("{:?}", options("")), format!("{expected:?}"));
    }

    #[test]
    fn as_many_clients_wait_as_the_backlog_says() {
        let (_listener, address, _) = options("--backlog 1").listen("127.0.0.1:0").unwrap();
        let _waiting = [(); 2].map(|()| TcpStream::connect(address).unwrap());
        // The kernel does not answer a third. One that is answered is so at once.
        let patience = Duration::from_millis(500);
        let error = TcpStream::connect_timeout(&address, patience).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    }

    #[test]
    fn each_table_fills_its_part_of_the_options() {
        let line = "--backlog 1 --trace --quiet --field-limit 2 --body-rate 3 --server-name me \
                    --env A=1 --env B=2";
        let given = options(line);
        let Settings {
            limits,
            backlog,
            trace,
            quiet,
        } = given.settings;
        assert_eq!((backlog, trace, quiet, limits.fields), (1, true, true, 2));
        assert_eq!(given.pace.bytes_per_second, 3);
        assert_eq!(given.server_name.as_deref(), Some("me"));
        assert_eq!(given.extra.len(), 2);
    }
}
