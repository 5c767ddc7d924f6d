//! HAProxy, with the configuration of lesson 14 as it stands in the repository.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use check::workshop::workspace;
use kit::keeper::Keeper;
use kit::patience::{GUARD, eventually};

use crate::ground::LabError;

/// Where Debian has it, beside the folders of an ordinary user's PATH.
const PLACES: [&str; 2] = ["haproxy", "/usr/sbin/haproxy"];

/// The program, if it is installed.
pub fn haproxy() -> Result<&'static str, LabError> {
    let runs = |program: &&str| Command::new(program).arg("-v").output().is_ok();
    let found = PLACES.iter().find(|program| runs(program));
    found.copied().ok_or(LabError::Absent("haproxy", "haproxy"))
}

/// The configuration.
pub fn configuration() -> PathBuf {
    workspace().join("lessons/14-many/deploy/haproxy.cfg")
}

/// A running balancer.
pub struct Balancer {
    child: Child,
    keeper: Keeper,
    /// Where clients come.
    pub address: SocketAddr,
    numbers: SocketAddr,
}

impl Balancer {
    /// Starts one for these machines, and waits until it has found all of them well.
    pub fn start(
        address: SocketAddr,
        numbers: SocketAddr,
        machines: [SocketAddr; 3],
    ) -> Result<Balancer, LabError> {
        let keeper = Keeper::start()?;
        let [one, two, three] = machines.map(|address| address.to_string());
        let child = Command::new(haproxy()?)
            .arg("-f")
            .arg(configuration())
            .env("LISTEN", address.to_string())
            .env("NUMBERS", numbers.to_string())
            .envs([("ONE", one), ("TWO", two), ("THREE", three)])
            .process_group(keeper.group())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let balancer = Balancer {
            child,
            keeper,
            address,
            numbers,
        };
        for name in ["one", "two", "three"] {
            balancer.wait_until_up(name)?;
        }
        Ok(balancer)
    }

    /// Waits until it sends clients to this machine.
    pub fn wait_until_up(&self, name: &str) -> Result<(), LabError> {
        self.wait_until(name, true)
    }

    /// Waits until it sends nobody to it.
    pub fn wait_until_down(&self, name: &str) -> Result<(), LabError> {
        self.wait_until(name, false)
    }

    fn wait_until(&self, name: &str, up: bool) -> Result<(), LabError> {
        match eventually(|| self.is_up(name) == Some(up)) {
            true => Ok(()),
            false => Err(LabError::Failed(format!(
                "HAProxy never finds {name} up: {up}"
            ))),
        }
    }

    /// What it thinks of a machine: a column of its table of numbers.
    fn is_up(&self, name: &str) -> Option<bool> {
        let table = self.numbers().ok()?;
        let row = format!("machines,{name},");
        let row = table.lines().find(|line| line.starts_with(&row))?;
        let status = row.split(',').nth(17)?;
        // `UP 1/2` is about to be down, and is sent clients still.
        Some(status.starts_with("UP"))
    }

    fn numbers(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.numbers, GUARD)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /;csv HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.keeper.end();
        let _ = self.child.wait();
    }
}
