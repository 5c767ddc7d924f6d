//! Standard output: a terminal on which a picture is redrawn in place, or plain lines.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

/// Where pictures go.
///
/// The cursor is never hidden, and rests below the picture. So there is nothing to restore when
/// somebody presses Ctrl-C in the middle.
pub struct Screen<W> {
    output: W,
    /// Columns to draw in.
    pub columns: usize,
    /// Whether colours may be used.
    pub colour: bool,
    /// Rows of a terminal on which a picture can be redrawn; none for plain lines.
    rows: Option<usize>,
    /// How many lines of the last picture stand above the cursor.
    drawn: usize,
}

/// The width of what is no terminal.
const COLUMNS: usize = 80;

impl Screen<io::Stdout> {
    /// The standard output of this process. Pictures need so many columns at least.
    pub fn standard(least: usize) -> Screen<io::Stdout> {
        let output = io::stdout();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let terminal =
            output.is_terminal() && std::env::var_os("TERM").is_none_or(|it| it != "dumb");
        let size = tcgetwinsize(&output).ok().filter(|_| terminal);
        let columns = size.map_or(0, |size| usize::from(size.ws_col));
        let rows = size.map(|size| usize::from(size.ws_row));
        Screen {
            output,
            // A terminal that does not tell its size says zero. Very wide lanes are hard to follow.
            columns: if columns == 0 {
                COLUMNS
            } else {
                columns.clamp(least, 100)
            },
            colour: terminal && !set("NO_COLOR"),
            // A line that is broken in two would be one more than we go back.
            rows: rows.filter(|_| columns >= least),
            drawn: 0,
        }
    }
}

impl<W: Write> Screen<W> {
    /// A terminal of this size.
    pub fn terminal(output: W, columns: usize, rows: usize) -> Screen<W> {
        Screen {
            output,
            columns,
            colour: true,
            rows: Some(rows),
            drawn: 0,
        }
    }

    /// Lines in a file or a pipe.
    pub fn plain(output: W) -> Screen<W> {
        Screen {
            output,
            columns: COLUMNS,
            colour: false,
            rows: None,
            drawn: 0,
        }
    }

    /// Shows how things are, if this can be taken back later.
    pub fn show(&mut self, picture: &[String]) {
        // What has scrolled out of sight cannot be redrawn.
        if self.rows.is_some_and(|rows| picture.len() < rows) {
            self.draw(picture);
        }
    }

    /// Shows how things have ended, for good.
    pub fn keep(&mut self, picture: &[String]) {
        self.draw(picture);
        self.drawn = 0;
    }

    /// One write for the whole picture, so that it does not flicker. If nobody reads any more,
    /// it is lost.
    fn draw(&mut self, picture: &[String]) {
        let mut text = String::new();
        if self.drawn > 0 {
            // Up to where the last picture began.
            text.push_str(&format!("\x1b[{}A", self.drawn));
        }
        for line in picture {
            text.push_str(line);
            // What the last picture had further to the right.
            text.push_str(if self.rows.is_some() {
                "\x1b[K\n"
            } else {
                "\n"
            });
        }
        if picture.len() < self.drawn {
            text.push_str("\x1b[J");
        }
        let _ = self.output.write_all(text.as_bytes());
        let _ = self.output.flush();
        self.drawn = picture.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn on_a_terminal_each_picture_covers_the_one_before() {
        let mut written = Vec::new();
        let mut screen = Screen::terminal(&mut written, 80, 24);
        screen.show(&lines(&["a", "b"]));
        screen.show(&lines(&["c", "d"]));
        screen.keep(&lines(&["e"]));
        screen.keep(&lines(&["f"]));
        let text = String::from_utf8(written).unwrap();
        assert_eq!(
            text,
            "a\x1b[K\nb\x1b[K\n\
             \x1b[2Ac\x1b[K\nd\x1b[K\n\
             \x1b[2Ae\x1b[K\n\x1b[J\
             f\x1b[K\n"
        );
    }

    #[test]
    fn a_picture_that_is_too_tall_is_shown_at_the_end_only() {
        let mut written = Vec::new();
        let mut screen = Screen::terminal(&mut written, 80, 2);
        screen.show(&lines(&["a", "b"]));
        screen.keep(&lines(&["c", "d"]));
        assert_eq!(String::from_utf8(written).unwrap(), "c\x1b[K\nd\x1b[K\n");
    }

    #[test]
    fn a_pipe_gets_plain_lines_and_no_intermediate_pictures() {
        let mut written = Vec::new();
        let mut screen = Screen::plain(&mut written);
        screen.show(&lines(&["a"]));
        screen.keep(&lines(&["b"]));
        assert_eq!(String::from_utf8(written).unwrap(), "b\n");
    }
}
