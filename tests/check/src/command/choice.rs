//! Which probes run: named ones, groups, patterns; what is skipped, folded or known.

use check::lessons::{self, LESSONS, Lesson};
use check::matrix::{self, Expected};
use check::probe::Probe;
use check::probes::{self, GROUPS, Group};
use check::small;

use super::flags::Choice;
use super::nearest::unknown;
use super::stop::Stop;

/// The probes to run, and by what they are measured.
pub(super) struct Chosen {
    /// In the order in which they run.
    pub(super) probes: Vec<&'static Probe>,
    /// Those that `--small` folds.
    pub(super) folded: Vec<&'static Probe>,
    /// The lesson to measure by.
    pub(super) through: &'static Lesson,
}

/// What the flags choose.
pub(super) fn chosen(choice: &Choice) -> Result<Chosen, Stop> {
    let through = lesson(choice.through.as_deref())?;
    let mut probes: Vec<&Probe> = Vec::new();
    let sockets = choice.websocket.as_ref().map(|_| &check::websocket::GROUP);
    let group = tls_group(choice.tls)?.or(sockets);
    if let Some(group) = group {
        let only = |probe: &&Probe| {
            let named = |word: &String| word == group.name || is_like(word, probe);
            choice.only.is_empty() || choice.only.iter().any(named)
        };
        probes.extend(group.probes.iter().filter(only));
        probes.retain(|probe| !choice.skip.iter().any(|word| is_like(word, probe)));
        if probes.is_empty() {
            let names = group.probes.iter().map(|probe| probe.name);
            let word = choice.only.first().or(choice.skip.first());
            return Err(unknown("probe", word.map_or("", |word| word), names));
        }
        let folded = Vec::new();
        return Ok(Chosen {
            probes,
            folded,
            through,
        });
    }
    if choice.only.is_empty() {
        // Those that the lesson's own server could pass.
        probes.extend(probes::all().filter(|probe| {
            let promised = matrix::cell(probe, through.number).expected;
            !matches!(promised, Expected::Wrong(_) | Expected::Absent)
        }));
    }
    for word in &choice.only {
        probes.extend(meant(word)?);
    }
    for word in &choice.skip {
        let skipped = meant(word)?;
        probes.retain(|probe| skipped.iter().all(|skipped| skipped.name != probe.name));
    }
    // What is named is run, even if it is unreasonable.
    let folds = |probe: &&Probe| {
        choice.small && choice.only.is_empty() && small::reason(probe.name).is_some()
    };
    let (folded, probes) = probes.into_iter().partition(folds);
    Ok(Chosen {
        probes,
        folded,
        through,
    })
}

/// The probes for TLS, if they are asked for and were built.
fn tls_group(asked: bool) -> Result<Option<&'static Group>, Stop> {
    #[cfg(feature = "tls")]
    return Ok(asked.then_some(&check::tls::GROUP));
    #[cfg(not(feature = "tls"))]
    match asked {
        false => Ok(None),
        true => Err(Stop::Usage(
            "this check was built without TLS: cargo run -p check --features tls -- …".to_owned(),
        )),
    }
}

fn is_like(word: &str, probe: &Probe) -> bool {
    matches(word.as_bytes(), probe.name.as_bytes())
}

/// The probes that a word means: a group, a pattern, or one of them.
fn meant(word: &str) -> Result<Vec<&'static Probe>, Stop> {
    if let Some(group) = GROUPS.iter().find(|group| group.name == word) {
        return Ok(group.probes.iter().collect());
    }
    let found: Vec<_> = probes::all()
        .filter(|probe| matches(word.as_bytes(), probe.name.as_bytes()))
        .collect();
    match found.is_empty() {
        true => {
            let groups = GROUPS.iter().map(|group| group.name);
            let names = probes::all().map(|probe| probe.name).chain(groups);
            Err(unknown("probe", word, names))
        }
        false => Ok(found),
    }
}

/// Whether a name is of this pattern: `*` is any letters, `?` is one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=name.len()).any(|skip| matches(rest, &name[skip..])),
        (Some((b'?', rest)), Some((_, name))) => matches(rest, name),
        (Some((letter, rest)), Some((first, name))) => letter == first && matches(rest, name),
        _ => false,
    }
}

/// The lesson to measure by: the one that is named, or the last.
fn lesson(name: Option<&str>) -> Result<&'static Lesson, Stop> {
    // The list is a constant with seven entries and more.
    let last = &LESSONS[LESSONS.len() - 1];
    let Some(name) = name else {
        return Ok(last);
    };
    lessons::find(name).ok_or_else(|| {
        Stop::Usage(format!(
            "there is no lesson {name:?}. There are {} to {}.",
            LESSONS[0].package, last.package
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<&'static str> {
        let probes = meant(word).unwrap_or_default();
        probes.iter().map(|probe| probe.name).collect()
    }

    #[test]
    fn a_word_means_a_probe_a_group_or_a_pattern() {
        assert_eq!(names("hello"), ["hello"]);
        assert_eq!(names("limits"), ["huge-head", "many-fields", "long-target"]);
        assert_eq!(
            names("keep-alive*"),
            ["keep-alive", "keep-alive-1.0", "keep-alive-reuse"]
        );
        assert_eq!(names("http-?.2"), ["http-1.2"]);
        assert!(names("chunky").is_empty() && names("chunke*x").is_empty());
    }
}
