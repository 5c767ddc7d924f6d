//! Making equal what is different for a reason.

use super::requests::Asked;
use crate::answer::parse;

/// The same answers without what is different in every run: times, names of processes and threads,
/// ports, and the name of the server.
pub(super) fn normal(asked: &Asked, text: &str) -> String {
    let tells_of_itself = asked.text().contains("/sleep") || asked.text().contains("environ");
    let mut lines: Vec<String> = Vec::new();
    for line in text.split("\r\n") {
        lines.push(match line.split_once(": ") {
            Some(("Date", _)) => "Date: …".to_owned(),
            Some(("Server", _)) => "Server: …".to_owned(),
            Some(("Content-Length", _)) if tells_of_itself => "Content-Length: …".to_owned(),
            _ => body(line),
        });
    }
    lines.join("\r\n")
}

/// A body that tells of its server.
fn body(text: &str) -> String {
    if text.starts_with("{\"pid\": ") {
        return "{a sleeper}\n".to_owned();
    }
    let lines = text.split_inclusive('\n').map(|line| {
        const OWN: [&str; 5] = [
            "SERVER_PORT",
            "SERVER_SOFTWARE",
            "REMOTE_PORT",
            "wsgi.multithread",
            "wsgi.multiprocess",
        ];
        match line.split_once(" = ") {
            Some((name, _)) if OWN.contains(&name) => format!("{name} = …\n"),
            _ => line.to_owned(),
        }
    });
    lines.collect()
}

/// The first answer alone, however its body ends and whatever becomes of the connection.
pub(super) fn first_answer(asked: &Asked, text: &str) -> String {
    let mut rest = text.as_bytes();
    // An answer on the way to the answer, such as 100, stays in front.
    let mut before = String::new();
    while let Some(end) = rest
        .starts_with(b"HTTP/1.1 1")
        .then(|| rest.windows(4).position(|four| four == b"\r\n\r\n"))
        .flatten()
    {
        before.push_str(&String::from_utf8_lossy(&rest[..end + 4]));
        rest = &rest[end + 4..];
    }
    let Ok(Some((answer, _))) = parse(rest, true, asked.to_head) else {
        return text.to_owned();
    };
    const OF_THE_CONNECTION: [&str; 4] = [
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Content-Length",
    ];
    let mut fields = answer.fields.iter().collect::<Vec<_>>();
    fields.retain(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()));
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!(
        "{before}{} {}\r\n{}\r\n\r\n{}",
        answer.version,
        answer.status,
        fields.join("\r\n"),
        String::from_utf8_lossy(&answer.body)
    )
}

/// The answer without what it says about the connection.
pub(super) fn without_connection(_asked: &Asked, text: &str) -> String {
    let lines = text.split_inclusive("\r\n");
    let lines =
        lines.filter(|line| !line.starts_with("Connection: ") && !line.starts_with("Keep-Alive: "));
    lines.collect()
}
