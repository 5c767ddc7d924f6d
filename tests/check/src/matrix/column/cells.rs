//! Which cells of a column are run: all of them, or those that somebody is at work on.

use crate::probe::Probe;
use crate::probes;

/// The probes with these names, which commas separate; all, if nothing is said. The error names
/// what does not exist.
pub(super) fn chosen(wanted: Option<&str>) -> Result<Vec<&'static Probe>, String> {
    let Some(wanted) = wanted else {
        return Ok(probes::all().collect());
    };
    let names = wanted.split(',').map(str::trim);
    names
        .map(|name| {
            probes::find(name).ok_or_else(|| {
                format!("CELL: there is no probe {name:?}; `cargo run -p check -- list` names all")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: Option<&str>) -> Result<Vec<&'static str>, String> {
        Ok(chosen(wanted)?.iter().map(|probe| probe.name).collect())
    }

    #[test]
    fn without_a_wish_every_cell_is_run() {
        assert_eq!(names(None).unwrap().len(), probes::all().count());
    }

    #[test]
    fn a_wish_names_one_cell_or_several() {
        assert_eq!(names(Some("hello")), Ok(vec!["hello"]));
        let two = names(Some("hello, deaf-client"));
        assert_eq!(two, Ok(vec!["hello", "deaf-client"]));
    }

    #[test]
    fn a_cell_that_does_not_exist_is_no_cell_that_passes() {
        assert!(names(Some("helo")).unwrap_err().contains("\"helo\""));
        assert!(names(Some("")).is_err());
    }
}
