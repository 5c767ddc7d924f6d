//! The book, served by the course's own server: lesson 4's framework on lesson 7's pool.
//!
//! ```text
//! serve       builds, binds, watches, serves until Ctrl-C
//!   shelf       the built files in memory: a path is a key, never a file name
//!   pages       the application: content types, conditional requests, 404
//!   watch       a change builds the book again, and pages that are open load again
//! ```

pub mod pages;
pub mod shelf;
pub mod watch;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use lesson02::Settings;
use lesson03::{Bell, Options};
use lesson05::Ended;
use lesson07::{PoolServer, PoolSettings};

use crate::site;
use pages::Library;
use shelf::Shelf;

/// Builds the book of the repository at `root` into `into`, serves it at `address` until `stop`
/// rings, and builds it again whenever something changes. `ready` gets the real address.
pub fn serve(
    root: &Path,
    into: &Path,
    address: &str,
    stop: Arc<Bell>,
    ready: impl FnOnce(std::net::SocketAddr),
) -> Result<Ended, Box<dyn Error>> {
    let library = Arc::new(Library::default());
    let server = bind(Arc::clone(&library), address, stop)?;
    library.replace(build(root, into)?);
    let (root, into) = (root.to_owned(), into.to_owned());
    // It ends with the process.
    std::thread::spawn(move || {
        watch::watch(&root, || match build(&root, &into) {
            Ok(shelf) => {
                library.replace(shelf);
                println!("something changed: the book is built again");
            }
            Err(error) => eprintln!("book: {error}\nThe last good book is served on."),
        });
    });
    ready(server.address());
    server.start()
}

/// A server for a library.
pub fn bind(
    library: Arc<Library>,
    address: &str,
    stop: Arc<Bell>,
) -> Result<PoolServer, Box<dyn Error>> {
    let options = Options {
        settings: Settings {
            quiet: true,
            ..Settings::default()
        },
        software: "book",
        ..Options::default()
    };
    // Every page that is open in a browser keeps a connection.
    let settings = PoolSettings {
        max_threads: Some(64),
        ..PoolSettings::default()
    };
    PoolServer::bind(
        address,
        Arc::new(pages::app(library)),
        options,
        settings,
        stop,
    )
}

fn build(root: &Path, into: &Path) -> Result<Shelf, String> {
    site::build(root, into)?;
    Shelf::load(into).map_err(|error| format!("cannot read {}: {error}", into.display()))
}
