//! wss: the same sockets over lesson 8's TLS, with no change in the driver.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use lesson08::{Identity, TlsAdapter};
use lesson09::{EchoWebSocket, SocketRules};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::driver::House;
use crate::house::{ASKS, frame, get};

#[test]
fn messages_of_any_length_come_back_through_tls_and_the_goodbye_comes_before_the_end() {
    let house = House::serve(SocketRules::default(), |plugin| {
        vec![("/ws", Arc::new(plugin.application(|_| EchoWebSocket)))]
    });
    let (identity, pem) = Identity::self_signed(["localhost"]).unwrap();
    let adapter = TlsAdapter::new(identity, None, "test").unwrap();
    house.server.set_adapter(Some(Arc::new(adapter)));

    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let tcp = TcpStream::connect(house.server.address()).unwrap();
    tcp.set_read_timeout(Some(check::client::GUARD)).unwrap();
    let mut stream = StreamOwned::new(tls, tcp);

    // A record holds 16 KiB. The first frame comes in the record of the request, where no
    // descriptor tells of it, and so does the end of each that is longer.
    let lengths = [0, 5, 16_370, 16_384, 70_000, 1 << 20];
    let first = [get("/ws", ASKS).into_bytes(), frame(0x82, b"first")].concat();
    stream.write_all(&first).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    let expect = |stream: &mut StreamOwned<_, _>, payload: &[u8]| {
        let mut expected = Vec::new();
        lesson09::frame::encode(lesson09::frame::Opcode::Binary, payload, &mut expected);
        let mut came = vec![0; expected.len()];
        stream.read_exact(&mut came).unwrap();
        assert!(came == expected, "{} bytes", payload.len());
    };
    expect(&mut stream, b"first");
    for length in lengths {
        let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
        stream.write_all(&frame(0x82, &payload)).unwrap();
        expect(&mut stream, &payload);
    }
    // Many small ones in one record.
    stream
        .write_all(&frame(0x82, b"tick").repeat(1000))
        .unwrap();
    for _ in 0..1000 {
        expect(&mut stream, b"tick");
    }
    stream.write_all(&frame(0x88, b"")).unwrap();
    let mut end = Vec::new();
    stream.read_to_end(&mut end).expect("TLS says goodbye, too");
    assert_eq!(end, [0x88, 0]);
}
