//! The names of CherryPy's server, in its own example, with ours in their places.

use std::io::Read;
use std::sync::Arc;
use std::thread;

use kit::patience::until;
use lesson02::{Limits, Scanner, parse_head};
use lesson03::{AppError, Application, Bell, Body, Environ, Options, StartResponse};
use lesson05::Ended;
use lesson07::{PoolServer, PoolSettings};
use lesson08::{Dispatcher, TlsAdapter};

use crate::house::{
    Authority, CLOSE, Client, PLAIN, Site, VERSIONS, app, client_config, get, options, socket,
};

fn my_crazy_app(_environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    start_response.begin("200 OK", &[("Content-type", "text/plain")])?;
    Ok("Hello world!".into())
}

fn my_blog_app(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let name = environ.get("SERVER_NAME").unwrap_or_default();
    let scheme = environ.get("wsgi.url_scheme").unwrap_or_default();
    let text = format!(
        "a blog at {scheme}://{name}{}",
        environ.get("SCRIPT_NAME").unwrap_or_default()
    );
    start_response.begin("200 OK", &[("Content-type", "text/plain")])?;
    Ok(text.into())
}

#[test]
fn the_example_of_its_documentation_runs() {
    // d = WSGIPathInfoDispatcher({'/': my_crazy_app, '/blog': my_blog_app})
    let apps: [(&str, Arc<dyn Application>); 2] = [
        ("/", Arc::new(my_crazy_app)),
        ("/blog", Arc::new(my_blog_app)),
    ];
    let d = Dispatcher::new(apps).unwrap();
    // server = CherryPyWSGIServer(('0.0.0.0', 8070), d, server_name='www.cherrypy.example')
    let options = Options {
        server_name: Some("www.cherrypy.example".to_owned()),
        ..options()
    };
    let stop = Arc::new(Bell::new().unwrap());
    let server = PoolServer::bind(
        ("127.0.0.1", 0),
        Arc::new(d),
        options,
        PoolSettings::default(),
        stop,
    );
    let server = Arc::new(server.unwrap());
    // server.ssl_adapter = …
    let authority = Authority::new();
    let identity = authority.issue("www.cherrypy.example", &["www.cherrypy.example"]);
    let ssl_adapter = TlsAdapter::new(identity, None, "test").unwrap();
    server.set_adapter(Some(Arc::new(ssl_adapter)));
    // server.start()
    let starting = Arc::clone(&server);
    let started = thread::spawn(move || starting.start().unwrap());
    let ask = |target: &str| {
        let config = client_config(authority.trusted(), &VERSIONS);
        let mut client = Client::new(socket(server.address()), config, "www.cherrypy.example");
        client.send(get(target, CLOSE));
        client.rest().0
    };
    assert!(ask("/").ends_with("\r\n\r\nHello world!"));
    assert!(ask("/blog").ends_with("\r\n\r\na blog at https://www.cherrypy.example/blog"));
    server.stop();
    assert_eq!(started.join().unwrap(), Ended::Clean);
}

#[test]
fn tick_accepts_one_client_after_the_other_and_serves_nobody() {
    // The turn of the loop in `PoolServer::serve` is theirs; our workers are all busy, and the
    // clients are accepted all the same.
    let settings = PoolSettings {
        threads: 1,
        ..PoolSettings::default()
    };
    let site = Site::serve_with(lesson03::demo::application, options(), settings);
    let quiet: Vec<_> = (0..5).map(|_| site.socket()).collect();
    until("all of them are accepted", || {
        site.server.stats().accepted.get() == 5
    });
    drop(quiet);
}

#[test]
fn read_headers_is_a_scanner_and_a_head_and_inheaders_are_its_fields() {
    let received = b"GET /page HTTP/1.1\r\nHost: www.cherrypy.example\r\nAccept: */*\r\n\r\n";
    let limits = Limits::default();
    assert!(
        Scanner::default()
            .scan(received, &limits)
            .unwrap()
            .is_some()
    );
    let head = parse_head(received, &limits).unwrap().unwrap();
    let inheaders: Vec<_> = head.request(received).fields().collect();
    assert_eq!(
        inheaders,
        [("Host", &b"www.cherrypy.example"[..]), ("Accept", b"*/*")]
    );
}

#[test]
fn rfile_is_the_input_and_respond_calls_the_application_and_sends_what_it_makes() {
    let site = Site::serve(app(|environ, start_response| {
        let mut body = String::new();
        environ.input().read_to_string(&mut body)?;
        start_response.begin("200 OK", &[PLAIN])?;
        // An empty piece is skipped: `if chunk:`.
        let pieces = [body.into_bytes(), Vec::new(), b"!".to_vec()];
        Ok(Body::chunks(pieces))
    }));
    let mut client = site.client();
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nHello");
    let text = client.rest().0;
    assert!(
        text.ends_with("5\r\nHello\r\n1\r\n!\r\n0\r\n\r\n"),
        "{text}"
    );
}
