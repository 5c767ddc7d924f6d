//! The requests that clients send: sound, faulty, and everything in between.

use super::letters::stretch;
use super::script::HouseRules;
use super::seed::Dice;

/// One request in the client's stream. Offsets count from the start of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) number: usize,
    /// The first byte of the request line.
    pub(crate) start: usize,
    /// Behind the empty line; beyond everything if the head is refused.
    pub(crate) head_end: usize,
    /// Behind the body; beyond everything if the body is faulty.
    pub(crate) body_end: usize,
    /// Behind the last byte that is sent of it.
    pub(crate) sent_end: usize,
    /// The status with which the head is refused.
    pub(crate) refused: Option<u16>,
    pub(crate) to_head: bool,
    /// It speaks HTTP/1.0.
    pub(crate) is_old: bool,
    /// It says that it will send nothing more.
    pub(crate) is_last: bool,
    pub(crate) expects_go: bool,
    pub(crate) wants_upgrade: bool,
    pub(crate) body: Sent,
    /// How many bytes of data an application can read.
    pub(crate) data: usize,
}

/// How the body of a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    None,
    Announced,
    Chunked,
    /// In chunks that no decoder takes, with the status that this is worth.
    Faulty(u16),
}

/// Heads that nobody takes, with the status that they are worth. The fault is in all of them, so
/// it does not matter how much has come when it is found.
const REFUSED: &[(&str, u16)] = &[
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    ("GET /\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        400,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        501,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n",
        413,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx",
        417,
    ),
    ("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 421),
    ("GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n", 400),
    ("\0", 400),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
];

const NEVER: usize = usize::MAX;

/// Writes one request to the stream, and says what is in it.
pub(crate) fn ask(
    talk: usize,
    number: usize,
    start: usize,
    rules: &HouseRules,
    dice: &mut Dice,
    stream: &mut Vec<u8>,
) -> Asked {
    let mut asked = Asked {
        number,
        start,
        head_end: NEVER,
        body_end: NEVER,
        sent_end: NEVER,
        refused: None,
        to_head: false,
        is_old: false,
        is_last: false,
        expects_go: false,
        wants_upgrade: false,
        body: Sent::None,
        data: 0,
    };
    match dice.below(30) {
        0..=2 => {
            let (text, status) = dice.pick(REFUSED);
            asked.refused = Some(status);
            // One empty line, and half of another, are no beginning.
            asked.start += if text.starts_with("\r\n") { 3 } else { 0 };
            stream.extend_from_slice(text.as_bytes());
        }
        3 => {
            // A head without an end.
            asked.refused = Some(431);
            stream.extend_from_slice(b"GET / HTTP/1.1\r\nHost: a\r\n");
            let field = [b"A: ".as_slice(), &[b'x'; 90], b"\r\n"].concat();
            let lines = rules.head_bytes / field.len() + 1;
            (0..lines).for_each(|_| stream.extend_from_slice(&field));
        }
        _ => {
            if dice.one_in(8) {
                stream.extend_from_slice(b"\r\n");
                asked.start += 2;
            }
            write_sound_head(talk, &mut asked, rules, dice, stream);
        }
    }
    asked.sent_end = stream.len();
    asked
}

fn write_sound_head(
    talk: usize,
    asked: &mut Asked,
    rules: &HouseRules,
    dice: &mut Dice,
    stream: &mut Vec<u8>,
) {
    asked.is_old = dice.one_in(5);
    asked.to_head = dice.one_in(8);
    let has_body = !asked.to_head && dice.one_in(2);
    let most = usize::try_from(rules.body_bytes).unwrap_or(NEVER);
    if has_body {
        asked.data = dice
            .pick(&[1, 5, 40, 90, 90, 40, 90, 3000, 70_000])
            .min(most);
        asked.body = match dice.below(8) {
            _ if asked.is_old => Sent::Announced,
            0..=2 => Sent::Announced,
            3..=6 => Sent::Chunked,
            _ => Sent::Faulty(0),
        };
    }
    let method = match (asked.to_head, asked.body) {
        (true, _) => "HEAD",
        (_, Sent::None) => "GET",
        _ => "POST",
    };
    let version = if asked.is_old { "1.0" } else { "1.1" };
    let mut head = format!(
        "{method} /{talk}/{} HTTP/{version}\r\nHost: a\r\n",
        asked.number
    );
    asked.wants_upgrade = !asked.is_old && dice.one_in(10);
    let wish = match dice.below(8) {
        0 => "close",
        1..=3 if asked.is_old => "keep-alive",
        _ => "",
    };
    asked.is_last = wish == "close" || asked.is_old && wish.is_empty();
    match (asked.wants_upgrade, wish) {
        (true, _) => {
            asked.is_last = false;
            head += "Connection: Upgrade\r\nUpgrade: tea\r\n";
        }
        (_, "") => {}
        (_, wish) => head += &format!("Connection: {wish}\r\n"),
    }
    if has_body && dice.one_in(4) {
        asked.expects_go = !asked.is_old; // A client from before 1.1 cannot mean it.
        head += "Expect: 100-continue\r\n";
    }
    match asked.body {
        Sent::None => {}
        Sent::Announced => head += &format!("Content-Length: {}\r\n", asked.data),
        _ => head += "Transfer-Encoding: chunked\r\n",
    }
    head += "\r\n";
    stream.extend_from_slice(head.as_bytes());
    asked.head_end = stream.len();
    write_body(asked, most, dice, stream);
    if !matches!(asked.body, Sent::Faulty(_)) {
        asked.body_end = stream.len();
    }
}

fn write_body(asked: &mut Asked, most: usize, dice: &mut Dice, stream: &mut Vec<u8>) {
    match asked.body {
        Sent::None => {}
        Sent::Announced => stream.extend(stretch(asked.number, 0, asked.data)),
        Sent::Chunked => {
            write_chunks(asked.number, asked.data, dice, stream);
            stream.extend_from_slice(dice.pick(&[
                b"0\r\n\r\n".as_slice(),
                b"00;a=b\r\nA: b\r\n\r\n",
                b"0\r\nX-Sum:\r\nY: z\r\n\r\n",
            ]));
        }
        Sent::Faulty(_) => {
            asked.data = asked.data.min(90);
            write_chunks(asked.number, asked.data, dice, stream);
            let (text, status) = dice.pick(&[
                ("0x2\r\n??\r\n", 400),
                ("2\r\n??XX", 400),
                ("2\n??", 400),
                ("0\r\nContent-Length: 3\r\n\r\n", 400),
                ("0\r\nno field\r\n\r\n", 400),
            ]);
            asked.body = Sent::Faulty(status);
            match dice.one_in(4) {
                true => {
                    asked.body = Sent::Faulty(413);
                    stream.extend_from_slice(format!("{:x}\r\n", most + 1).as_bytes());
                }
                false => {
                    let data = stretch(asked.number, asked.data, 2);
                    let text = text.replace("??", &String::from_utf8_lossy(data));
                    stream.extend_from_slice(text.as_bytes());
                }
            }
        }
    }
}

fn write_chunks(number: usize, data: usize, dice: &mut Dice, stream: &mut Vec<u8>) {
    let mut at = 0;
    while at < data {
        let size = dice.pick(&[1, 7, 50, 4000, 70_000]).min(data - at);
        let extension = dice.pick(&["", "", "", ";a", " ;b=\"c\""]);
        stream.extend_from_slice(format!("{size:x}{extension}\r\n").as_bytes());
        stream.extend(stretch(number, at, size));
        stream.extend_from_slice(b"\r\n");
        at += size;
    }
}
