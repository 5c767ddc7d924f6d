//! Small server 9: a WebSocket that sends everything back, a thread for each connection.
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::io::{self, BufRead, BufReader, ErrorKind::InvalidData, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{env, thread, time::Duration};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const YES: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: ";
const NO: &str = "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade, close\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n";
const MOST: u64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let port = env::args().nth(1).unwrap_or("8888".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("small09 listening on http://{}", listener.local_addr()?);
    for client in listener.incoming().flatten() {
        // An error belongs to its client, and the thread is its own.
        thread::spawn(move || serve(client));
    }
    Ok(())
}

fn serve(client: TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client.try_clone()?);
    let head = read_head(&mut reader)?;
    let Some(key) = key(&head) else {
        return (&client).write_all(NO.as_bytes());
    };
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    let accept = BASE64_STANDARD.encode(hash);
    write!(&client, "{YES}{accept}\r\n\r\n")?;
    client.set_read_timeout(None)?;
    // Whoever breaks a rule is told which, by its number.
    if let Err(code) = converse(&mut reader, &client) {
        send(&client, 0x88, &code.to_be_bytes())?;
    }
    client.shutdown(Shutdown::Write)?;
    client.set_read_timeout(Some(PATIENCE))?;
    io::copy(&mut reader.take(MOST), &mut io::sink()).map(drop)
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.take(8192).read_line(&mut line)?;
        if !line.ends_with("\r\n") || lines.len() > 100 {
            return Err(InvalidData.into());
        }
        match line.trim_end() {
            "" => return Ok(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

/// The key of a handshake, if it is one.
fn key(head: &[String]) -> Option<&str> {
    let field = |name: &str| {
        let mut fields = head.iter().filter_map(|line| line.split_once(':'));
        let value = fields.find(|(own, _)| own.eq_ignore_ascii_case(name));
        value.map_or("", |(_, value)| value.trim())
    };
    let lists = |name: &str, word: &str| {
        let words = field(name).split(',');
        words
            .into_iter()
            .any(|own| own.trim().eq_ignore_ascii_case(word))
    };
    let line = head.first()?;
    let is_get = line.starts_with("GET ") && line.ends_with(" HTTP/1.1");
    let asks = lists("Upgrade", "websocket") && lists("Connection", "upgrade");
    let is_13 = field("Sec-WebSocket-Version") == "13" && !field("Host").is_empty();
    let key = field("Sec-WebSocket-Key");
    let is_key = BASE64_STANDARD.decode(key).is_ok_and(|key| key.len() == 16);
    (is_get && asks && is_13 && is_key).then_some(key)
}

/// Sends everything back until the client says close. The error is what ours shall say.
fn converse(reader: &mut impl Read, client: &TcpStream) -> Result<(), u16> {
    let mut message: Option<(u8, Vec<u8>)> = None;
    loop {
        let two: [u8; 2] = read(reader)?;
        let (is_last, opcode) = (two[0] & 0x80 != 0, two[0] & 0x0F);
        let is_control = opcode >= 8;
        let fits = !is_control || is_last && two[1] & 0x7F < 126;
        if two[0] & 0x70 != 0 || two[1] & 0x80 == 0 || !fits {
            return Err(1002);
        }
        let length = match two[1] & 0x7F {
            126 => u64::from(u16::from_be_bytes(read(reader)?)),
            127 => u64::from_be_bytes(read(reader)?),
            short => u64::from(short),
        };
        let before = message.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
        if length > MOST - before {
            return Err(1009); // For its claim: nothing of it is read.
        }
        let mask: [u8; 4] = read(reader)?;
        let mut payload = vec![0; length as usize];
        reader.read_exact(&mut payload).map_err(gone)?;
        payload
            .iter_mut()
            .zip(mask.iter().cycle())
            .for_each(|(byte, mask)| *byte ^= mask);
        match (opcode, &mut message) {
            (8, _) => return Err(answer_to_close(&payload)),
            (9, _) => send(client, 0x8A, &payload).map_err(gone)?,
            (10, _) => {}
            (1 | 2, None) => message = Some((opcode, payload)),
            (0, Some((_, bytes))) => bytes.extend(payload),
            _ => return Err(1002),
        }
        if is_last
            && !is_control
            && let Some((opcode, bytes)) = message.take()
        {
            if opcode == 1 && str::from_utf8(&bytes).is_err() {
                return Err(1007);
            }
            send(client, 0x80 | opcode, &bytes).map_err(gone)?;
        }
    }
}

fn read<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], u16> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(gone)?;
    Ok(bytes)
}

/// The number for our close: the client's own, if it may be sent at all.
fn answer_to_close(payload: &[u8]) -> u16 {
    match payload
        .split_first_chunk()
        .map(|(code, reason)| (u16::from_be_bytes(*code), reason))
    {
        Some((1000..=1003 | 1007..=1014 | 3000..=4999, r)) if str::from_utf8(r).is_err() => 1007,
        Some((code @ (1000..=1003 | 1007..=1014 | 3000..=4999), _)) => code,
        None if payload.is_empty() => 1000,
        _ => 1002,
    }
}

fn gone(_: io::Error) -> u16 {
    1001
}

fn send(mut client: &TcpStream, first: u8, payload: &[u8]) -> io::Result<()> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(length as u8),
        length @ 126..65536 => frame.extend([&[126], &(length as u16).to_be_bytes()[..]].concat()),
        length => frame.extend([&[127], &(length as u64).to_be_bytes()[..]].concat()),
    }
    frame.extend(payload);
    client.write_all(&frame)
}
