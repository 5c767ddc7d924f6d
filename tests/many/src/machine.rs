//! One of three machines: a supervisor of lesson 14 and its workers, with an address of their own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use check::server::free_port;
use kit::keeper::Keeper;
use rustix::process::{Pid, Signal, kill_process};

use crate::ground::{Ground, LabError};

/// A machine.
pub struct Machine {
    /// Its name in the balancer's configuration.
    pub name: &'static str,
    ground: Ground,
    /// The last part of its address.
    number: u8,
    port: u16,
    program: PathBuf,
    flags: Vec<String>,
    running: Option<Running>,
    /// How often it was started: each time it has another cable.
    starts: u32,
}

struct Running {
    child: Child,
    keeper: Keeper,
    cable: String,
}

impl Machine {
    /// A machine that is not running yet. Its port is chosen for good: whoever restarts has to
    /// come back where it was.
    pub fn new(
        name: &'static str,
        ground: Ground,
        number: u8,
        program: PathBuf,
        flags: &str,
    ) -> io::Result<Machine> {
        Ok(Machine {
            name,
            ground,
            number,
            port: free_port()?,
            program,
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            running: None,
            starts: 0,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.ip(), self.port))
    }

    fn ip(&self) -> Ipv4Addr {
        self.ground.address(self.number)
    }

    /// The number of its supervisor.
    pub fn supervisor(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Starts it, and waits until all of its workers are ready.
    pub fn start(&mut self) -> Result<(), LabError> {
        self.starts += 1;
        let keeper = Keeper::start()?;
        let mut words = self.ground.command(self.number);
        words.push(self.program.display().to_string());
        let address = self.address().to_string();
        words.extend(["--quiet".to_owned(), "--addr".to_owned(), address]);
        words.extend(self.flags.iter().cloned());
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .process_group(keeper.group())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let cable = format!("m{}s{}", self.number, self.starts);
        let connected = self.ground.connect(self.number, &cable, child.id());
        if let Some(mut stdin) = child.stdin.take() {
            // In namespaces it waits for this line; elsewhere nobody reads it.
            let _ = stdin.write_all(b"\n");
        }
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        self.running = Some(Running {
            child,
            keeper,
            cable,
        });
        connected?;
        let address = line
            .trim()
            .split_once("http://")
            .map(|(_, address)| address);
        let address = address.and_then(|address| address.parse::<SocketAddr>().ok());
        match address {
            Some(address) => {
                self.port = address.port();
                Ok(())
            }
            None => Err(LabError::Failed(format!(
                "machine {} does not start",
                self.name
            ))),
        }
    }

    /// Sends a signal to its supervisor, as an administrator does.
    pub fn tell(&self, signal: Signal) {
        let pid = self
            .supervisor()
            .and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(pid) = pid {
            // It is not waited for yet, so the number is its own, even if it has ended.
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits until its supervisor has ended. True: in peace.
    pub fn wait(&mut self) -> Result<bool, LabError> {
        match self.running.take() {
            Some(mut running) => {
                let status = running.child.wait()?;
                running.keeper.end();
                Ok(status.success())
            }
            None => Ok(true),
        }
    }

    /// Takes its power away: all of its processes end at the same moment, by `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.keeper.end();
            let _ = running.child.wait();
        }
    }

    /// Lets all of its processes stand still, or go on.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        if let Some(running) = &self.running {
            running.keeper.signal(signal);
        }
    }

    /// Pulls its cable, or puts it in again.
    pub fn plug(&self, is_in: bool) -> Result<(), LabError> {
        match &self.running {
            Some(running) => self.ground.plug(&running.cable, is_in),
            None => Ok(()),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}
