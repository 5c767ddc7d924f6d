//! The whole way, from one socket to many machines: what each step bought, and what it cost.

use std::fmt::Write as _;

use check::lessons::Lesson;

use crate::million::grouped;
use crate::runs::{KEPT, NEW, Runs};

/// A step of the course, in a few words that fit into a drawing.
struct Step {
    lesson: u8,
    /// What there is now.
    is: &'static str,
    bought: &'static str,
    cost: &'static str,
}

const STEPS: [Step; 14] = [
    step(1, "a socket", "an answer", "everybody waits for one"),
    step(
        2,
        "a request",
        "it knows what was asked",
        "nobody else can write the answer",
    ),
    step(
        3,
        "a gateway",
        "any application, any server",
        "a call and a table for each request",
    ),
    step(
        4,
        "a framework",
        "applications in a few lines",
        "one slow one stops them all",
    ),
    step(
        5,
        "a process each",
        "nobody waits for a slow one",
        "a copy of the server for each",
    ),
    step(
        6,
        "a thread each",
        "the same, cheaper",
        "one memory, and a stack for each",
    ),
    step(
        7,
        "a pool",
        "an upper bound, and kept connections",
        "a quiet client owns a worker",
    ),
    step(
        8,
        "a stream between",
        "TLS, many applications",
        "a handshake, and keys to keep",
    ),
    step(
        9,
        "messages",
        "the server may speak first",
        "a connection that stays for hours",
    ),
    step(
        10,
        "an event loop",
        "a quiet client costs bytes",
        "code that is cut into steps",
    ),
    step(
        11,
        "greenlets",
        "code that reads from the top",
        "a stack for each, and no second core",
    ),
    step(
        12,
        "async",
        "the compiler cuts the code",
        "functions of two colours",
    ),
    step(
        13,
        "Python",
        "the frameworks that people use",
        "one lock for all threads",
    ),
    step(
        14,
        "many",
        "restarts, and machines that may die",
        "a balancer, a bus, and doubt",
    ),
];

const fn step(lesson: u8, is: &'static str, bought: &'static str, cost: &'static str) -> Step {
    Step {
        lesson,
        is,
        bought,
        cost,
    }
}

/// The steps of the lessons that exist.
fn steps(lessons: &[Lesson]) -> impl Iterator<Item = (&Step, &Lesson)> {
    STEPS.iter().filter_map(|step| {
        let lesson = lessons.iter().find(|it| it.number == step.lesson)?;
        Some((step, lesson))
    })
}

const ROW: usize = 52;
const TOP: usize = 8;

/// The picture: a step under the other, what it bought to the right of it, and below what it cost.
pub fn draw(lessons: &[Lesson]) -> String {
    let steps: Vec<_> = steps(lessons).collect();
    let height = TOP + steps.len() * ROW;
    let mut svg = format!("<svg viewBox=\"0 0 440 {height}\" role=\"img\">\n");
    svg.push_str("<title>From one socket to many machines</title>\n<desc>Steps, one below the other, joined by a line. ");
    for (step, _) in &steps {
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "{}, {}: it bought {}; it cost {}. ",
            step.lesson, step.is, step.bought, step.cost
        );
    }
    svg.push_str("</desc>\n");
    let last = TOP + steps.len().saturating_sub(1) * ROW + 20;
    let _ = writeln!(
        svg,
        "<line class=\"line\" x1=\"20\" y1=\"20\" x2=\"20\" y2=\"{last}\"/>"
    );
    for (index, (step, _)) in steps.iter().enumerate() {
        let y = TOP + index * ROW;
        let Step {
            lesson,
            is,
            bought,
            cost,
        } = step;
        let (title, below) = (y + 17, y + 35);
        let _ = writeln!(
            svg,
            "<rect class=\"served\" x=\"1\" y=\"{y}\" width=\"38\" height=\"24\" rx=\"4\"/>\n\
             <text class=\"on mid\" x=\"20\" y=\"{title}\">{lesson:02}</text>\n\
             <text x=\"50\" y=\"{title}\">{is}</text>\n\
             <text class=\"small\" x=\"178\" y=\"{title}\">+ {bought}</text>\n\
             <text class=\"small dim\" x=\"178\" y=\"{below}\">− {cost}</text>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The table: the same steps, with what was measured of each.
pub fn table(lessons: &[Lesson], runs: &Runs) -> String {
    let mut text = String::from(
        "<!-- Written by `cargo run -p book -- million`. -->\n\n\
         | step | it bought | it cost | a new connection | a request on a kept one | a quiet client | twelve sleepers |\n\
         |---|---|---|--:|--:|--:|--:|\n",
    );
    let race = runs.race.as_ref();
    let number = |value: Option<f64>, decimals: usize, unit: &str| {
        value.map_or("–".to_owned(), |value| {
            format!("{} {unit}", grouped(value, decimals))
        })
    };
    for (step, lesson) in steps(lessons) {
        let name = lesson.package;
        let cpu = |class: &str| race.and_then(|race| race.cpu(class, name));
        let quiet = race.and_then(|race| race.quiet(name, None));
        let total = runs.sleep.as_ref().and_then(|sleep| sleep.total(name));
        let _ = writeln!(
            text,
            "| [{} {}]({}) | {} | {} | {} | {} | {} | {} |",
            step.lesson,
            step.is,
            lesson.chapter,
            step.bought,
            step.cost,
            number(cpu(NEW), 1, "µs"),
            number(cpu(KEPT), 1, "µs"),
            number(quiet, 0, "B"),
            number(total.map(|total| total / 1000.0), 2, "s"),
        );
    }
    let race = race.map(|race| ("processor time and quiet clients", &race.stamp));
    let sleep = runs.sleep.as_ref().map(|sleep| ("sleepers", &sleep.stamp));
    for (what, stamp) in [race, sleep].into_iter().flatten() {
        let _ = write!(text, "\n*Measured, {what}:* {}\n", stamp.line());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Planted;
    use crate::rules::figures;
    use crate::runs::tests::race;
    use check::lessons::LESSONS;

    #[test]
    fn every_lesson_has_its_step() {
        for lesson in LESSONS {
            assert!(STEPS.iter().any(|step| step.lesson == lesson.number));
        }
        let words = |step: &Step| [step.is, step.bought, step.cost].map(str::len);
        assert!(
            STEPS
                .iter()
                .all(|step| words(step).iter().all(|length| *length < 42))
        );
    }

    #[test]
    fn the_picture_keeps_the_rules_of_figures() {
        let planted = Planted::clean();
        planted.write("book/src/figures/01-tiny.svg", &draw(LESSONS));
        assert_eq!(figures::check(&planted.tree()), []);
    }

    #[test]
    fn the_table_has_what_was_measured_and_gaps() {
        let runs = Runs {
            race: Some(race()),
            ..Runs::default()
        };
        let text = table(LESSONS, &runs);
        let row = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        assert!(
            row("| [10 ").ends_with("| – | 12.5 µs | 400 B | – |"),
            "{text}"
        );
        assert!(row("| [1 ").ends_with("| – | – | – | – |"), "{text}");
    }
}
