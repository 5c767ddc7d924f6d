//! Runs as drawings, in the visual language of the book: grey waits, colour is being served.
//!
//! A drawing uses the classes of the book's style sheet and no colours of its own, so that it is
//! right in every theme. One that stands alone brings a style sheet along.

use std::fmt::Write as _;

use kit::xml::on_one_line;

use crate::axis::{Axis, LEFT, RIGHT, WIDTH};
use crate::lanes::{Strip, of_run, seconds};
use crate::plan::Load;
use crate::report::Report;
use crate::run::Run;

const BAR: f64 = 20.0;
const STEP: f64 = 24.0;
/// One run, each request with its worker's name.
pub fn one(run: &Run, load: &Load) -> String {
    let strips = of_run(&run.requests);
    let axis = Axis {
        scale_ms: run.summary.total_ms.max(run.summary.ideal_ms),
    };
    let top = 24.0;
    let bottom = top + STEP * strips.len() as f64;
    let mut svg = opening(bottom + 2.0);
    describe(&mut svg, &title(run), &lanes_in_words(&strips));
    axis.labels(&mut svg, load, top - 10.0);
    axis.lines(&mut svg, load, top - 4.0, bottom);
    for (index, strip) in strips.iter().enumerate() {
        let y = top + STEP * index as f64;
        let text_y = y + 14.5;
        let _ = writeln!(
            svg,
            "<text class=\"small dim end\" x=\"{}\" y=\"{text_y}\">{}</text>",
            LEFT - 6.0,
            index + 1
        );
        axis.bars(&mut svg, strip, y, BAR);
        axis.label(&mut svg, strip, text_y);
    }
    svg.push_str("</svg>\n");
    svg
}

/// All runs below each other, on one scale.
pub fn all(report: &Report) -> String {
    const LANE: f64 = 8.0;
    const NEXT: f64 = 10.0;
    const HEAD: f64 = 22.0;
    const GAP: f64 = 14.0;
    let axis = Axis {
        scale_ms: report.longest_ms(),
    };
    let block = |run: &Run| HEAD + NEXT * run.requests.len() as f64 + GAP;
    let top = 22.0;
    let bottom = top + report.runs.iter().map(block).sum::<f64>() - GAP;
    let mut svg = opening(bottom + 2.0);
    let Load {
        requests, sleep_ms, ..
    } = report.load;
    let title = format!(
        "{requests} requests at once, each sleeps {}",
        seconds(sleep_ms as f64)
    );
    let words: Vec<String> = report.runs.iter().map(run_in_words).collect();
    let description = format!(
        "One block for each server, one lane for each request, time to the right on one scale. {}",
        words.join(" ")
    );
    describe(&mut svg, &title, &description);
    axis.labels(&mut svg, &report.load, top - 8.0);
    let mut y = top;
    for run in &report.runs {
        let total = format!("{:.2} s", run.summary.total_ms / 1000.0);
        let text = on_one_line(&format!("{}: {}", run.name, run.words));
        let baseline = y + 15.0;
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{baseline}\">{text}</text>");
        let _ = writeln!(
            svg,
            "<text class=\"end\" x=\"{RIGHT}\" y=\"{baseline}\">{total}</text>"
        );
        axis.lines(&mut svg, &report.load, y + HEAD - 1.0, y + block(run) - GAP);
        for (index, strip) in of_run(&run.requests).iter().enumerate() {
            axis.bars(&mut svg, strip, y + HEAD + NEXT * index as f64, LANE);
        }
        y += block(run);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The same drawing as a file that a browser can open by itself.
pub fn alone(drawing: &str) -> String {
    drawing
        .replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1)
        .replacen("</desc>\n", &format!("</desc>\n{STYLE}"), 1)
}

/// The classes of the book's style sheet that a drawing uses, for a page that is not the book's.
const STYLE: &str = "\
<style>
text { font: 14px \"Open Sans\", \"Segoe UI\", sans-serif; fill: #24292f; }
.small { font-size: 12px; }
.dim { fill: #4d555d; }
.end { text-anchor: end; }
.mid { text-anchor: middle; }
.over { stroke: #ffffff; stroke-width: 4; stroke-linejoin: round; paint-order: stroke; }
.wait { fill: #d3d7dc; }
.served { fill: #2065a8; }
.on { fill: #ffffff; font-weight: 600; }
.wrong { fill: #fbe3df; stroke: #a3271c; stroke-dasharray: 5 3; }
text.wrong { fill: #a3271c; stroke: none; }
.lane { fill: none; stroke: #b4bac1; }
.open { fill: none; stroke: #8b939c; stroke-dasharray: 3 3; }
.grid { fill: none; stroke: #d3d7dc; }
.curve { fill: none; stroke: #2065a8; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
svg { background: #16181d; }
text { fill: #e6edf3; }
.dim { fill: #c0c8d4; }
.wait { fill: #4a5263; }
.served { fill: #3d8bd8; }
.on { fill: #06111f; }
.wrong { fill: #50292a; stroke: #ff9a8a; }
text.wrong { fill: #ff9a8a; }
.lane { stroke: #5d667a; }
.open { stroke: #5d667a; }
.grid { stroke: #4a5263; }
.curve { stroke: #3d8bd8; }
.over { stroke: #16181d; }
}
</style>
";

fn opening(height: f64) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n")
}

fn describe(svg: &mut String, title: &str, description: &str) {
    let _ = writeln!(svg, "<title>{}</title>", on_one_line(title));
    let _ = writeln!(svg, "<desc>{}</desc>", on_one_line(description));
}

/// The title of the drawing of one run.
pub fn title(run: &Run) -> String {
    let count = run.requests.len();
    format!("{count} requests at once to {}: {}", run.name, run.words)
}

/// Every lane, for somebody who cannot see them.
fn lanes_in_words(strips: &[Strip]) -> String {
    let lanes = (1..).zip(strips).map(|(number, strip)| {
        let end = seconds(strip.end_ms);
        match strip.served_ms {
            Some((from, until)) => {
                let by = match strip.label.as_str() {
                    "" => String::new(),
                    worker => format!(" by {worker}"),
                };
                let waits = match (seconds(strip.sent_ms), seconds(from)) {
                    (sent, from) if sent == from => String::new(),
                    (_, from) => format!("waits until {from}, then "),
                };
                let until = seconds(until);
                format!("Lane {number}: {waits}is served{by} until {until}.")
            }
            None => format!("Lane {number}: no answer, {} at {end}.", strip.label),
        }
    });
    let lanes: Vec<String> = lanes.collect();
    format!(
        "One lane for each request, time to the right. {}",
        lanes.join(" ")
    )
}

fn run_in_words(run: &Run) -> String {
    let lost = match run.summary.failed {
        0 => String::new(),
        failed => format!("; {failed} got no answer"),
    };
    format!(
        "{}, {}: {} in all, where {} would be ideal{lost}.",
        run.name,
        run.words,
        seconds(run.summary.total_ms),
        seconds(run.summary.ideal_ms)
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::observe::Observed;
    use crate::plan::Kind;
    use crate::request::{Outcome, Request, Service};
    use crate::run::Summary;
    use kit::stamp::Stamp;
    use std::collections::BTreeSet;

    /// One request that was served at once, one that waited, one that was refused.
    fn run(name: &str, sleep_ms: f64, worker: &str) -> Run {
        let served = |from_ms: f64| {
            let until_ms = from_ms + sleep_ms;
            let service = Service {
                from_ms,
                until_ms,
                told: true,
                pid: Some(7),
                thread: Some(worker.to_owned()),
            };
            (until_ms, Outcome::Served(service))
        };
        let ends = [served(0.0), served(sleep_ms), (1.0, Outcome::Refused(503))];
        let requests = ends.map(|(end_ms, outcome)| Request {
            sent_ms: 0.0,
            first_byte_ms: Some(end_ms),
            end_ms,
            outcome,
        });
        Run {
            name: name.to_owned(),
            words: "one & only\n\n".to_owned(),
            kind: Kind::OneAtATime,
            summary: Summary {
                total_ms: sleep_ms * 2.0,
                p50_ms: sleep_ms,
                p95_ms: sleep_ms * 2.0,
                max_ms: sleep_ms * 2.0,
                ideal_ms: sleep_ms * 3.0,
                overhead: None,
                failed: 1,
            },
            rounds_ms: vec![sleep_ms * 2.0],
            observed: Some(Observed {
                processes: 1,
                threads: 1,
                peak_memory_kib: 2048,
                context_switches: 9,
            }),
            requests: requests.to_vec(),
        }
    }

    fn report() -> Report {
        let text = String::new;
        Report {
            stamp: Stamp {
                machine: text(),
                kernel: text(),
                rustc: text(),
                commit: text(),
                build: None,
            },
            load: Load {
                requests: 3,
                sleep_ms: 500,
                workers: 2,
            },
            runs: vec![
                run("lesson03", 500.0, "main"),
                run("<b>:1", 500.0, "a<b> \"c\""),
            ],
        }
    }

    fn drawings() -> Vec<String> {
        let report = report();
        let ones = report.runs.iter().map(|run| one(run, &report.load));
        ones.chain([all(&report)]).collect()
    }

    /// What stands between `before` and the next quotation mark, everywhere.
    fn values<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
        let parts = text.split(before).skip(1);
        parts.filter_map(|part| part.split('"').next()).collect()
    }

    #[test]
    fn a_drawing_keeps_the_rules_of_the_book() {
        for svg in drawings() {
            assert!(svg.starts_with("<svg viewBox=\"0 0 480 "), "{svg}");
            assert!(svg.lines().all(|line| !line.trim().is_empty()), "{svg}");
            assert!(svg.contains("role=\"img\">\n<title>") && svg.contains("</title>\n<desc>"));
            for forbidden in [
                "<style",
                "style=",
                "fill=",
                "stroke=",
                "font-size=",
                " id=",
                "#",
            ] {
                assert!(!svg.contains(forbidden), "{forbidden} in {svg}");
            }
        }
    }

    #[test]
    fn every_class_is_one_of_the_books_and_of_our_own_style_sheet() {
        let drawings = drawings().concat();
        classes_are_known(&drawings);
        assert!(drawings.contains("\"wait\"") && drawings.contains("\"served\""));
    }

    /// Fails if a drawing uses a class that one of the style sheets lacks.
    pub(crate) fn classes_are_known(drawings: &str) {
        let course = include_str!("../../../book/theme/course.css");
        let classes = values(drawings, "class=\"");
        let classes: BTreeSet<_> = classes.iter().flat_map(|list| list.split(' ')).collect();
        for class in classes {
            assert!(course.contains(&format!(".{class} {{")), "{class}");
            assert!(STYLE.contains(&format!(".{class} {{")), "{class}");
        }
    }

    #[test]
    fn nothing_leaves_the_drawing() {
        for svg in drawings() {
            let rectangles = svg.lines().filter(|line| line.starts_with("<rect"));
            for rectangle in rectangles {
                let number = |name: &str| values(rectangle, name)[0].parse::<f64>().unwrap();
                let (x, width) = (number(" x=\""), number(" width=\""));
                assert!(x >= LEFT && x + width <= RIGHT + 0.1, "{rectangle}");
            }
            for x in values(&svg, "<text class=\"small\" x=\"") {
                assert!(x.parse::<f64>().unwrap() < WIDTH - 100.0, "{svg}");
            }
        }
    }

    #[test]
    fn names_of_servers_and_workers_are_text_and_nothing_else() {
        let svg = one(&report().runs[1], &report().load);
        assert!(svg.contains("&lt;b&gt;:1: one &amp; only"), "{svg}");
        assert!(svg.contains("a&lt;b&gt; &quot;c&quot;"), "{svg}");
    }

    #[test]
    fn the_description_tells_every_lane() {
        let svg = one(&report().runs[0], &report().load);
        for words in [
            "Lane 1: is served by main until 0.5 s.",
            "Lane 2: waits until 0.5 s, then is served by main until 1 s.",
            "Lane 3: no answer, 503 at 0 s.",
        ] {
            assert!(svg.contains(words), "{words:?} is not in {svg}");
        }
    }

    #[test]
    fn a_drawing_that_stands_alone_brings_its_colours() {
        let alone = alone(&drawings()[0]);
        assert!(alone.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="));
        assert!(alone.contains("</desc>\n<style>") && alone.contains("prefers-color-scheme"));
    }
}
