//! What this lesson serves: three applications on one server.

// ANCHOR: demo
use std::sync::Arc;

use lesson03::Application;
use lesson04::{App, Html, PlainText, Request};

use crate::mount::{Dispatcher, MountError};

/// The demo of lessons 3 and 4 at `/`, a blog below `/blog`, and another one below that.
pub fn mounted() -> Result<Dispatcher, MountError> {
    let apps: [(&str, Arc<dyn Application>); 3] = [
        ("/", Arc::new(lesson04::demo::app())),
        ("/blog", Arc::new(blog())),
        ("/blog/archive", Arc::new(blog())),
    ];
    Dispatcher::new(apps)
}

/// A blog with little to say. It does not know where it is mounted until it is asked.
pub fn blog() -> App {
    let mut app = App::new();
    app.route("/", front_page);
    app.route("/{year}/{title}", post);
    app
}

fn front_page(request: &mut Request) -> Html<String> {
    let here = place(request);
    Html(format!(
        "<h1>A blog</h1>\n<a href=\"{here}/2026/mounting\">On mounting</a>\n"
    ))
}

fn post(request: &mut Request) -> PlainText<String> {
    let year = request.param("year").unwrap_or_default();
    let title = request.param("title").unwrap_or_default();
    PlainText(format!("{title}, of {year}, below {}\n", place(request)))
}

/// Where the blog stands: links that are made with this are right wherever that is.
fn place(request: &Request) -> String {
    let script = request.environ().get("SCRIPT_NAME");
    script.unwrap_or_default().into_owned()
}
// ANCHOR_END: demo
