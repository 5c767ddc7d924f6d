//! Bytes taken apart: the status line, the fields, and the body where its framing says.

use super::{Answer, Framing};

/// Takes the first answer from `bytes`: the answer and how many bytes it used, or `None` while
/// some of it is missing. `ended` says that no more bytes will come; `to_head`, that the question
/// was HEAD.
pub fn parse(bytes: &[u8], ended: bool, to_head: bool) -> Result<Option<(Answer, usize)>, String> {
    if bytes.len() >= 5 && !bytes.starts_with(b"HTTP/") {
        return Err("what came is no HTTP response: it does not begin with HTTP/".to_owned());
    }
    let Some((mut answer, start)) = parse_head(bytes)? else {
        return Ok(None);
    };
    answer.faults.extend(doubtful_length(&answer));
    answer.framing = framing(&answer, to_head)?;
    let rest = &bytes[start..];
    let body = match answer.framing {
        Framing::NoBody => Some((Vec::new(), 0)),
        Framing::Length(length) => rest.get(..length).map(|body| (body.to_vec(), length)),
        Framing::Chunked => join_chunks(rest)?,
        Framing::UntilClose => ended.then(|| (rest.to_vec(), rest.len())),
    };
    Ok(body.map(|(body, used)| {
        answer.body = body;
        (answer, start + used)
    }))
}

/// The status line and the fields, and where the body starts.
pub fn parse_head(bytes: &[u8]) -> Result<Option<(Answer, usize)>, String> {
    let mut answer = Answer {
        version: String::new(),
        status: 0,
        fields: Vec::new(),
        body: Vec::new(),
        framing: Framing::UntilClose,
        lone_line_feed: false,
        faults: Vec::new(),
    };
    let mut at = 0;
    while let Some(end) = bytes[at..].iter().position(|&byte| byte == b'\n') {
        let line = &bytes[at..at + end];
        at += end + 1;
        answer.lone_line_feed |= !line.ends_with(b"\r");
        let line = latin1(line.strip_suffix(b"\r").unwrap_or(line));
        if answer.status == 0 {
            (answer.version, answer.status) = status_line(&line)?;
        } else if line.is_empty() {
            return Ok(Some((answer, at)));
        } else {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| format!("a header line has no colon: {line:?}"))?;
            let value = value.trim_matches([' ', '\t']);
            if name.is_empty() || !name.bytes().all(is_token) {
                let fault = format!("a field name is no token (RFC 9110 §5.1): {name:?}");
                answer.faults.push(fault);
            }
            // Where white space stands before the colon, the name is meant all the same.
            let name = name.trim_end_matches([' ', '\t']);
            answer.fields.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(None)
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// `HTTP/1.1 200 OK`: version SP three digits SP reason, and the last space is not optional.
fn status_line(line: &str) -> Result<(String, u16), String> {
    let wrong = || format!("the status line is not `HTTP/1.1 200 OK`: {line:?}");
    let (version, rest) = line.split_once(' ').ok_or_else(wrong)?;
    let (digits, _reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = digits.parse().ok();
    match status {
        Some(status @ 100..=599) if digits.len() == 3 && version.starts_with("HTTP/1.") => {
            Ok((version.to_owned(), status))
        }
        _ => Err(wrong()),
    }
}

/// What a name of a field or a method is made of (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Several lengths, the same or not, and what follows from that for two readers.
fn doubtful_length(answer: &Answer) -> Option<String> {
    let fields = answer.fields.iter();
    let lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let lengths: Vec<&str> = lengths
        .flat_map(|(_, value)| value.split(',').map(str::trim))
        .collect();
    let differ = lengths.iter().any(|length| *length != lengths[0]);
    match (lengths.len(), differ) {
        (0 | 1, _) => None,
        (_, true) => Some(format!(
            "two different lengths of one body (RFC 9112 §6.3): {}",
            lengths.join(" and ")
        )),
        (_, false) => Some("Content-Length is said twice".to_owned()),
    }
}

/// RFC 9112 §6.3, the part for clients.
fn framing(answer: &Answer, to_head: bool) -> Result<Framing, String> {
    if to_head || matches!(answer.status, 100..=199 | 204 | 304) {
        return Ok(Framing::NoBody);
    }
    match (
        answer.field("transfer-encoding"),
        answer.field("content-length"),
    ) {
        (Some(_), Some(_)) => Err("Transfer-Encoding and Content-Length in one answer".to_owned()),
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        (Some(coding), None) => Err(format!("an unknown Transfer-Encoding: {coding:?}")),
        (None, Some(length)) => length
            .split(',')
            .next()
            .unwrap_or("")
            .trim()
            .parse()
            .map(Framing::Length)
            .map_err(|_| format!("Content-Length is no number: {length:?}")),
        (None, None) => Ok(Framing::UntilClose),
    }
}

/// The chunks of a body joined, and how many bytes they took; `None` while some are missing.
fn join_chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, String> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = crlf_line(bytes, at) else {
            return Ok(None);
        };
        let size = latin1(line);
        let size = size.split(';').next().unwrap_or("").trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| format!("a chunk size is no hexadecimal number: {size:?}"))?;
        at += line.len() + 2;
        if size == 0 {
            break;
        }
        let Some(chunk) = at.checked_add(size + 2).and_then(|end| bytes.get(at..end)) else {
            return Ok(None);
        };
        if !chunk.ends_with(b"\r\n") {
            return Err("a chunk is longer than its size says".to_owned());
        }
        body.extend_from_slice(&chunk[..size]);
        at += size + 2;
    }
    // The trailer: fields until an empty line.
    while let Some(line) = crlf_line(bytes, at) {
        at += line.len() + 2;
        if line.is_empty() {
            return Ok(Some((body, at)));
        }
    }
    Ok(None)
}

fn crlf_line(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Answer {
        let (answer, used) = parse(bytes, true, false).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        answer
    }

    #[test]
    fn a_body_ends_where_its_framing_says() {
        for (bytes, body) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"[..], "hi"),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", "hello"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\nA: b\r\n\r\n",
                "hi!",
            ),
            (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        ] {
            assert_eq!(whole(bytes).text(), body);
        }
    }

    #[test]
    fn an_answer_cut_anywhere_is_not_whole() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ] {
            for cut in 0..bytes.len() {
                assert_eq!(parse(&bytes[..cut], true, false), Ok(None), "cut at {cut}");
            }
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body_whatever_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n";
        let (answer, used) = parse(bytes, false, true).unwrap().unwrap();
        assert_eq!((answer.framing, used), (Framing::NoBody, bytes.len()));
    }

    #[test]
    fn two_answers_in_one_packet_are_taken_one_by_one() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (first, used) = parse(bytes, false, false).unwrap().unwrap();
        let (second, rest) = parse(&bytes[used..], false, false).unwrap().unwrap();
        assert_eq!((first.status, second.status), (100, 200));
        assert_eq!(used + rest, bytes.len());
    }

    #[test]
    fn lone_line_feeds_are_read_and_remembered() {
        assert!(whole(b"HTTP/1.1 200 OK\n\nHello").lone_line_feed);
        assert!(!whole(b"HTTP/1.1 200 OK\r\n\r\nHello").lone_line_feed);
    }

    #[test]
    fn two_lengths_and_a_space_before_a_colon_are_read_and_remembered() {
        for (fields, words) in [
            ("Content-Length: 2\r\nContent-Length: 3\r\n", "2 and 3"),
            ("Content-Length: 2, 2\r\n", "twice"),
            (
                "Content-Length: 2\r\nContent-Type : text/plain\r\n",
                "no token",
            ),
            ("Content-Length: 2\r\n: x\r\n", "no token"),
        ] {
            let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\nhi");
            let answer = whole(bytes.as_bytes());
            assert_eq!((answer.faults.len(), answer.text().as_str()), (1, "hi"));
            assert!(answer.faults[0].contains(words), "{:?}", answer.faults);
        }
        let good = whole(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        assert!(good.faults.is_empty());
    }

    #[test]
    fn what_is_no_answer_is_said_in_words() {
        for (bytes, words) in [
            (&b"<html>hello</html>"[..], "does not begin with HTTP/"),
            (b"HTTP/1.1 OK\r\n\r\n", "the status line"),
            (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "has no colon"),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n",
                "no number",
            ),
        ] {
            let error = parse(bytes, true, false).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
