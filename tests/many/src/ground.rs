//! Where the lab stands.

use std::fmt;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::process::Command;

use kit::patience::eventually;

/// Where the machines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// On addresses that every Linux has and that never leave it: the balancer on 127.0.0.1, the
    /// machines on 127.0.0.2 to 4. Nobody can be cut off there.
    Loopback,
    /// In a network namespace without a way out, and each machine in another one inside of it, at
    /// the end of a cable that can be pulled.
    Namespaces,
}

/// The name of the bridge that all cables lead to.
const BRIDGE: &str = "lab";

impl Ground {
    /// The address of the balancer, 1, or of a machine, 2 to 4.
    pub fn address(self, number: u8) -> Ipv4Addr {
        match self {
            Ground::Loopback => Ipv4Addr::new(127, 0, 0, number),
            Ground::Namespaces => Ipv4Addr::new(10, 14, 0, number),
        }
    }

    /// Prepares it. In namespaces, this process must be in one of its own already.
    pub fn prepare(self) -> Result<(), LabError> {
        if self == Ground::Loopback {
            return Ok(());
        }
        // Before anything else: a packet for an address of the lab that nobody has there would
        // take the default route, and leave.
        if let Some(route) = way_out()? {
            return Err(LabError::WayOut(route));
        }
        ip("link set lo up")?;
        ip(&format!("link add {BRIDGE} type bridge"))?;
        ip(&format!("addr add {}/24 dev {BRIDGE}", self.address(1)))?;
        ip(&format!("link set {BRIDGE} up"))
    }

    /// In front of a machine's command: it waits for a line, by which time it has its cable.
    pub fn command(self, number: u8) -> Vec<String> {
        match self {
            Ground::Loopback => Vec::new(),
            Ground::Namespaces => {
                let address = self.address(number);
                let script = format!(
                    "read -r _ && ip link set lo up && ip addr add {address}/24 dev cable && \
                     ip link set cable up && exec \"$@\""
                );
                let words = ["unshare", "--net", "sh", "-c", &script, "sh"];
                words.map(str::to_owned).into()
            }
        }
    }

    /// Lays a cable from the bridge to a machine, which is the namespace of a process. A machine
    /// that is started again has the same card in it: the others remember its number for a while.
    pub fn connect(self, number: u8, cable: &str, process: u32) -> Result<(), LabError> {
        if self == Ground::Loopback {
            return Ok(());
        }
        // Until it has left ours, its end of the cable would stay here.
        let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
        let has_its_own = || namespace(&process.to_string()) != namespace("self");
        if !eventually(has_its_own) {
            return Err(LabError::Failed("unshare --net never does".to_owned()));
        }
        ip(&format!(
            "link add {cable} type veth peer name cable address 02:00:00:00:00:0{number} \
             netns {process}"
        ))?;
        ip(&format!("link set {cable} master {BRIDGE}"))?;
        ip(&format!("link set {cable} up"))
    }

    /// Pulls a cable, or puts it in again.
    pub fn plug(self, cable: &str, is_in: bool) -> Result<(), LabError> {
        let state = if is_in { "up" } else { "down" };
        ip(&format!("link set {cable} {state}"))
    }
}

/// The first route by which a packet could leave for somewhere else than the lab.
fn way_out() -> Result<Option<String>, LabError> {
    let table = fs::read_to_string("/proc/net/route").map_err(LabError::Io)?;
    Ok(table.lines().skip(1).map(str::to_owned).next())
}

/// Why a namespace cannot be had here; `None` if it can.
pub fn no_namespaces() -> Option<String> {
    let words = ["--user", "--map-root-user", "--net", "ip", "link", "add"];
    let bridge = ["lab", "type", "bridge"];
    let output = Command::new("unshare").args(words).args(bridge).output();
    match output {
        Err(_) => Some(LabError::Absent("unshare", "util-linux").to_string()),
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(said.lines().last().unwrap_or("unshare fails").to_owned())
        }
    }
}

fn ip(words: &str) -> Result<(), LabError> {
    let output = Command::new("ip").args(words.split(' ')).output();
    let output = output.map_err(|_| LabError::Absent("ip", "iproute2"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(LabError::Failed(format!("ip {words}: {said}")))
        }
    }
}

/// Why there is no lab.
#[derive(Debug)]
pub enum LabError {
    /// A program is not there; with the name of Debian's package.
    Absent(&'static str, &'static str),
    /// The namespace has a route that is not the lab's.
    WayOut(String),
    /// A step failed.
    Failed(String),
    /// A system call did.
    Io(io::Error),
}

impl fmt::Display for LabError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LabError::Absent(program, package) => {
                write!(out, "{program} is absent: sudo apt-get install {package}")
            }
            LabError::WayOut(route) => write!(
                out,
                "the namespace has a route, so packets of the lab could leave it: {route}"
            ),
            LabError::Failed(why) => out.write_str(why),
            LabError::Io(error) => write!(out, "{error}"),
        }
    }
}

impl std::error::Error for LabError {}

impl From<io::Error> for LabError {
    fn from(error: io::Error) -> LabError {
        LabError::Io(error)
    }
}
