//! From settings to an adapter, at the start and whenever somebody asks for it again.

// ANCHOR: imports
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, error, thread};

use lesson03::Bell;
use lesson07::PoolServer;
use rustix::event::{PollFd, PollFlags, poll};
use terminal::say;

use crate::adapter::TlsAdapter;
use crate::certificate::{Identity, read_trusted};
use crate::settings::TlsSettings;
// ANCHOR_END: imports

// ANCHOR: keeper
/// Gives a server its adapter, and a new one when its files have changed.
pub struct CertificateKeeper {
    settings: TlsSettings,
    address: SocketAddr,
    software: &'static str,
}

impl CertificateKeeper {
    /// A keeper for the server at `address`.
    pub fn new(
        settings: TlsSettings,
        address: SocketAddr,
        software: &'static str,
    ) -> CertificateKeeper {
        CertificateKeeper {
            settings,
            address,
            software,
        }
    }

    /// Makes an adapter of what the files say now.
    pub fn adapter(&self) -> Result<TlsAdapter, Box<dyn error::Error>> {
        let path = |name: &Option<String>| name.as_deref().map(PathBuf::from);
        let trusted = path(&self.settings.client_ca);
        let trusted = trusted.map(|path| read_trusted(&path)).transpose()?;
        let files = path(&self.settings.cert).zip(path(&self.settings.key));
        let identity = match files {
            Some((certificate, key)) => Identity::from_files(&certificate, &key)?,
            None => self.make_identity()?,
        };
        Ok(TlsAdapter::new(identity, trusted, self.software)?)
    }

    /// Makes new adapters for `server` when `bell` rings, as long as the process lives. If the
    /// files will not do, the server goes on with what it has.
    pub fn renew_when_rung(self, bell: Bell, server: Arc<PoolServer>) -> io::Result<()> {
        let work = move || {
            loop {
                let _ = poll(&mut [PollFd::new(&bell, PollFlags::IN)], None);
                if bell.rings() == 0 {
                    continue; // A signal that was meant for somebody else.
                }
                match self.adapter() {
                    Ok(adapter) => {
                        server.set_adapter(Some(Arc::new(adapter)));
                        say("a new certificate, for clients that come from now on");
                    }
                    Err(error) => say(format_args!("the old certificate stays: {error}")),
                }
            }
        };
        let thread = thread::Builder::new().name("certificates".to_owned());
        thread.spawn(work).map(drop)
    }
}
// ANCHOR_END: keeper

// ANCHOR: make_identity
impl CertificateKeeper {
    /// Makes a certificate for the names of this machine to itself, and says how to trust it.
    fn make_identity(&self) -> Result<Identity, Box<dyn error::Error>> {
        let host = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let mut names = ["localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec();
        names.push(host.to_string());
        names.sort();
        names.dedup();
        let (identity, pem) = Identity::self_signed(names)?;
        let port = self.address.port();
        let path = env::temp_dir().join(format!("{}-{port}.pem", self.software));
        write_for_all(&path, &pem)?;
        let path = path.display();
        let address = SocketAddr::new(host, port);
        say(format_args!("curl --cacert {path} https://{address}/"));
        Ok(identity)
    }
}

/// Writes a new file that everybody may read. In a folder where everybody may write, one that is
/// there already may be a trap, so it is not written to.
fn write_for_all(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o644);
    options.open(path)?.write_all(text.as_bytes())
}
// ANCHOR_END: make_identity
