//! The values of an `environ`, shown as Python shows them.

// ANCHOR: imports
use std::fmt::{self, Display};
// ANCHOR_END: imports

// ANCHOR: value
/// A value in an [`Environ`](crate::Environ). It displays itself as Python's `repr` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// `True` or `False`.
    Flag(bool),
    /// `wsgi.version`.
    Version(u8, u8),
    /// `wsgi.input` or `wsgi.errors`, with a word about it.
    Stream(&'static str),
}

impl Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write_repr(text, out),
            Value::Flag(true) => out.write_str("True"),
            Value::Flag(false) => out.write_str("False"),
            Value::Version(major, minor) => write!(out, "({major}, {minor})"),
            Value::Stream(what) => write!(out, "<{what}>"),
        }
    }
}

fn write_repr(text: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    write!(out, "{quote}")?;
    for char in text.chars() {
        match char {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            _ if char == quote => write!(out, "\\{quote}")?,
            '\u{a0}' | '\u{ad}' => write!(out, "\\x{:02x}", u32::from(char))?,
            _ if char.is_control() => write!(out, "\\x{:02x}", u32::from(char))?,
            _ => write!(out, "{char}")?,
        }
    }
    write!(out, "{quote}")
}
// ANCHOR_END: value

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_as_in_python() {
        let text = |text: &str| Value::Text(text.to_owned()).to_string();
        assert_eq!(text("a"), "'a'");
        assert_eq!(text("it's"), "\"it's\"");
        assert_eq!(text("'\""), r#"'\'"'"#);
        assert_eq!(text("\\\r\n\t\0\u{7f}\u{a0}é"), r"'\\\r\n\t\x00\x7f\xa0é'");
        assert_eq!(Value::Flag(true).to_string(), "True");
        assert_eq!(Value::Version(1, 0).to_string(), "(1, 0)");
    }
}
