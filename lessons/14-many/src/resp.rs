//! Redis' protocol, RESP: the part of it that we need, which is nearly all of it.
//!
//! There are crates for it. But a protocol between servers is no other kind of thing than one
//! between a browser and a server, and this one can be read aloud: a request is a list of strings,
//! each with its length in front, and an answer begins with a letter that says what it is.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
// ANCHOR_END: imports

// ANCHOR: reply
/// What Redis answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`, and `$5`, `hello`: a string.
    Text(String),
    /// `:42`.
    Number(i64),
    /// `*2`, and then two of these.
    List(Vec<Reply>),
    /// `$-1` or `*-1`: there is nothing.
    Nothing,
}

impl Reply {
    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Reply::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The list; a list of nothing for everything else.
    pub fn list(&self) -> &[Reply] {
        match self {
            Reply::List(list) => list,
            _ => &[],
        }
    }
}
// ANCHOR_END: reply

// ANCHOR: redis
/// A connection to Redis.
#[derive(Debug)]
pub struct Redis {
    stream: BufReader<TcpStream>,
}

/// An answer that takes longer is none.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// No string of ours is longer. A length that is, is not one of ours.
const LONGEST: usize = 16 * 1024 * 1024;

/// Lists in lists in lists is what the answer to `XREAD` is.
const DEEPEST: usize = 8;

impl Redis {
    /// Connects. No answer may take longer than `patience`.
    pub fn connect(address: SocketAddr, patience: Duration) -> io::Result<Redis> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        Ok(Redis {
            stream: BufReader::new(stream),
        })
    }

    /// Asks, and waits for the answer. After any error but [`RedisError::Refused`] the connection
    /// is of no use: an answer that comes late would be taken for the next one's.
    pub fn ask(&mut self, words: &[&str]) -> Result<Reply, RedisError> {
        self.stream.get_mut().write_all(&request(words))?;
        self.reply()
    }

    /// The next answer, or the next thing that Redis says unasked.
    pub fn reply(&mut self) -> Result<Reply, RedisError> {
        read_reply(&mut self.stream, DEEPEST)
    }
}

/// `INCR visits` as it goes over the wire: `*2`, `$4`, `INCR`, `$6`, `visits`, a line each. What
/// is in a string does not matter, as its length stands in front.
fn request(words: &[&str]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    request.into_bytes()
}

fn read_reply(stream: &mut impl BufRead, depth: usize) -> Result<Reply, RedisError> {
    let line = read_line(stream)?;
    let Some((kind, rest)) = line.split_at_checked(1).filter(|_| depth > 0) else {
        return Err(RedisError::Nonsense(line));
    };
    let number = || {
        rest.parse::<i64>()
            .map_err(|_| RedisError::Nonsense(line.clone()))
    };
    // Not to be there is a length, too: -1.
    let length = || Ok::<_, RedisError>(usize::try_from(number()?).ok());
    match kind {
        "+" => Ok(Reply::Text(rest.to_owned())),
        "-" => Err(RedisError::Refused(rest.to_owned())),
        ":" => Ok(Reply::Number(number()?)),
        "$" => match length()? {
            None => Ok(Reply::Nothing),
            Some(length) if length > LONGEST => Err(RedisError::Nonsense(line)),
            Some(length) => read_text(stream, length),
        },
        "*" => match length()? {
            None => Ok(Reply::Nothing),
            // No memory is set aside for what has only been announced.
            Some(length) => (0..length)
                .map(|_| read_reply(stream, depth - 1))
                .collect::<Result<_, _>>()
                .map(Reply::List),
        },
        _ => Err(RedisError::Nonsense(line)),
    }
}

fn read_line(stream: &mut impl BufRead) -> Result<String, RedisError> {
    let mut line = Vec::new();
    stream.take(LONGEST as u64).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\r\n") {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn read_text(stream: &mut impl BufRead, length: usize) -> Result<Reply, RedisError> {
    let mut text = vec![0; length + 2];
    stream.read_exact(&mut text)?;
    text.truncate(length);
    Ok(Reply::Text(String::from_utf8_lossy(&text).into_owned()))
}
// ANCHOR_END: redis

// ANCHOR: error
/// Why there is no answer.
#[derive(Debug)]
pub enum RedisError {
    /// The connection.
    Lost(io::Error),
    /// An answer that is none.
    Nonsense(String),
    /// It does not want to. The connection is as good as before.
    Refused(String),
}

impl Display for RedisError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RedisError::Lost(error) => write!(out, "Redis: {error}"),
            RedisError::Nonsense(line) => write!(out, "Redis says {line:?}, which is no answer"),
            RedisError::Refused(why) => write!(out, "Redis refuses: {why}"),
        }
    }
}

impl Error for RedisError {}

impl From<io::Error> for RedisError {
    fn from(error: io::Error) -> RedisError {
        RedisError::Lost(error)
    }
}
// ANCHOR_END: error

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> Result<Reply, RedisError> {
        read_reply(&mut bytes.as_bytes(), DEEPEST)
    }

    fn text(text: &str) -> Reply {
        Reply::Text(text.to_owned())
    }

    #[test]
    fn a_request_is_a_list_of_strings_with_their_lengths_in_bytes() {
        assert_eq!(
            request(&["SET", "a", "ä\r\n"]),
            "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\nä\r\n\r\n".as_bytes()
        );
    }

    #[test]
    fn every_kind_of_answer_is_understood() {
        assert_eq!(read("+OK\r\n").unwrap(), text("OK"));
        assert_eq!(read(":-42\r\n").unwrap(), Reply::Number(-42));
        assert_eq!(read("$5\r\na\r\nbc\r\n").unwrap(), text("a\r\nbc"));
        assert_eq!(read("$-1\r\n").unwrap(), Reply::Nothing);
        assert_eq!(read("*-1\r\n").unwrap(), Reply::Nothing);
        let list = Reply::List(vec![text("a"), Reply::List(vec![Reply::Number(1)])]);
        assert_eq!(read("*2\r\n$1\r\na\r\n*1\r\n:1\r\n").unwrap(), list);
        assert!(matches!(read("-ERR no\r\n"), Err(RedisError::Refused(why)) if why == "ERR no"));
    }

    #[test]
    fn what_is_no_answer_is_an_error_and_not_a_request_for_memory() {
        for nonsense in ["HTTP/1.1 200 OK\r\n", "\r\n", ":x\r\n", "$99999999999\r\n"] {
            assert!(
                matches!(read(nonsense), Err(RedisError::Nonsense(_))),
                "{nonsense:?}"
            );
        }
        let deep = "*1\r\n".repeat(100);
        assert!(matches!(read(&deep), Err(RedisError::Nonsense(_))));
        for half in ["", "+OK", "$5\r\nab", "*4000000000\r\n:1\r\n"] {
            assert!(matches!(read(half), Err(RedisError::Lost(_))), "{half:?}");
        }
    }
}
