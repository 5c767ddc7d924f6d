//! Formulas that a page shows, that this tool computes, and that a reader's browser computes anew:
//! one text for all three, so that they cannot differ.
//!
//! ```text
//! sum      product, or several with + or - in between
//! product  factor, or several with * or / in between
//! factor   a number, a name, ceil(sum), max(sum, sum), or (sum)
//! ```

use std::fmt::Write as _;
use std::iter::Peekable;
use std::vec::IntoIter;

/// A word of a formula.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Number(f64),
    Name(String),
    Sign(char),
}

/// What a name stands for; `None` if that has not been measured.
pub type Known<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// The value of a formula. It is `None` if a part of it is not known.
pub fn value(formula: &str, known: Known) -> Result<Option<f64>, String> {
    let mut words = words(formula)?.into_iter().peekable();
    let value = sum(&mut words, known)?;
    match words.next() {
        None => Ok(value),
        Some(word) => Err(format!("{word:?} comes too late in {formula:?}")),
    }
}

/// The formula as a reader likes it.
pub fn shown(formula: &str) -> String {
    formula.replace('*', "×").replace('/', "÷")
}

/// The formula in JavaScript. Names are members of `it`.
pub fn script(formula: &str) -> Result<String, String> {
    let mut script = String::new();
    for word in words(formula)? {
        // Writing to a string cannot fail.
        let _ = match word {
            Word::Number(number) => write!(script, "{number}"),
            Word::Name(name) if is_function(&name) => write!(script, "Math.{name}"),
            Word::Name(name) => write!(script, "it.{name}"),
            Word::Sign(sign) => write!(script, "{sign}"),
        };
    }
    Ok(script)
}

fn is_function(name: &str) -> bool {
    matches!(name, "ceil" | "max")
}

fn words(formula: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = formula.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_part = |char: char| char.is_ascii_alphanumeric() || "._".contains(char);
        let length = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        let length = length.max(first.len_utf8());
        let (word, after) = rest.split_at(length);
        words.push(match first {
            '0'..='9' => Word::Number(word.parse().map_err(|_| format!("{word} is no number"))?),
            'a'..='z' | 'A'..='Z' => Word::Name(word.to_owned()),
            '+' | '-' | '*' | '/' | '(' | ')' | ',' => Word::Sign(first),
            other => return Err(format!("{other:?} has no place in {formula:?}")),
        });
        rest = after.trim_start();
    }
    Ok(words)
}

type Words = Peekable<IntoIter<Word>>;

fn sum(words: &mut Words, known: Known) -> Result<Option<f64>, String> {
    let mut value = product(words, known)?;
    while let Some(sign) = take_one_of(words, ['+', '-']) {
        let next = product(words, known)?;
        value = value.zip(next).map(|(left, right)| match sign {
            '+' => left + right,
            _ => left - right,
        });
    }
    Ok(value)
}

fn product(words: &mut Words, known: Known) -> Result<Option<f64>, String> {
    let mut value = factor(words, known)?;
    while let Some(sign) = take_one_of(words, ['*', '/']) {
        let next = factor(words, known)?;
        value = value.zip(next).map(|(left, right)| match sign {
            '*' => left * right,
            _ => left / right,
        });
    }
    Ok(value)
}

fn factor(words: &mut Words, known: Known) -> Result<Option<f64>, String> {
    match words.next() {
        Some(Word::Number(number)) => Ok(Some(number)),
        Some(Word::Name(name)) if is_function(&name) => {
            expect(words, '(')?;
            let first = sum(words, known)?;
            let value = match name.as_str() {
                "ceil" => first.map(f64::ceil),
                _ => {
                    expect(words, ',')?;
                    let second = sum(words, known)?;
                    first.zip(second).map(|(one, other)| one.max(other))
                }
            };
            expect(words, ')')?;
            Ok(value)
        }
        Some(Word::Name(name)) => Ok(known(&name)),
        Some(Word::Sign('(')) => {
            let value = sum(words, known)?;
            expect(words, ')')?;
            Ok(value)
        }
        other => Err(format!("here should be a value, not {other:?}")),
    }
}

fn take_one_of(words: &mut Words, signs: [char; 2]) -> Option<char> {
    let wanted = |word: &Word| signs.iter().any(|sign| *word == Word::Sign(*sign));
    match words.next_if(wanted) {
        Some(Word::Sign(sign)) => Some(sign),
        _ => None,
    }
}

fn expect(words: &mut Words, sign: char) -> Result<(), String> {
    match words.next() {
        Some(Word::Sign(found)) if found == sign => Ok(()),
        other => Err(format!("here should be {sign:?}, not {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(formula: &str) -> Result<Option<f64>, String> {
        let known = |name: &str| match name {
            "users" => Some(1000.0),
            "pause" => Some(30.0),
            _ => None,
        };
        value(formula, &known)
    }

    #[test]
    fn formulas_have_the_value_that_school_has_taught_us() {
        for (formula, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("12 / 2 / 3", 2.0),
            ("7 - 2 - 1", 4.0),
            ("ceil(users / pause)", 34.0),
            ("max(users / 2, pause) + 1.5", 501.5),
            ("ceil(max(1.2, 0.5)) * 2", 4.0),
        ] {
            assert_eq!(of(formula), Ok(Some(expected)), "{formula}");
        }
    }

    #[test]
    fn what_needs_something_unknown_is_unknown() {
        assert_eq!(of("users * bytes + 1"), Ok(None));
        assert_eq!(of("max(users, bytes)"), Ok(None));
    }

    #[test]
    fn what_is_no_formula_is_an_error() {
        for wrong in ["", "1 +", "(1", "ceil 2", "max(1)", "1 2", "1 % 2", "1.2.3"] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_script_and_the_page_have_the_same_formula() {
        let formula = "ceil(users * 2 / max(pause, 1)) - 3";
        assert_eq!(
            script(formula).unwrap(),
            "Math.ceil(it.users*2/Math.max(it.pause,1))-3"
        );
        assert_eq!(shown(formula), "ceil(users × 2 ÷ max(pause, 1)) - 3");
    }
}
