//! The parser is a function over bytes: any bytes, in any pieces, with the same result.

use lesson02::{Extent, Fault, Framing, Head, Limits, Scanner, parse_head};
use proptest::prelude::*;

/// Small enough for generated heads to run into them.
fn limits() -> Limits {
    Limits {
        head_bytes: 300,
        line_bytes: 120,
        fields: 8,
        body_bytes: 1000,
        ..Limits::default()
    }
}

// ANCHOR: scan_in_pieces
/// Feeds `bytes` up to each of `cuts` in turn, then whole.
fn scan_in_pieces(bytes: &[u8], cuts: &[usize]) -> Result<Option<Extent>, Fault> {
    let mut scanner = Scanner::default();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.sort_unstable();
    for end in ends {
        match scanner.scan(&bytes[..end], &limits()) {
            Ok(None) => {}
            done => return done,
        }
    }
    scanner.scan(bytes, &limits())
}
// ANCHOR_END: scan_in_pieces

/// Pieces that requests are made of, valid and not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "GET",
        "POST",
        "HEAD",
        "OPTIONS",
        "get",
        " ",
        "  ",
        "/",
        "/a%20b?c=d",
        "*",
        "http://h/x",
        "HTTP/1.1",
        "HTTP/1.0",
        "HTTP/2.0",
        "\r\n",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        "\0",
        "\t",
        "Host: a\r\n",
        "Host: a\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: +3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Expect: 100-continue\r\n",
        "A : b\r\n",
        "A: b\r\n c\r\n",
        ": b\r\n",
        "GET / HTTP/1.1\r\n",
        "POST /p HTTP/1.1\r\n",
    ]);
    prop_oneof![
        8 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..14).prop_map(|pieces| pieces.concat())
}

/// What a caller can see of a parsed head.
fn visible_parts(head: &Head, bytes: &[u8]) -> (String, String, Framing, Vec<(String, Vec<u8>)>) {
    let request = head.request(bytes);
    let fields = request
        .fields()
        .map(|(name, value)| (name.to_owned(), value.to_vec()))
        .collect();
    (
        request.method().to_owned(),
        request.target().to_owned(),
        head.framing(),
        fields,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25_000))]

    // ANCHOR: property
    #[test]
    fn the_end_of_the_head_does_not_depend_on_the_pieces(
        bytes in bytes(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        prop_assert_eq!(scan_in_pieces(&bytes, &cuts), scan_in_pieces(&bytes, &[]));
    }
    // ANCHOR_END: property

    #[test]
    fn no_input_makes_the_parser_panic_or_point_outside(bytes in bytes()) {
        match parse_head(&bytes, &limits()) {
            Ok(Some(head)) => {
                prop_assert!(head.end() <= bytes.len());
                prop_assert!(head.end() <= limits().head_bytes);
                let request = head.request(&bytes);
                prop_assert!(!request.method().is_empty());
                prop_assert!(request.path().len() + request.query().len() <= request.target().len());
                prop_assert!(request.fields().len() <= limits().fields);
            }
            Ok(None) => prop_assert!(bytes.len() < limits().head_bytes),
            Err(fault) => prop_assert!(fault.to_string().contains(fault.explanation())),
        }
    }

    #[test]
    fn what_follows_a_head_does_not_change_it(bytes in bytes(), tail in bytes()) {
        if let Ok(Some(head)) = parse_head(&bytes, &limits()) {
            let longer = [&bytes[..], &tail].concat();
            let again = parse_head(&longer, &limits()).unwrap().unwrap();
            prop_assert_eq!(again.end(), head.end());
            prop_assert_eq!(visible_parts(&again, &longer), visible_parts(&head, &bytes));
        }
    }

    #[test]
    fn raw_bytes_never_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_head(&bytes, &limits()).map(|head| head.map(|head| head.end()));
    }
}

#[test]
fn valid_heads_are_understood_under_every_split_in_two_and_byte_by_byte() {
    let heads: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\nPOST /a?b HTTP/1.0\r\nContent-Length: 12\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost:a:1\r\nX: \xff\ty\r\n\r\n",
        b"PUT http://h/x HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
    ];
    for head in heads {
        let start = usize::from(head[0] == b'\r') * 2;
        let line = head[start..].iter().position(|&byte| byte == b'\r');
        let whole = Ok(Some(Extent {
            start,
            line_end: start + line.unwrap(),
            end: head.len(),
        }));
        for cut in 0..=head.len() {
            assert_eq!(scan_in_pieces(head, &[cut]), whole, "cut at {cut}");
        }
        let every: Vec<usize> = (0..=head.len()).collect();
        assert_eq!(scan_in_pieces(head, &every), whole);
        assert!(matches!(parse_head(head, &limits()), Ok(Some(_))));
    }
}
