//! Text as text of XML, which drawings and pages are made of.

/// Text with its marks escaped. Line ends become blanks: a blank line would end the figure in the book.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace(['\n', '\r'], " ")
}
