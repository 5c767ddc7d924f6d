//! Which machine answered in which tenth of a second.

use std::time::Duration;

use load::Record;
use serde::{Deserialize, Serialize};

/// How long a cell of a timeline is.
pub const CELL_MS: u64 = 100;

/// The names of the machines, in their order.
pub const MACHINES: [&str; 3] = ["one", "two", "three"];

/// What became of the requests that were due in 100 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Answered by each machine.
    pub answered: [u32; 3],
    /// Answered by nobody.
    pub lost: u32,
}

/// Counts a request where it was due.
pub fn add(record: &Record, cells: &mut Vec<Cell>) {
    let cell = (milliseconds(record.due) / CELL_MS) as usize;
    if cells.len() <= cell {
        cells.resize(cell + 1, Cell::default());
    }
    match machine_of(record) {
        Some(machine) => cells[cell].answered[machine] += 1,
        None => cells[cell].lost += 1,
    }
}

/// The cells of two loads that began at the same moment.
pub fn both([one, other]: &[Vec<Cell>; 2]) -> Vec<Cell> {
    let at = |cells: &[Cell], index| cells.get(index).copied().unwrap_or_default();
    let cells = (0..one.len().max(other.len())).map(|index| {
        let (one, other) = (at(one, index), at(other, index));
        Cell {
            answered: std::array::from_fn(|it| one.answered[it] + other.answered[it]),
            lost: one.lost + other.lost,
        }
    });
    cells.collect()
}

/// Which machine has answered, as the balancer says. An answer of the balancer itself has none.
fn machine_of(record: &Record) -> Option<usize> {
    record.result.ok()?;
    let answer = String::from_utf8_lossy(&record.answer);
    let lines = answer.lines().take_while(|line| !line.is_empty());
    let name = lines
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("x-machine"))
        .map(|(_, machine)| machine.trim())?;
    MACHINES.iter().position(|machine| *machine == name)
}

/// In whole milliseconds.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_loads_are_one_picture() {
        let cell = |answered, lost| Cell { answered, lost };
        let one = vec![cell([1, 0, 0], 0), cell([0, 2, 0], 1)];
        let other = vec![cell([0, 0, 3], 1)];
        let together = [cell([1, 0, 3], 1), cell([0, 2, 0], 1)];
        assert_eq!(both(&[one.clone(), other.clone()]), together);
        assert_eq!(both(&[other, one]), together);
    }
}
