//! "Did you mean …?"

use super::stop::Stop;

/// The name most like `word`, as a whole or in one of its parts, if one is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.filter_map(|name| {
        let parts = std::iter::once(name).chain(name.split('-'));
        let likeness = parts.filter_map(|part| {
            let distance = distance(word, part);
            (distance <= word.len().max(part.len()) / 3).then_some(distance)
        });
        // Of two names with a part that is as near, the one that is nearer as a whole.
        Some((likeness.min()?, distance(word, name), name))
    });
    near.min().map(|(_, _, name)| name)
}

/// An error for a name that does not exist, with the one that may be meant.
pub(super) fn unknown<'a>(what: &str, word: &str, names: impl Iterator<Item = &'a str>) -> Stop {
    let hint = match nearest(word, names) {
        Some(name) => format!("Did you mean {name}?"),
        None => "`cargo run -p check -- list` shows them all.".to_owned(),
    };
    Stop::Usage(format!("there is no {what} {word:?}. {hint}"))
}

/// How many letters must be put in, taken out or changed to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_nonsense_is_not() {
        let names = [
            "many-silent-clients",
            "silent-client",
            "dripping-client",
            "hello",
        ];
        assert_eq!(
            nearest("silentclient", names.into_iter()),
            Some("silent-client")
        );
        assert_eq!(nearest("silnt", names.into_iter()), Some("silent-client"));
        assert_eq!(nearest("silent", names.into_iter()), Some("silent-client"));
        assert_eq!(nearest("helo", names.into_iter()), Some("hello"));
        assert_eq!(nearest("xyzzy", names.into_iter()), None);
    }

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
