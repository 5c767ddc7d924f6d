//! What bodies are made of, so that every byte of them can be told from every other.

/// The alphabet, again and again: longer than any body here.
static LETTERS: [u8; LONGEST] = letters();

const LONGEST: usize = 26 * 20_000;

const fn letters() -> [u8; LONGEST] {
    let mut letters = [b'a'; LONGEST];
    let mut at = 0;
    while at < LONGEST {
        letters[at] = b'a' + (at % 26) as u8;
        at += 1;
    }
    letters
}

/// The bytes of which bodies are made, on both ways: those of each number begin with another
/// letter.
pub(crate) fn stretch(number: usize, from: usize, count: usize) -> &'static [u8] {
    &LETTERS[(number * 7 + from) % 26..][..count]
}
