//! The page with every setting: the rows of the lessons' own tables.

use std::fmt::Write as _;

use check::lessons::Lesson;
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, PACE_SETTINGS};
use lesson05::FORK_SETTINGS;
use lesson06::THREAD_SETTINGS;
use lesson07::{POOL_SETTINGS, RULE_SETTINGS};
use lesson08::TLS_SETTINGS;
use lesson09::SOCKET_SETTINGS;
use lesson10::{KITCHEN_SETTINGS, LOOP_SETTINGS};
use lesson13::PYTHON_SETTINGS;
use terminal::{Bounds, Setting, Unit};

const BEGINNING: &str = "# Every setting

Everything that a server of this course can be told, with the value that it has if nobody says \
anything, and the reason why it is there. This page is made from the tables in the code, from \
which `--help` is made as well.

Every lesson has `--addr` and `--help`. Some commands have a flag or two that are no business of \
the server, such as `--delay`; their `--help` shows them.
";

/// The page, for these lessons.
pub fn page(lessons: &[Lesson]) -> String {
    let mut page = BEGINNING.to_owned();
    for lesson in lessons {
        let (whose, tables) = match lesson.number {
            2 => (
                "This lesson and all later ones have them.",
                rows(SERVER_SETTINGS) + &rows(LIMIT_SETTINGS),
            ),
            3 => (
                "This lesson and all later ones have them, beside those of lesson 2.",
                rows(PACE_SETTINGS) + &rows(GATEWAY_SETTINGS),
            ),
            5 => (OWN, rows(FORK_SETTINGS)),
            6 => (OWN, rows(THREAD_SETTINGS)),
            7 => (
                "This lesson and the next two have them beside those of lessons 2 and 3.",
                rows(POOL_SETTINGS) + &rows(RULE_SETTINGS),
            ),
            8 => (
                "This lesson and the next one have them beside those of lessons 2, 3 and 7.",
                rows(TLS_SETTINGS),
            ),
            9 => (
                "This lesson has them beside those of lessons 2, 3, 7 and 8.",
                rows(SOCKET_SETTINGS),
            ),
            10 => (
                "This lesson has them beside those of lessons 2, 3 and 9, and those of lesson 7 \
                 about connections that stay.",
                rows(LOOP_SETTINGS) + &rows(KITCHEN_SETTINGS),
            ),
            13 => (
                "This lesson has them beside those of lessons 2, 3 and 9, and those of lesson 7 \
                 about connections that stay.",
                rows(PYTHON_SETTINGS),
            ),
            _ => continue,
        };
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## [{}]({})\n\n{whose}\n\n\
             | Flag | Default | Unit | What it is, and why |\n|---|---|---|---|\n{tables}",
            lesson.title, lesson.chapter
        );
    }
    page
}

const OWN: &str = "This lesson has them beside those of lessons 2 and 3.";

fn rows<S: Default>(table: &[Setting<S>]) -> String {
    table.iter().map(row).collect()
}

fn row<S: Default>(setting: &Setting<S>) -> String {
    let default = match setting.default().as_str() {
        "" => "–".to_owned(),
        default => format!("`{default}`"),
    };
    let unit = match setting.unit {
        Unit::Seconds => "seconds".to_owned(),
        Unit::Bytes => "bytes".to_owned(),
        Unit::Number => "a number".to_owned(),
        Unit::Switch => "a switch".to_owned(),
        Unit::Text(form) => format!("`{}`", form.replace('|', "\\|")),
    };
    let bounds = match setting.bounds {
        Bounds::Any => String::new(),
        bounds => format!(", {bounds}"),
    };
    let (name, reason) = (setting.name, escaped(setting.reason));
    let help = capitalised(&escaped(setting.help));
    format!("| `--{name}` | {default} | {unit}{bounds} | {help}. {reason} |\n")
}

/// A text in a cell of a table. Between two backticks only the cell's end means anything.
fn escaped(text: &str) -> String {
    let escape = |(index, part): (usize, &str)| match index % 2 {
        0 => part
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('_', "\\_"),
        _ => part.to_owned(),
    };
    let text = text.replace('|', "\\|");
    let parts: Vec<String> = text.split('`').enumerate().map(escape).collect();
    parts.join("`")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::lessons::LESSONS;
    use terminal::{Program, Table};

    fn program(flags: &'static [&'static dyn Table]) -> Program {
        Program {
            name: "test",
            about: "A test.",
            operand: None,
            flags,
        }
    }

    /// What is wrong with the rows of a table: that nobody may ask for a default is a mistake in
    /// its bounds.
    fn mistakes<S: Default>(program: &Program, table: &[Setting<S>]) -> Vec<String> {
        let mut mistakes = Vec::new();
        for setting in table {
            let (name, reason) = (setting.name, setting.reason);
            if !(reason.ends_with('.') && reason.starts_with(char::is_uppercase)) {
                mistakes.push(format!("--{name}: {reason:?} is not a sentence"));
            }
            let word = format!("--{name}={}", setting.default());
            let given = !setting.default().is_empty();
            if given
                && let Err(error) = program
                    .parse([word.into()])
                    .and_then(|flags| flags.expect("not --help").read(table))
            {
                mistakes.push(error.to_string());
            }
        }
        mistakes
    }

    #[test]
    fn every_default_can_be_asked_for_and_every_reason_is_a_sentence() {
        let found = [
            mistakes(&program(&[&SERVER_SETTINGS]), SERVER_SETTINGS),
            mistakes(&program(&[&LIMIT_SETTINGS]), LIMIT_SETTINGS),
            mistakes(&program(&[&PACE_SETTINGS]), PACE_SETTINGS),
            mistakes(&program(&[&GATEWAY_SETTINGS]), GATEWAY_SETTINGS),
            mistakes(&program(&[&FORK_SETTINGS]), FORK_SETTINGS),
            mistakes(&program(&[&THREAD_SETTINGS]), THREAD_SETTINGS),
            mistakes(&program(&[&POOL_SETTINGS]), POOL_SETTINGS),
            mistakes(&program(&[&RULE_SETTINGS]), RULE_SETTINGS),
            mistakes(&program(&[&PYTHON_SETTINGS]), PYTHON_SETTINGS),
        ];
        assert_eq!(found.concat(), Vec::<String>::new());
    }

    #[test]
    fn a_bar_does_not_end_a_cell_and_what_is_code_stays_as_it_is() {
        assert_eq!(escaped("a|b <c> d_e"), "a\\|b &lt;c&gt; d\\_e");
        assert_eq!(escaped("`d_e` f_g `<h>|`"), "`d_e` f\\_g `<h>\\|`");
    }

    #[test]
    fn a_mistake_in_a_row_is_found() {
        #[derive(Debug)]
        struct Shoes(usize);

        impl Default for Shoes {
            fn default() -> Shoes {
                Shoes(3)
            }
        }

        const SHOES: &[Setting<Shoes>] = &[Setting {
            name: "shoes",
            unit: Unit::Number,
            bounds: Bounds::AtMost(2.0),
            help: "to wear",
            reason: "two feet",
            field: |shoes| &mut shoes.0,
        }];
        let found = mistakes(&program(&[&SHOES]), SHOES);
        assert_eq!(
            found,
            [
                "--shoes: \"two feet\" is not a sentence",
                "--shoes must be at most 2"
            ]
        );
    }

    #[test]
    fn no_flag_of_a_lesson_stands_for_two_settings() {
        let all = program(&[
            &SERVER_SETTINGS,
            &LIMIT_SETTINGS,
            &PACE_SETTINGS,
            &GATEWAY_SETTINGS,
        ]);
        let own: [&[&dyn Table]; 3] = [
            &[&FORK_SETTINGS],
            &[&THREAD_SETTINGS],
            &[&POOL_SETTINGS, &RULE_SETTINGS],
        ];
        for own in own {
            let tables = all.flags.iter().chain(own);
            let rows: Vec<_> = tables.flat_map(|table| table.rows()).collect();
            let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
            names.sort_unstable();
            let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(twice, None);
        }
    }

    #[test]
    fn the_page_has_a_row_for_each_setting() {
        let page = page(LESSONS);
        assert!(page.contains(
            "| `--head-limit` | `16384` | bytes, from 1 to 1048576 | For the whole head, then \
             431. A client "
        ));
        assert!(page.contains("| `--quiet` | – | a switch | No line in the log"));
        assert!(page.contains("| `--max-threads` | – | a number, at least 1 | Workers at most "));
        assert_eq!(page.matches("| `--stop-timeout` | `10` |").count(), 3);
    }
}
