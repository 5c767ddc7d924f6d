//! Patterns for paths: `/exact`, `/with/{parameters}`, `/everything/below/*`.

// ANCHOR: pattern
/// A pattern such as `/items/{id}`, taken apart at its slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
}

/// The order is that of preference: what is written out beats a parameter, which beats the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// Only itself.
    Literal(String),
    /// Any one segment that is not empty, kept under this name.
    Parameter(String),
    /// Everything from here on, kept under the name `*`.
    Rest,
}

/// What the parameters of a pattern stand for in a path.
pub(crate) type Parameters = Vec<(String, String)>;
// ANCHOR_END: pattern

// ANCHOR: parse
impl Pattern {
    /// Parses a pattern.
    ///
    /// # Panics
    ///
    /// If the text is no pattern. Routes are part of a program's text, so this is a mistake of
    /// its author, found when the program starts.
    pub(crate) fn parse(text: &str) -> Pattern {
        let path = text.strip_prefix('/');
        let path = path.unwrap_or_else(|| panic!("the route {text:?} must start with a slash"));
        let words: Vec<&str> = path.split('/').collect();
        let last = words.len() - 1;
        let segment = |(number, word): (usize, &&str)| {
            let name = word
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match name {
                Some("") => panic!("the route {text:?} has a parameter without a name"),
                Some(name) => Segment::Parameter(name.to_owned()),
                None if *word == "*" && number == last => Segment::Rest,
                None if word.contains(['*', '{', '}']) => {
                    panic!("in the route {text:?}, {word:?} is neither text, {{name}} nor a last *")
                }
                None => Segment::Literal((*word).to_owned()),
            }
        };
        Pattern {
            segments: words.iter().enumerate().map(segment).collect(),
        }
    }
    // ANCHOR_END: parse

    // ANCHOR: matches
    /// Matches a path that was taken apart at its slashes before it was percent-decoded, so that
    /// an encoded slash stays inside of its segment.
    pub(crate) fn matches(&self, path: &[String]) -> Option<Parameters> {
        let mut parameters = Vec::new();
        let mut rest = path;
        for segment in &self.segments {
            match (segment, rest.split_first()) {
                (Segment::Rest, _) => {
                    parameters.push(("*".to_owned(), rest.join("/")));
                    rest = &[];
                }
                // The path `/` is one empty word. Nothing is not compared with nothing: it lies
                // nowhere, and some processors take long to find that out.
                (Segment::Literal(literal), Some((word, more)))
                    if word.is_empty() && literal.is_empty() || literal == word =>
                {
                    rest = more;
                }
                (Segment::Parameter(name), Some((word, more))) if !word.is_empty() => {
                    parameters.push((name.clone(), word.clone()));
                    rest = more;
                }
                _ => return None,
            }
        }
        rest.is_empty().then_some(parameters)
    }
    // ANCHOR_END: matches

    // ANCHOR: order
    /// Whether this pattern shall be tried before the other: the first difference decides. Of two
    /// that begin alike, the one that ends sooner goes first: what the other has more can match
    /// nothing only if it is a star.
    pub(crate) fn goes_before(&self, other: &Pattern) -> bool {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Parameter(_) => 1,
            Segment::Rest => 2,
        };
        let ours = self.segments.iter().map(rank);
        let theirs = other.segments.iter().map(rank);
        match ours
            .clone()
            .zip(theirs.clone())
            .find(|(one, two)| one != two)
        {
            Some((one, two)) => one < two,
            None => ours.len() < theirs.len(),
        }
    }
}
// ANCHOR_END: order

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
        let words: Vec<String> = path[1..].split('/').map(str::to_owned).collect();
        Pattern::parse(pattern).matches(&words)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(
            pairs
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        )
    }

    #[test]
    fn exact_patterns_match_themselves() {
        assert_eq!(matched("/", "/"), pairs(&[]));
        assert_eq!(matched("/a/b", "/a/b"), pairs(&[]));
        for path in ["/a", "/a/b/", "/a/b/c", "/a/B", "//a/b"] {
            assert_eq!(matched("/a/b", path), None, "{path}");
        }
    }

    #[test]
    fn parameters_match_one_segment() {
        assert_eq!(
            matched("/{a}/x/{b}", "/1/x/2"),
            pairs(&[("a", "1"), ("b", "2")])
        );
        assert_eq!(matched("/{a}", "/"), None);
        assert_eq!(matched("/{a}", "/1/2"), None);
    }

    #[test]
    fn a_star_matches_everything_below() {
        assert_eq!(matched("/s/*", "/s/a/b"), pairs(&[("*", "a/b")]));
        assert_eq!(matched("/s/*", "/s/"), pairs(&[("*", "")]));
        assert_eq!(matched("/s/*", "/s"), pairs(&[("*", "")]));
        assert_eq!(matched("/s/*", "/so"), None);
    }

    #[test]
    fn the_more_specific_pattern_goes_first() {
        let before = |one: &str, two: &str| Pattern::parse(one).goes_before(&Pattern::parse(two));
        for (one, two) in [
            ("/a", "/{x}"),
            ("/{x}", "/*"),
            ("/a/{x}", "/{y}/b"),
            ("/a/b/*", "/a/*"),
            ("/a", "/a/*"),
        ] {
            assert!(before(one, two) && !before(two, one), "{one} {two}");
        }
        assert!(!before("/{x}", "/{y}"));
    }

    #[test]
    fn mistakes_in_patterns_are_found_at_the_start() {
        for wrong in ["", "a", "/{}", "/*/a", "/a*", "/{a", "/a}b"] {
            let parsed = std::panic::catch_unwind(|| Pattern::parse(wrong));
            assert!(parsed.is_err(), "{wrong}");
        }
    }
}
