//! The difference between what the book shows and what came out, line by line.

use crate::transcript::normalise::normalised;

/// Whether two outputs are the same after normalising.
pub fn same(shown: &[String], real: &[String]) -> bool {
    shown.len() == real.len() && is_start(shown, real)
}

/// Whether the first output is how the second begins.
pub fn is_start(shown: &[String], real: &[String]) -> bool {
    shown.len() <= real.len()
        && std::iter::zip(shown, real).all(|(one, other)| normalised(one) == normalised(other))
}

/// A listing of both: `-` the book shows it, `+` it came out, blank for both.
pub fn listing(shown: &[String], real: &[String]) -> String {
    let common = common_lengths(shown, real);
    let (mut left, mut right) = (0, 0);
    let mut text = String::new();
    while left < shown.len() || right < real.len() {
        let equal = left < shown.len()
            && right < real.len()
            && normalised(&shown[left]) == normalised(&real[right]);
        let (mark, line) = if equal {
            (left, right) = (left + 1, right + 1);
            (' ', &shown[left - 1])
        } else if right == real.len()
            || (left < shown.len() && common[left + 1][right] >= common[left][right + 1])
        {
            left += 1;
            ('-', &shown[left - 1])
        } else {
            right += 1;
            ('+', &real[right - 1])
        };
        text.push_str(&format!("    {mark} {}\n", line.trim_end()));
    }
    text
}

/// For each pair of places, how many lines both have in common from there on.
fn common_lengths(shown: &[String], real: &[String]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; real.len() + 1]; shown.len() + 1];
    for left in (0..shown.len()).rev() {
        for right in (0..real.len()).rev() {
            common[left][right] = match normalised(&shown[left]) == normalised(&real[right]) {
                true => common[left + 1][right + 1] + 1,
                false => common[left + 1][right].max(common[left][right + 1]),
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn outputs_that_differ_only_in_what_varies_are_the_same() {
        assert!(same(&lines("pid 1\nend"), &lines("pid 77\r\nend")));
        assert!(!same(&lines("a"), &lines("a\nb")));
        assert!(is_start(&lines("a"), &lines("a\nb")) && !is_start(&lines("b"), &lines("a\nb")));
    }

    #[test]
    fn a_listing_shows_what_is_missing_and_what_is_too_much() {
        let text = listing(
            &lines("one\ntwo\npid 1\nfour"),
            &lines("one\n2\npid 9\nfour\nfive"),
        );
        assert_eq!(
            text,
            "      one\n    - two\n    + 2\n      pid 1\n      four\n    + five\n"
        );
    }
}
