//! A Redis of our own, in a folder of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use check::server::free_port;
use kit::patience::until;
use lesson14::{Redis, Reply};
use rustix::process::Signal;

/// How long a test waits for an answer of Redis.
const PATIENCE: std::time::Duration = kit::patience::GUARD;

pub(crate) struct OwnRedis {
    folder: PathBuf,
    address: SocketAddr,
    keeps: bool,
    child: Child,
}

impl OwnRedis {
    /// Starts one that keeps what it is told, on the disk, or one that does not. `None`, and a
    /// line that says so, where there is no Redis.
    pub(crate) fn start(keeps: bool) -> Option<OwnRedis> {
        if !kit::needed::program("redis-server") {
            return None;
        }
        let port = free_port().unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{port}"));
        std::fs::create_dir_all(&folder).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let redis = OwnRedis {
            child: run(&folder, port, keeps),
            folder,
            address,
            keeps,
        };
        redis.wait_until_ready();
        Some(redis)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, with a signal or by `kill -9`.
    pub(crate) fn end(&mut self, signal: Signal) {
        crate::shared::signal(self.child.id(), signal);
        self.child.wait().unwrap();
    }

    /// Starts it again, where it was.
    pub(crate) fn start_again(&mut self) {
        self.child = run(&self.folder, self.address.port(), self.keeps);
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        until("Redis answers", || self.ask(&["PING"]).is_some());
    }

    pub(crate) fn ask(&self, words: &[&str]) -> Option<Reply> {
        Redis::connect(self.address, PATIENCE).ok()?.ask(words).ok()
    }
}

fn run(folder: &Path, port: u16, keeps: bool) -> Child {
    let keeps = if keeps { "yes" } else { "no" };
    let port = port.to_string();
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port, "--save", ""])
        .args(["--appendonly", keeps, "--appendfsync", "always"])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
