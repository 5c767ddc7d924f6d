//! The application: pages from the shelf, on lesson 4's framework.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use lesson04::{App, PlainText, Request, Response};

use super::shelf::{Shelf, Volume};

/// The book that is served now. A rebuilt one takes its place while requests go on.
#[derive(Debug, Default)]
pub struct Library {
    shelf: RwLock<Arc<Shelf>>,
    version: AtomicU64,
}

impl Library {
    /// Puts a newly built book on the shelf.
    pub fn replace(&self, shelf: Shelf) {
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shelf);
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The application that serves the library.
pub fn app(library: Arc<Library>) -> App {
    let mut app = App::new();
    let version = Arc::clone(&library);
    app.route("/__book/version", move |_: &mut Request| {
        let version = version.version.load(Ordering::SeqCst);
        let page = PlainText(version.to_string());
        lesson04::IntoResponse::into_response(page)
            .map(|page| page.with_header("Cache-Control", "no-store"))
    });
    app.route("/*", move |request: &mut Request| {
        let shelf = library.shelf();
        match shelf.find(request.param("*").unwrap_or("")) {
            Some(volume) => page(volume, request),
            None => not_found(&shelf),
        }
    });
    app
}

/// A file, or the news that the client's copy is still right (RFC 9110 §13.1.2).
fn page(volume: &Volume, request: &Request) -> Response {
    let known = request.headers("If-None-Match");
    let mut tags = known
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim);
    // A weak tag is good enough for a page: it is compared without its mark.
    let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == volume.tag;
    let response = match tags.any(same) {
        true => Response::empty(304),
        false => Response::new(volume.content_type, volume.bytes.clone()),
    };
    response
        .with_header("ETag", volume.tag.clone())
        // A browser may keep it, and asks each time whether it is still right.
        .with_header("Cache-Control", "no-cache")
        .with_header("X-Content-Type-Options", "nosniff")
}

fn not_found(shelf: &Shelf) -> Response {
    match shelf.find("404.html") {
        Some(volume) => Response::new(volume.content_type, volume.bytes.clone()).with_status(404),
        None => Response::new("text/plain; charset=utf-8", "404 Not Found\n").with_status(404),
    }
}
