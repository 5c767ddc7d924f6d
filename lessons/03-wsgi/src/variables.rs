//! Where each variable of an `environ` comes from.

// ANCHOR: imports
use std::borrow::Cow;
use std::collections::BTreeMap;

use lesson02::{Version, percent_decode};

use crate::{Environ, Value};
// ANCHOR_END: imports

// ANCHOR: get_original
impl Environ<'_> {
    /// The value of a variable before anybody set or removed it.
    pub(crate) fn get_original(&self, key: &str) -> Option<Cow<'_, str>> {
        let value = match key {
            "REQUEST_METHOD" => Cow::Borrowed(self.request.method()),
            "SCRIPT_NAME" => Cow::Borrowed(""),
            "PATH_INFO" => self.original_path(),
            "QUERY_STRING" => Cow::Borrowed(self.request.query()),
            "CONTENT_TYPE" => return self.header("content-type"),
            "CONTENT_LENGTH" => return self.header("content-length"),
            "SERVER_NAME" => Cow::Borrowed(self.deployment.server_name.as_str()),
            "SERVER_PORT" => Cow::Borrowed(self.deployment.server_port.as_str()),
            "SERVER_PROTOCOL" => Cow::Borrowed(match self.request.version() {
                Version::Http10 => "HTTP/1.0",
                Version::Http11 => "HTTP/1.1",
            }),
            "SERVER_SOFTWARE" => Cow::Borrowed(self.deployment.software),
            "GATEWAY_INTERFACE" => Cow::Borrowed("CGI/1.1"),
            "REMOTE_ADDR" => Cow::Owned(self.peer.ip().to_string()),
            "REMOTE_PORT" => Cow::Owned(self.peer.port().to_string()),
            "wsgi.url_scheme" => Cow::Borrowed(match self.session {
                Some(_) => "https",
                None => "http",
            }),
            "HTTP_HOST" => return self.request.authority().map(Cow::Borrowed),
            _ => return self.http_variable(key).or_else(|| self.extra_variable(key)),
        };
        Some(value)
    }

    fn original_path(&self) -> Cow<'_, str> {
        match self.request.path() {
            // `http://host` and `http://host/` are the same resource (RFC 9110 §4.2.3).
            "" if self.request.target() != "*" => Cow::Borrowed("/"),
            // As it was sent it is ASCII, which is Latin-1 already.
            path if !path.contains('%') => Cow::Borrowed(path),
            path => latin1(percent_decode(path.as_bytes())),
        }
    }

    /// What whoever runs the server has added, and what the connection knows of itself.
    fn extra_variable(&self, key: &str) -> Option<Cow<'_, str>> {
        let mut found = self.extra_variables().filter(|(name, _)| name == key);
        found
            .next_back()
            .map(|(_, value)| Cow::Borrowed(value.as_str()))
    }

    fn extra_variables(&self) -> impl DoubleEndedIterator<Item = &(String, String)> {
        let of_session = self.session.map_or(&[][..], |session| &session.variables);
        of_session.iter().chain(&self.deployment.extra)
    }

    /// The header behind a name like `HTTP_USER_AGENT`.
    fn http_variable(&self, key: &str) -> Option<Cow<'_, str>> {
        let wanted = key.strip_prefix("HTTP_")?;
        let matches = |name: &str| name.bytes().map(variable_byte).eq(wanted.bytes());
        let own = |name: &str| !is_variable_of_its_own(name) && !name.contains('_');
        let separator = if wanted == "COOKIE" { "; " } else { "," };
        let mut values = self
            .request
            .fields()
            .filter(|(name, _)| matches(name) && own(name));
        let (_, first) = values.next()?;
        Some(
            values.fold(latin1(Cow::Borrowed(first)), |mut joined, (_, value)| {
                joined.to_mut().push_str(separator);
                joined.to_mut().push_str(&latin1(Cow::Borrowed(value)));
                joined
            }),
        )
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request
            .field(name)
            .map(|value| latin1(Cow::Borrowed(value)))
    }
}

/// `Content-Type` and `Content-Length` have variables without `HTTP_`, and only those.
fn is_variable_of_its_own(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("content-length")
}

fn variable_byte(byte: u8) -> u8 {
    if byte == b'-' {
        b'_'
    } else {
        byte.to_ascii_uppercase()
    }
}

/// Bytes as characters, one each: how PEP 3333 wants them in strings.
fn latin1(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) if bytes.is_ascii() => String::from_utf8_lossy(bytes),
        bytes => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}
// ANCHOR_END: get_original

// ANCHOR: iter
impl Environ<'_> {
    /// Every variable with its value, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (String, Value)> + use<> {
        let fixed = [
            "REQUEST_METHOD",
            "SCRIPT_NAME",
            "PATH_INFO",
            "QUERY_STRING",
            "CONTENT_TYPE",
            "CONTENT_LENGTH",
            "SERVER_NAME",
            "SERVER_PORT",
            "SERVER_PROTOCOL",
            "SERVER_SOFTWARE",
            "GATEWAY_INTERFACE",
            "REMOTE_ADDR",
            "REMOTE_PORT",
            "wsgi.url_scheme",
            "HTTP_HOST",
        ];
        let headers = self
            .request
            .fields()
            .filter(|(name, _)| !is_variable_of_its_own(name));
        let mut names: Vec<String> = fixed.map(str::to_owned).into();
        names.extend(headers.map(|(name, _)| {
            let name = name.bytes().map(variable_byte).map(char::from);
            "HTTP_".chars().chain(name).collect()
        }));
        names.extend(self.extra_variables().map(|(name, _)| name.clone()));
        names.extend(self.overlay.iter().map(|(name, _)| name.to_string()));
        let texts = names.into_iter().filter_map(|name| {
            let text = Value::Text(self.get(&name)?.into());
            Some((name, text))
        });
        let others = [
            ("wsgi.version", Value::Version(1, 0)),
            ("wsgi.input", Value::Stream("request body")),
            ("wsgi.errors", Value::Stream("standard error")),
            ("wsgi.multithread", Value::Flag(self.deployment.multithread)),
            (
                "wsgi.multiprocess",
                Value::Flag(self.deployment.multiprocess),
            ),
            ("wsgi.run_once", Value::Flag(false)),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let sorted: BTreeMap<String, Value> = others.into_iter().chain(texts).collect();
        sorted.into_iter()
    }
}
// ANCHOR_END: iter
