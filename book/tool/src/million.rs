//! The calculator of the page "To a million users": its numbers are from the runs, its formulas are
//! shown, and it stands in the page with its results for those who have no scripts.

use std::collections::HashMap;
use std::fmt::Write as _;

use kit::xml::escaped;

use crate::formula;
use crate::runs::{KEPT, Runs};

/// What can be typed.
struct Input {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    default: Option<f64>,
    /// Where the default comes from.
    source: String,
}

/// What follows.
struct Output {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    formula: &'static str,
    decimals: usize,
}

/// Names that stand for a number.
const CONSTANTS: [(&str, f64); 3] = [
    ("million", 1_000_000.0),
    ("billion", 1_000_000_000.0),
    ("GiB", 1_073_741_824.0),
];

fn inputs(runs: &Runs) -> Vec<Input> {
    let race = runs.race.as_ref();
    let server = ["lesson10", "lesson07"]
        .into_iter()
        .find_map(|name| Some((name, race?.cpu(KEPT, name)?)));
    let quiet = ["lesson10", "lesson09", "lesson12"]
        .into_iter()
        .find_map(|name| Some((name, race?.quiet(name, None)?)));
    let measured = |name: Option<&str>, what: &str| match name {
        Some(name) => format!("measured: {name}, {what}"),
        None => "not measured yet".to_owned(),
    };
    let number = |name, label, unit, default| Input {
        name,
        label,
        unit,
        default: Some(default),
        source: "our assumption, yours to change".to_owned(),
    };
    vec![
        number("users", "people who are connected at once", "", 1_000_000.0),
        number("pause", "between two requests of each", "s", 30.0),
        number(
            "work",
            "your application's processor time",
            "µs a request",
            1000.0,
        ),
        Input {
            name: "server",
            label: "the server's processor time",
            unit: "µs a request",
            default: server.map(|(_, time)| time),
            source: measured(server.map(|(name, _)| name), "connections kept alive"),
        },
        Input {
            name: "quiet",
            label: "the server's memory for a quiet client",
            unit: "bytes",
            default: quiet.map(|(_, bytes)| bytes),
            source: measured(quiet.map(|(name, _)| name), "a crowd of quiet clients"),
        },
        Input {
            name: "socket",
            label: "the kernel's memory for a socket",
            unit: "bytes",
            default: runs.socket.as_ref().map(|it| it.bytes as f64),
            source: measured(runs.socket.as_ref().map(|_| "the kernel"), "its own count"),
        },
        number("answer", "an answer with its head", "bytes", 10_000.0),
        number("cores", "cores of a machine", "", 8.0),
        number("memory", "memory of a machine", "GiB", 16.0),
        number("load", "how busy it may be, 1 is all", "", 0.5),
        Input {
            source: "Linux: 32768 to 60999".to_owned(),
            ..number(
                "ports",
                "ports of one address for connections",
                "",
                28_232.0,
            )
        },
        Input {
            name: "proxy",
            label: "nginx's processor time, answering itself",
            unit: "µs a request",
            default: race.and_then(|race| race.cpu(KEPT, "nginx")),
            source: measured(
                race.and_then(|race| race.cpu(KEPT, "nginx"))
                    .map(|_| "nginx"),
                "connections kept alive",
            ),
        },
    ]
}

const OUTPUTS: [Output; 14] = [
    output("rate", "requests in a second", "", "users / pause", 0),
    output(
        "busy",
        "cores that work all the time",
        "",
        "rate * (work + server) / million",
        1,
    ),
    output(
        "for_cores",
        "machines, by their cores",
        "",
        "ceil(busy / (cores * load))",
        0,
    ),
    output(
        "held",
        "memory for all who are quiet",
        "GiB",
        "users * (quiet + socket) / GiB",
        1,
    ),
    output(
        "for_memory",
        "machines, by their memory",
        "",
        "ceil(held / (memory * load))",
        0,
    ),
    output(
        "machines",
        "machines, one of which may be away",
        "",
        "max(for_cores, for_memory) + 1",
        0,
    ),
    output(
        "each",
        "clients on each machine, at worst",
        "",
        "ceil(users / (machines - 1))",
        0,
    ),
    output(
        "descriptors",
        "descriptors of each machine (LimitNOFILE)",
        "",
        "each * 2 + 1000",
        0,
    ),
    output(
        "pairs",
        "pairs of addresses from the balancers to each machine",
        "",
        "ceil(each / ports)",
        0,
    ),
    output(
        "wire",
        "on the wire",
        "Gbit/s",
        "rate * answer * 8 / billion",
        2,
    ),
    output(
        "front_busy",
        "cores of all balancers that work all the time",
        "",
        "rate * 2 * proxy / million",
        1,
    ),
    output(
        "front_held",
        "the kernel's memory for both sides of the balancers",
        "GiB",
        "users * 2 * socket / GiB",
        1,
    ),
    output(
        "front_descriptors",
        "descriptors of all balancers",
        "",
        "users * 2",
        0,
    ),
    output(
        "balancers",
        "balancers, one of which may be away",
        "",
        "max(ceil(front_busy / (cores * load)), ceil(front_held / (memory * load))) + 1",
        0,
    ),
];

const fn output(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    formula: &'static str,
    decimals: usize,
) -> Output {
    Output {
        name,
        label,
        unit,
        formula,
        decimals,
    }
}

/// The calculator, with the stamps of the runs under it.
pub fn calculator(runs: &Runs) -> Result<String, String> {
    let inputs = inputs(runs);
    let values = computed(&inputs)?;
    let mut page = String::from("<!-- Written by `cargo run -p book -- million`. -->\n\n");
    page.push_str("<form class=\"calculator\" autocomplete=\"off\">\n<table>\n");
    page.push_str(
        "<tr><th>name</th><th>what you have</th><th></th><th>where it is from</th></tr>\n",
    );
    for input in &inputs {
        let Input {
            name,
            label,
            unit,
            source,
            ..
        } = input;
        let value = input.default.map_or(String::new(), |value| plain(value, 1));
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<tr><td><code>{name}</code></td><td><label for=\"in-{name}\">{label}</label></td>\
             <td><input id=\"in-{name}\" name=\"{name}\" inputmode=\"decimal\" value=\"{value}\" \
             placeholder=\"–\"> {unit}</td><td>{}</td></tr>",
            escaped(source)
        );
    }
    page.push_str("</table>\n<table>\n");
    page.push_str("<tr><th>name</th><th>what follows</th><th></th><th>because</th></tr>\n");
    for it in &OUTPUTS {
        let value = values.get(it.name).copied().flatten();
        let value = value.map_or("–".to_owned(), |value| grouped(value, it.decimals));
        let _ = writeln!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td><output name=\"out-{}\">{value}</output> \
             {}</td><td><code>{}</code></td></tr>",
            it.name,
            it.label,
            it.name,
            it.unit,
            escaped(&formula::shown(it.formula))
        );
    }
    page.push_str("</table>\n</form>\n");
    page.push_str(&script()?);
    page.push_str(&stamps(runs));
    Ok(page)
}

/// Every name with its value.
fn computed(inputs: &[Input]) -> Result<HashMap<&'static str, Option<f64>>, String> {
    let mut values: HashMap<&str, Option<f64>> = HashMap::new();
    values.extend(CONSTANTS.map(|(name, value)| (name, Some(value))));
    values.extend(inputs.iter().map(|input| (input.name, input.default)));
    for it in &OUTPUTS {
        let value = formula::value(it.formula, &|name| values.get(name).copied().flatten())?;
        values.insert(it.name, value);
    }
    Ok(values)
}

/// The same formulas for the browser. Without scripts the numbers above stay as they are.
fn script() -> Result<String, String> {
    let mut script = String::from(
        "<script>\n\
         (() => {\n\
         const form = document.querySelector(\"form.calculator\");\n\
         const grouped = (value, decimals) => {\n\
         if (!Number.isFinite(value)) return \"–\";\n\
         const [whole, rest] = value.toFixed(decimals).split(\".\");\n\
         const groups = whole.replace(/\\B(?=(\\d{3})+$)/g, \"\\u202f\");\n\
         return rest ? groups + \".\" + rest : groups;\n\
         };\n\
         const compute = () => {\n",
    );
    script.push_str("const it = {");
    for (name, value) in CONSTANTS {
        let _ = write!(script, "{name}: {value}, ");
    }
    script.push_str("};\n");
    script.push_str(
        "for (const input of form.querySelectorAll(\"input\")) {\n\
         it[input.name] = parseFloat(input.value);\n\
         }\n\
         const show = (name, value, decimals) => {\n\
         it[name] = value;\n\
         form.elements[\"out-\" + name].value = grouped(value, decimals);\n\
         };\n",
    );
    for it in &OUTPUTS {
        let formula = formula::script(it.formula)?;
        let _ = writeln!(script, "show(\"{}\", {formula}, {});", it.name, it.decimals);
    }
    script.push_str(
        "};\n\
         form.addEventListener(\"input\", compute);\n\
         form.addEventListener(\"submit\", (event) => event.preventDefault());\n\
         })();\n\
         </script>\n\n",
    );
    Ok(script)
}

fn stamps(runs: &Runs) -> String {
    let race = runs.race.as_ref().map(|race| ("the servers", &race.stamp));
    let socket = runs
        .socket
        .as_ref()
        .map(|socket| ("the kernel", &socket.stamp));
    let lines = [race, socket].into_iter().flatten();
    let lines = lines.map(|(what, stamp)| format!("*Measured, {what}:* {}\n\n", stamp.line()));
    let text: String = lines.collect();
    text.trim_end().to_owned() + "\n"
}

/// A number as a form wants it: `1000000`, `12.5`.
fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, rest)) if rest.trim_end_matches('0').is_empty() => whole.to_owned(),
        _ => text,
    }
}

/// A number as a reader wants it: `1 000 000`, with narrow blanks.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut groups = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            groups.push('\u{202f}');
        }
        groups.push(digit);
    }
    match rest {
        "" => groups,
        rest => format!("{groups}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::tests::race;

    fn value(page: &str, name: &str) -> String {
        let start = format!("<output name=\"out-{name}\">");
        let (_, after) = page.split_once(&start).unwrap();
        after.split_once('<').unwrap().0.to_owned()
    }

    #[test]
    fn what_follows_is_computed_from_what_was_measured() {
        let runs = Runs {
            race: Some(race()),
            ..Runs::default()
        };
        let page = calculator(&runs).unwrap();
        assert_eq!(value(&page, "rate"), "33\u{202f}333");
        // 33,333 requests of 1,012.5 µs.
        assert_eq!(value(&page, "busy"), "33.8");
        assert_eq!(value(&page, "for_cores"), "9");
        assert_eq!(value(&page, "front_busy"), "1.0");
        assert!(page.contains("measured: lesson10, connections kept alive"));
    }

    #[test]
    fn what_was_not_measured_leaves_a_gap_and_no_guess() {
        let page = calculator(&Runs::default()).unwrap();
        assert_eq!(value(&page, "rate"), "33\u{202f}333");
        for name in ["busy", "held", "machines", "balancers"] {
            assert_eq!(value(&page, name), "–", "{name}");
        }
        assert!(page.contains("not measured yet"));
    }

    #[test]
    fn every_formula_names_only_what_stands_above_it() {
        let mut names: Vec<&str> = CONSTANTS.map(|(name, _)| name).into();
        let inputs = inputs(&Runs::default());
        names.extend(inputs.iter().map(|input| input.name));
        for it in &OUTPUTS {
            let known = |name: &str| names.contains(&name).then_some(1.0);
            let value = formula::value(it.formula, &known);
            assert!(value.is_ok_and(|value| value.is_some()), "{}", it.formula);
            names.push(it.name);
        }
    }

    #[test]
    fn the_calculator_has_no_blank_line_that_would_end_it() {
        let page = calculator(&Runs::default()).unwrap();
        let form = page.split_once("<form").unwrap().1;
        let form = form.split_once("</script>").unwrap().0;
        assert!(!form.contains("\n\n"));
    }

    #[test]
    fn numbers_are_written_for_forms_and_for_readers() {
        assert_eq!(plain(1_000_000.0, 1), "1000000");
        assert_eq!(plain(12.54, 1), "12.5");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(1_234_567.26, 1), "1\u{202f}234\u{202f}567.3");
    }
}
