//! A new adapter while the server runs.

use std::io::Write;
use std::sync::Arc;

use lesson03::demo;
use lesson08::TlsAdapter;

use crate::house::{Authority, CLOSE, Client, Site, VERSIONS, client_config, get, rest_of};

#[test]
fn clients_that_come_later_see_the_new_certificate_and_those_who_are_there_stay() {
    let site = Site::serve(demo::application);
    let mut before = site.client();
    before.send(get("/", ""));
    before.answer();
    let successor = Authority::new();
    let identity = successor.issue("server", &["localhost"]);
    let adapter = TlsAdapter::new(identity, None, "test").unwrap();
    site.server.set_adapter(Some(Arc::new(adapter)));
    assert!(
        site.client().shake().is_err(),
        "the old authority does not vouch any more"
    );
    let config = client_config(successor.trusted(), &VERSIONS);
    let mut after = Client::new(site.socket(), config, "localhost");
    after.send(get("/", CLOSE));
    assert!(after.rest().0.ends_with("Hello, World!"));
    before.send(get("/", CLOSE));
    assert!(before.rest().0.ends_with("Hello, World!"));
}

#[test]
fn an_adapter_can_be_taken_away_and_set_again() {
    let site = Site::serve(demo::application);
    site.server.set_adapter(None);
    let mut socket = site.socket();
    socket.write_all(get("/", CLOSE).as_bytes()).unwrap();
    assert!(rest_of(&mut socket).0.ends_with(b"Hello, World!"));
    let identity = site.authority.issue("server", &["localhost"]);
    let adapter = TlsAdapter::new(identity, None, "test").unwrap();
    site.server.set_adapter(Some(Arc::new(adapter)));
    assert!(site.get("/").ends_with("Hello, World!"));
}
