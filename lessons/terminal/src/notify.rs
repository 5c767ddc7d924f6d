//! "I am ready", for whoever has started us and is no person.

// ANCHOR: imports
use std::env;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
// ANCHOR_END: imports

// ANCHOR: notify
/// Tells whoever started this process something about it, if they want to know: then the name of a
/// Unix socket is in `NOTIFY_SOCKET` (`sd_notify(3)`). Lesson 14 has the other end of it.
///
/// `READY=1` says that it serves, `STOPPING=1` that it is about to end.
pub fn notify(news: &str) -> io::Result<bool> {
    let Some(name) = env::var("NOTIFY_SOCKET").ok().filter(|name| name.len() > 1) else {
        return Ok(false);
    };
    let address = match name.strip_prefix('@') {
        Some(name) => without_file(name)?,
        None => SocketAddr::from_pathname(&name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(news.as_bytes(), &address)?;
    Ok(true)
}

/// A name that is no file's, which only Linux has: it begins with a zero, and a variable cannot
/// hold one, so an `@` stands for it there.
#[cfg(target_os = "linux")]
fn without_file(name: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn without_file(_: &str) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}
// ANCHOR_END: notify
