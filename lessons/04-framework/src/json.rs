//! JSON as Python's `json.dumps` spaces it, and text made safe for HTML.

// ANCHOR: imports
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;
// ANCHOR_END: imports

// ANCHOR: json
/// Serializes with a space after each colon and comma: `{"message": "Hello, World!"}`.
pub(crate) fn to_vec(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut bytes, Spaced,
    ))?;
    Ok(bytes)
}

/// The separators of Python's default.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
// ANCHOR_END: json

// ANCHOR: escape_html
/// Makes text safe to stand in HTML, between tags and in quoted attributes.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(char),
        }
    }
    escaped
}
// ANCHOR_END: escape_html

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_spaced_as_python_does() {
        let value = json!({"a": [1, "x\"\n", null], "b": {"c": true}});
        let text = String::from_utf8(to_vec(&value).unwrap()).unwrap();
        assert_eq!(text, r#"{"a": [1, "x\"\n", null], "b": {"c": true}}"#);
    }

    #[test]
    fn html_cannot_be_broken_out_of() {
        let escaped = escape_html("<a href=\"x\" title='y'>&é</a>");
        assert_eq!(
            escaped,
            "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;é&lt;/a&gt;"
        );
    }
}
