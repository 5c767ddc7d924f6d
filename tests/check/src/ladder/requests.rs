//! What every server of the ladder is asked: three hundred times the same.

/// Something that a client says, from its first byte to its last.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What it is, in a few words.
    pub name: String,
    /// Its bytes, in the pieces in which they are sent.
    pub pieces: Vec<Vec<u8>>,
    /// Whether the first request has the method HEAD.
    pub to_head: bool,
}

impl Asked {
    /// All of its bytes, as text where they are text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.pieces.concat()).into_owned()
    }

    /// Whether its first request has this line in its head, or begins with it.
    pub fn says(&self, line: &str) -> bool {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or("");
        head.lines().any(|there| there.starts_with(line))
    }
}

/// Everything that is asked.
pub fn requests() -> Vec<Asked> {
    let mut all = Vec::new();
    routes(&mut all);
    bodies(&mut all);
    faults(&mut all);
    pipelines(&mut all);
    splits(&mut all);
    all
}

fn one(name: impl Into<String>, text: impl AsRef<[u8]>) -> Asked {
    let bytes = text.as_ref().to_vec();
    Asked {
        name: name.into(),
        to_head: bytes.starts_with(b"HEAD "),
        pieces: vec![bytes],
    }
}

/// Every route of the demo, by every method, version, and wish for the connection.
fn routes(all: &mut Vec<Asked>) {
    let targets = [
        "/",
        "/environ?a=1&b=%20",
        "/sleep?ms=0",
        "/sleep?ms=x",
        "/stream?n=3&ms=0",
        "/stream?n=0&ms=0",
        "/echo",
        "/panic",
        "/nothing/here",
        "/%2e%2e/%41",
    ];
    let ends = [
        ("HTTP/1.1", ""),
        ("HTTP/1.1", "Connection: close\r\n"),
        ("HTTP/1.0", ""),
        ("HTTP/1.0", "Connection: keep-alive\r\n"),
    ];
    for target in targets {
        for method in ["GET", "HEAD", "DELETE", "QUERY"] {
            for (version, connection) in ends {
                let line = format!("{method} {target} {version}");
                let text = format!("{line}\r\nHost: a\r\n{connection}\r\n");
                all.push(one(format!("{line} {}", connection.trim()), text));
            }
        }
    }
}

/// Uploads: with a length and in chunks, asked for and not, read and not.
fn bodies(all: &mut Vec<Asked>) {
    let large = "0123456789".repeat(9_000);
    let bodies = ["", "x", "three apples", large.as_str()];
    for target in [
        "/echo",
        "/",
        "/environ",
        "/stream?n=2&ms=0",
        "/panic",
        "/nothing",
    ] {
        for body in bodies {
            let length = body.len();
            let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\n");
            let text = format!("{head}Content-Length: {length}\r\n\r\n{body}");
            all.push(one(format!("POST {target}, {length} bytes"), text));
            let chunks = match length {
                0 => "0\r\n\r\n".to_owned(),
                _ => format!("{length:x};a=b\r\n{body}\r\n0\r\nTrailer: t\r\n\r\n"),
            };
            let text = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}");
            all.push(one(
                format!("POST {target}, {length} bytes in chunks"),
                text,
            ));
        }
        let text = format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        );
        let mut expects = one(format!("POST {target}, expects 100"), text);
        expects.pieces.push(b"12345".to_vec());
        all.push(expects);
        for (what, body) in [
            ("a size that is none", "x\r\nabc\r\n0\r\n\r\n"),
            ("no end of a chunk", "3\r\nabcd\r\n0\r\n\r\n"),
            ("the client leaves in the middle", "5\r\nab"),
        ] {
            let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\n");
            let text = format!("{head}Transfer-Encoding: chunked\r\n\r\n{body}");
            all.push(one(format!("POST {target}, chunks: {what}"), text));
        }
        let short = format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
        all.push(one(
            format!("POST {target}, a body that ends too early"),
            short,
        ));
    }
}

/// Heads that are not.
fn faults(all: &mut Vec<Asked>) {
    for (name, text) in [
        ("no host", "GET / HTTP/1.1\r\n\r\n"),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        ("no version", "GET /\r\n\r\n"),
        ("lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            "a space in front of a colon",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        ),
        (
            "a folded line",
            "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
        ),
        (
            "two lengths",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        ),
        (
            "a length and chunks",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "a length of +1",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
        ),
        (
            "a coding that nobody knows",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        ),
        (
            "an expectation that nobody knows",
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n",
        ),
        (
            "too large a body",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
        ),
        (
            "an absolute target",
            "GET http://b/environ HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (
            "an https target",
            "GET https://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        ("the whole server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            "a control character",
            "GET / HTTP/1.1\r\nHost: a\r\nA: \u{1}\r\n\r\n",
        ),
        ("half of a head", "GET / HTTP/1.1\r\nHo"),
        ("nothing", ""),
        (
            "an empty line first",
            "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (
            "an upgrade that nobody can do",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\n",
        ),
    ] {
        all.push(one(name, text));
    }
    let long = "x".repeat(40_000);
    all.push(one(
        "a target of 40,000 letters",
        format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
    ));
    all.push(one(
        "a field of 40,000 letters",
        format!("GET / HTTP/1.1\r\nHost: a\r\nA: {long}\r\n\r\n"),
    ));
}

/// Requests that do not wait for the answer to the one before.
fn pipelines(all: &mut Vec<Asked>) {
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let post = |target: &str, body: &str| {
        let length = body.len();
        format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let chunked =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for (name, text) in [
        ("two", get("/") + &get("/nothing")),
        ("twenty", get("/").repeat(20)),
        (
            "a stream between two",
            get("/") + &get("/stream?n=2&ms=0") + &get("/"),
        ),
        (
            "a failure between two",
            get("/") + &get("/panic") + &get("/"),
        ),
        (
            "a fault behind one",
            get("/") + "nonsense\r\n\r\n" + &get("/"),
        ),
        (
            "bodies that are read",
            post("/echo", "one") + &post("/echo", "two") + &get("/"),
        ),
        ("a body that nobody reads", post("/", "unread") + &get("/")),
        (
            "chunks and what is behind them",
            chunked.to_owned() + &get("/"),
        ),
        (
            "one that is the last",
            get("/") + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + &get("/"),
        ),
    ] {
        all.push(one(format!("in a row: {name}"), text));
    }
}

/// The same bytes in odd pieces.
fn splits(all: &mut Vec<Asked>) {
    let texts = [
        "GET /environ?q HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nthree apples",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nthree apples\r\n0\r\n\r\n",
    ];
    for (number, text) in (1..).zip(texts) {
        for size in [1, 2, 3, 5, 7, 11, 13, 17, 40] {
            let pieces = text.as_bytes().chunks(size).map(<[u8]>::to_vec);
            let mut asked = one(format!("text {number} in pieces of {size}"), "");
            asked.pieces = pieces.collect();
            all.push(asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_three_hundred_of_them_and_each_has_a_name_of_its_own() {
        let all = requests();
        assert!(all.len() >= 300, "{}", all.len());
        let names: std::collections::HashSet<_> = all.iter().map(|asked| &asked.name).collect();
        assert_eq!(names.len(), all.len());
    }
}
