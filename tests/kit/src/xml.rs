//! Text as text of XML, of which drawings, pages and reports are made.

/// Text that is no markup, also inside of quotes. What XML 1.0 has no place for is shown as a
/// question mark.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            control if control < ' ' => escaped.push('?'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The same on one line: a blank line would end a figure in the book.
pub fn on_one_line(text: &str) -> String {
    escaped(&text.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_names_and_what_has_no_place_a_question_mark() {
        assert_eq!(
            escaped("a<b> & \"c\"\n\u{1b}[1m"),
            "a&lt;b&gt; &amp; &quot;c&quot;\n?[1m"
        );
    }

    #[test]
    fn on_one_line_there_is_no_end_of_a_line() {
        assert_eq!(on_one_line("a\r\n\nb"), "a   b");
    }
}
