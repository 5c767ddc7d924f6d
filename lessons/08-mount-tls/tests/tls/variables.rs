//! What applications are told.

use std::sync::Arc;

use lesson03::demo;
use lesson08::TlsAdapter;
use rustls::{ClientConfig, SupportedProtocolVersion};

use crate::house::{Authority, CLOSE, Client, End, Site, VERSIONS, get, variable};

#[test]
fn applications_are_told_what_was_agreed_on() {
    let site = Site::serve(demo::application);
    for (version, name, suite) in [
        (VERSIONS[0], "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_"),
        (VERSIONS[1], "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ] {
        let mut client = site.client_of(&[version]);
        client.send(get("/environ", CLOSE));
        let (page, _) = client.rest();
        let value = |name| variable(&page, name).unwrap_or_default();
        assert_eq!(value("wsgi.url_scheme"), "https");
        assert_eq!(value("HTTPS"), "on");
        assert_eq!(value("SSL_PROTOCOL"), name);
        assert!(value("SSL_CIPHER").starts_with(suite), "{page}");
        assert_eq!(value("SSL_TLS_SNI"), "localhost");
        assert_eq!(value("SSL_CLIENT_VERIFY"), "NONE");
        assert_eq!(variable(&page, "SSL_CLIENT_S_DN"), None);
    }
}

#[test]
fn a_client_that_asks_for_an_address_names_nobody() {
    let site = Site::serve(demo::application);
    let config = site.client_config(&VERSIONS);
    let mut client = Client::new(site.socket(), config, "127.0.0.1");
    client.send(get("/environ", CLOSE));
    let (page, _) = client.rest();
    assert_eq!(variable(&page, "HTTPS").as_deref(), Some("on"));
    assert_eq!(variable(&page, "SSL_TLS_SNI"), None);
}

#[test]
fn without_an_adapter_there_are_no_such_variables() {
    let site = Site::serve(demo::application);
    site.server.set_adapter(None);
    let mut socket = site.socket();
    std::io::Write::write_all(&mut socket, get("/environ", CLOSE).as_bytes()).unwrap();
    let page = String::from_utf8(crate::house::rest_of(&mut socket).0).unwrap();
    assert_eq!(variable(&page, "wsgi.url_scheme").as_deref(), Some("http"));
    assert!(!page.contains("HTTPS") && !page.contains("SSL_"), "{page}");
}

#[test]
fn a_whole_address_with_https_is_right_here() {
    let site = Site::serve(demo::application);
    let page = site.get("https://localhost/environ");
    assert_eq!(variable(&page, "PATH_INFO").as_deref(), Some("/environ"));
    let page = site.get("/environ?a=b");
    assert_eq!(variable(&page, "QUERY_STRING").as_deref(), Some("a=b"));
}

/// A server that knows who issues certificates for its clients.
fn site_for_members(members: &Authority) -> Site {
    let site = Site::serve(demo::application);
    let identity = site.authority.issue("server", &["localhost"]);
    let adapter = TlsAdapter::new(identity, Some(members.trusted()), "test").unwrap();
    site.server.set_adapter(Some(Arc::new(adapter)));
    site
}

fn with_certificate(
    site: &Site,
    issuer: &Authority,
    version: &'static SupportedProtocolVersion,
) -> ClientConfig {
    let identity = issuer.issue("Ärna, \"the\" client", &[]);
    let builder =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    builder
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(site.authority.trusted())
        .with_client_auth_cert(identity.chain, identity.key)
        .unwrap()
}

#[test]
fn a_client_may_show_who_it_is_and_applications_are_told_also_when_it_resumes() {
    let members = Authority::new();
    let site = site_for_members(&members);
    for version in VERSIONS {
        let config = Arc::new(with_certificate(&site, &members, version));
        for resumed in ["Initial", "Resumed"] {
            let mut client = Client::sharing(site.socket(), Arc::clone(&config), "localhost");
            client.send(get("/environ", CLOSE));
            let (page, end) = client.rest();
            let value = |name| variable(&page, name).unwrap_or_default();
            assert_eq!(value("SSL_SESSION_RESUMED"), resumed);
            assert_eq!(value("SSL_CLIENT_VERIFY"), "SUCCESS", "{page}");
            // Bytes as Latin-1, like everything in `environ`.
            assert!(
                value("SSL_CLIENT_S_DN").starts_with("CN=Ã\\x84rna"),
                "{page}"
            );
            assert_eq!(value("SSL_CLIENT_I_DN"), "CN=The authority");
            assert!(!value("SSL_CLIENT_M_SERIAL").is_empty());
            assert!(value("SSL_CLIENT_V_START") < value("SSL_CLIENT_V_END"));
            assert_eq!(end, End::Goodbye);
        }
    }
}

#[test]
fn a_client_need_not_show_who_it_is_but_must_not_lie() {
    let members = Authority::new();
    let site = site_for_members(&members);
    let page = site.get("/environ");
    assert_eq!(
        variable(&page, "SSL_CLIENT_VERIFY").as_deref(),
        Some("NONE")
    );
    let strangers = Authority::new();
    for version in VERSIONS {
        let config = with_certificate(&site, &strangers, version);
        let mut client = Client::new(site.socket(), config, "localhost");
        client.send(get("/environ", CLOSE));
        let (text, end) = client.rest();
        assert_eq!(text, "", "a certificate that does not hold gets no answer");
        assert_ne!(end, End::Goodbye);
    }
}
