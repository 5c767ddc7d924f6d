//! What is asked: one request, in bytes, again and again.

/// A request, and whether its connection is used for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    method: &'static str,
    host: String,
    path: String,
    content_type: String,
    body: Vec<u8>,
    keeps: bool,
}

impl Question {
    /// `GET path`, on a connection of its own.
    pub fn get(host: impl Into<String>, path: impl Into<String>) -> Question {
        Question {
            method: "GET",
            host: host.into(),
            path: path.into(),
            content_type: String::new(),
            body: Vec::new(),
            keeps: false,
        }
    }

    /// `POST path` with a body, on a connection of its own.
    pub fn post(
        host: impl Into<String>,
        path: impl Into<String>,
        content_type: impl Into<String>,
        body: impl Into<Vec<u8>>,
    ) -> Question {
        Question {
            method: "POST",
            content_type: content_type.into(),
            body: body.into(),
            ..Question::get(host, path)
        }
    }

    /// The same on connections that are kept: a request that is due takes one on which nothing is
    /// on its way, and only if there is none, a new one.
    pub fn kept(self) -> Question {
        Question {
            keeps: true,
            ..self
        }
    }

    /// Whether connections are kept.
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// What is asked for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let close = if self.keeps {
            ""
        } else {
            "Connection: close\r\n"
        };
        let body = match self.method {
            "POST" => format!(
                "Content-Type: {}\r\nContent-Length: {}\r\n",
                self.content_type,
                self.body.len()
            ),
            _ => String::new(),
        };
        let Question {
            method, path, host, ..
        } = self;
        let mut bytes =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{close}{body}\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_request_as_the_standard_has_it() {
        let get = Question::get("a:1", "/b?c=1");
        assert_eq!(
            get.bytes(),
            b"GET /b?c=1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            get.kept().bytes(),
            b"GET /b?c=1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
        );
        let post = Question::post("a:1", "/b", "text/plain", "hello").kept();
        assert_eq!(
            post.bytes(),
            b"POST /b HTTP/1.1\r\nHost: a:1\r\nContent-Type: text/plain\r\n\
              Content-Length: 5\r\n\r\nhello"
        );
    }
}
