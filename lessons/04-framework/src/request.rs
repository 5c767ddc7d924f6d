//! A request as handlers like it: names instead of environ keys.

// ANCHOR: imports
use std::borrow::Cow;
use std::io::Read;

use lesson02::percent_decode;
use lesson03::Environ;

use crate::Failure;
use crate::pattern::Parameters;
// ANCHOR_END: imports

// ANCHOR: request
/// What a handler is given.
pub struct Request<'e, 'r> {
    environ: &'e mut Environ<'r>,
    parameters: Parameters,
    body_limit: u64,
}

impl<'e, 'r> Request<'e, 'r> {
    pub(crate) fn new(
        environ: &'e mut Environ<'r>,
        parameters: Parameters,
        body_limit: u64,
    ) -> Request<'e, 'r> {
        Request {
            environ,
            parameters,
            body_limit,
        }
    }
    // ANCHOR_END: request

    // ANCHOR: names
    /// The method, such as `GET`.
    pub fn method(&self) -> Cow<'_, str> {
        self.environ.get("REQUEST_METHOD").unwrap_or_default()
    }

    /// The path, decoded.
    pub fn path(&self) -> Cow<'_, str> {
        self.environ.path_utf8_lossy()
    }

    /// What `{name}` in the route stands for, decoded; `*` is the name of a trailing star.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
    // ANCHOR_END: names

    // ANCHOR: query
    /// The pairs of the query, decoded, in order, duplicates and all.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        parse_pairs(&self.environ.get("QUERY_STRING").unwrap_or_default())
    }

    /// The first value of a name in the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_pairs()
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// All values of a name in the query.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let pairs = self.query_pairs().into_iter();
        pairs
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value)
            .collect()
    }
    // ANCHOR_END: query

    // ANCHOR: headers
    /// The first header of a name, in any case.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.environ
            .request()
            .field(name)
            .map(String::from_utf8_lossy)
    }

    /// All headers of a name.
    pub fn headers(&self, name: &str) -> Vec<Cow<'_, str>> {
        let fields = self.environ.request().fields();
        let of_name = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        of_name
            .map(|(_, value)| String::from_utf8_lossy(value))
            .collect()
    }
    // ANCHOR_END: headers

    // ANCHOR: gateway
    /// The gateway's view of the request, for everything that has no method here.
    pub fn environ(&self) -> &Environ<'r> {
        self.environ
    }

    /// The same, for whoever wants to read the body as a stream or to change a variable.
    pub fn environ_mut(&mut self) -> &mut Environ<'r> {
        self.environ
    }
}
// ANCHOR_END: gateway

// ANCHOR: body
impl Request<'_, '_> {
    /// The whole body. One that is larger than the application allows is a 413.
    pub fn body(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        // One byte more than allowed tells a body that is too large from one that just fits.
        let mut input = self.environ.input().take(self.body_limit.saturating_add(1));
        input.read_to_end(&mut body)?;
        match body.len() as u64 > self.body_limit {
            true => Err(Failure::status(
                413,
                "the body is larger than this application takes",
            )),
            false => Ok(body),
        }
    }
    // ANCHOR_END: body

    // ANCHOR: text
    /// The whole body as text.
    pub fn text(&mut self) -> Result<String, Failure> {
        String::from_utf8(self.body()?).map_err(|_| Failure::status(400, "the body is not UTF-8"))
    }

    /// The whole body as JSON.
    pub fn json(&mut self) -> Result<serde_json::Value, Failure> {
        serde_json::from_slice(&self.body()?)
            .map_err(|error| Failure::status(400, format!("the body is not JSON: {error}")))
    }

    /// The pairs of a form, decoded like a query.
    pub fn form(&mut self) -> Result<Vec<(String, String)>, Failure> {
        Ok(parse_pairs(&self.text()?))
    }
}
// ANCHOR_END: text

// ANCHOR: pairs
/// Takes `a=b&c=d` apart. A `+` is a space here, as forms want it, and never in a path.
fn parse_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        String::from_utf8_lossy(&percent_decode(part.replace('+', " ").as_bytes())).into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let split = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    };
    pairs.map(split).collect()
}
// ANCHOR_END: pairs

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_after_they_are_split() {
        let pairs = parse_pairs("a=1&b=x%26y%3Dz&a=2&c&&=e&d=%E2%82%AC+%zz");
        let expected = [
            ("a", "1"),
            ("b", "x&y=z"),
            ("a", "2"),
            ("c", ""),
            ("", "e"),
            ("d", "€ %zz"),
        ];
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(one, two)| (one.as_str(), two.as_str()))
            .collect();
        assert_eq!(pairs, expected);
    }
}
