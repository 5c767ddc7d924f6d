//! From a word of the command line to a value, and back to the text of a default.

// ANCHOR: imports
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;
// ANCHOR_END: imports

// ANCHOR: words
/// A whole number; the error says what was expected.
pub(crate) fn whole_number<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "a whole number in range")
}

/// Seconds, fractions allowed.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    // More than a year is a mistake, and could not be added to the current time.
    const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
    let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
    match seconds {
        Some(Ok(seconds)) if seconds <= YEAR => Ok(seconds),
        _ => Err("seconds, such as 10 or 0.5"),
    }
}
// ANCHOR_END: words

// ANCHOR: settable
/// What a setting can be: it is set by a text, and shown as one.
pub trait Settable {
    /// Sets it to what the text says; the error says what was expected.
    fn set(&mut self, text: &str) -> Result<(), &'static str>;

    /// The text that would set it to what it is; empty if there is none.
    fn shown(&self) -> String;
}

/// The whole numbers that settings are made of.
pub trait Whole: FromStr + Display {}
impl Whole for u16 {}
impl Whole for u64 {}
impl Whole for usize {}

impl<T: Whole> Settable for T {
    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        *self = whole_number(text)?;
        Ok(())
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

/// A number that is worked out from others unless it is given.
impl Settable for Option<usize> {
    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        *self = Some(whole_number(text)?);
        Ok(())
    }

    fn shown(&self) -> String {
        self.map_or(String::new(), |number| number.to_string())
    }
}

impl Settable for Duration {
    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        *self = seconds(text)?;
        Ok(())
    }

    fn shown(&self) -> String {
        self.as_secs_f64().to_string()
    }
}

/// A switch: whoever gives it turns it on.
impl Settable for bool {
    fn set(&mut self, _: &str) -> Result<(), &'static str> {
        *self = true;
        Ok(())
    }

    fn shown(&self) -> String {
        String::new()
    }
}

/// A text that may be missing; an empty one is.
impl Settable for Option<String> {
    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        *self = Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(())
    }

    fn shown(&self) -> String {
        self.clone().unwrap_or_default()
    }
}

/// Words; each time the flag is given, one more.
impl Settable for Vec<String> {
    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        self.push(text.to_owned());
        Ok(())
    }

    fn shown(&self) -> String {
        String::new()
    }
}

/// Names and values; each time the flag is given, one more.
impl Settable for Vec<(String, String)> {
    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                self.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
            _ => Err("K=V"),
        }
    }

    fn shown(&self) -> String {
        String::new()
    }
}
// ANCHOR_END: settable
