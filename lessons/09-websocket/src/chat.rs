//! The chat: a room, and everybody in it hears everybody.

// ANCHOR: imports
use lesson03::{AppError, Body, Environ, StartResponse};
use serde_json::json;

use crate::channels::Channels;
use crate::close::POLICY;
use crate::handler::{Socket, WebSocket};
use crate::mailbox::SocketHandle;
use crate::message::Message;
// ANCHOR_END: imports

// ANCHOR: chat
/// One member of a room, which is a channel.
pub struct Chat {
    channels: Channels,
    room: String,
    name: String,
    socket: Option<SocketHandle>,
}

/// A name is at most so many characters.
const LONGEST_NAME: usize = 40;

impl Chat {
    /// A member that has not come in yet. Its name and room are in the address of the socket:
    /// `/ws/chat?name=Ada&room=tea`.
    pub fn new(channels: &Channels, environ: &Environ<'_>) -> Chat {
        let query = environ.get("QUERY_STRING").unwrap_or_default();
        let value = |key| value(&query, key).filter(|value| !value.trim().is_empty());
        Chat {
            channels: channels.clone(),
            room: format!("chat:{}", value("room").unwrap_or_default()),
            name: value("name").unwrap_or_else(|| "somebody".to_owned()),
            socket: None,
        }
    }

    fn publish(&self, kind: &str, text: &str) {
        let line = json!({"kind": kind, "name": self.name, "text": text});
        self.channels.publish(&self.room, line.to_string().as_str());
    }
}

impl WebSocket for Chat {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        self.channels.subscribe(&self.room, socket.handle());
        self.socket = Some(socket.handle());
        self.publish("came", "");
    }

    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>) {
        match message {
            Message::Text(text) => self.publish("said", text),
            Message::Binary(_) => socket.close(POLICY, "a chat is made of text"),
        }
    }

    fn closed(&mut self, _code: u16, _reason: &str) {
        if let Some(socket) = &self.socket {
            self.channels.unsubscribe(&self.room, socket);
            self.publish("went", "");
        }
    }
}
// ANCHOR_END: chat

// ANCHOR: query
/// The value of a key in a query, decoded.
fn value(query: &str, key: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(own, _)| *own == key)?;
    let mut bytes = value.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    let text = String::from_utf8(decoded).ok()?;
    let is_visible = |char: &char| !char.is_control();
    Some(text.chars().filter(is_visible).take(LONGEST_NAME).collect())
}
// ANCHOR_END: query

// ANCHOR: page
/// `/chat`: the page, which is one file and asks nobody for another.
pub fn page(_environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let html = ("Content-Type", "text/html; charset=utf-8");
    // Nothing but what is in the file may run, and it may speak to nobody but us.
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                  connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    start_response.begin("200 OK", &[html, ("Content-Security-Policy", policy)])?;
    Ok(include_str!("chat.html").into())
}
// ANCHOR_END: page

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_name_is_decoded_shortened_and_without_control_characters() {
        let name = |query: &str| value(query, "name");
        assert_eq!(name("room=tea&name=Ada+L%2E").as_deref(), Some("Ada L."));
        assert_eq!(name("name=%C3%84da").as_deref(), Some("Äda"));
        assert_eq!(name("name=a%0D%0Ab").as_deref(), Some("ab"));
        let long = name(&format!("name={}", "x".repeat(99))).unwrap();
        assert_eq!(long.len(), LONGEST_NAME);
        for bad in ["", "name", "name=%", "name=%G0", "name=%FF"] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_somebody_says_cannot_be_mistaken_for_anything_else() {
        let line = json!({"kind": "said", "name": "\"", "text": "</script>\u{2028}"});
        let parsed: Value = serde_json::from_str(&line.to_string()).unwrap();
        assert_eq!(parsed["text"], "</script>\u{2028}");
    }
}
