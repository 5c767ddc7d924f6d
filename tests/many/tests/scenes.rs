//! The experiment itself, with what it promises.

use std::path::Path;
use std::process::Command;

use kit::needed;
use many::balancer::haproxy;
use many::report::{Act, Report};
use many::scene::Scene;

/// What a machine may hold at once: `maxconn` of its line in the balancer's configuration. As many
/// requests die with it, if they may not be repeated.
const HELD: usize = 6;

/// How often a run is repeated that says of itself that it was too busy to keep its schedule.
const RUNS: usize = 3;

fn is_missing() -> bool {
    let found = haproxy();
    let absent = found.as_ref().err().map(ToString::to_string);
    !needed::or_skip(found.is_ok(), &absent.unwrap_or_default())
}

fn run(number: usize) -> Report {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = |ending: &str| folder.join(format!("many-{number}.{ending}"));
    let output = Command::new(env!("CARGO_BIN_EXE_many"))
        .arg("--json")
        .arg(file("json"))
        .arg("--svg")
        .arg(file("svg"))
        .arg("--html")
        .arg(file("html"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{shown}");
    println!("{shown}");
    let drawing = std::fs::read_to_string(file("svg")).unwrap();
    let page = std::fs::read_to_string(file("html")).unwrap();
    assert!(drawing.starts_with("<svg ") && page.contains(&drawing));
    let report = std::fs::read_to_string(file("json")).unwrap();
    serde_json::from_str(&report).unwrap()
}

/// The scenes, each from a run in which the load was the one that was asked for, if there is one.
fn quiet_acts() -> Vec<Act> {
    let mut acts = run(1).acts;
    for number in 2..=RUNS {
        if acts.iter().all(|act| act.remark.is_none()) {
            break;
        }
        let again = run(number).acts;
        for (act, again) in acts.iter_mut().zip(again) {
            if act.remark.is_some() {
                *act = again;
            }
        }
    }
    acts
}

#[test]
fn reloads_and_restarts_lose_nothing_and_a_death_costs_what_may_not_be_repeated() {
    if is_missing() {
        return;
    }
    for act in quiet_acts() {
        let is = |scene: Scene| act.name == scene.name();
        assert_eq!(act.get.lost, 0, "{act:?}");
        assert!(act.get.requests > 100 && act.post.requests > 30, "{act:?}");
        if is(Scene::Reload) || is(Scene::Restart) {
            assert_eq!(act.post.lost, 0, "{act:?}");
        } else if is(Scene::Kill) {
            assert!(act.post.lost <= HELD, "{act:?}");
        }
    }
}

#[test]
fn the_drawing_in_the_book_follows_from_its_data() {
    let root = check::workshop::workspace();
    // Nobody has measured yet.
    let Ok(data) = std::fs::read_to_string(root.join(many::book::DATA)) else {
        return;
    };
    let report: Report = serde_json::from_str(&data).unwrap();
    let drawn = std::fs::read_to_string(root.join(many::book::DRAWING)).unwrap();
    let mend = "cargo run -p many -- --book writes it";
    assert_eq!(drawn, many::timeline::draw(&report), "{mend}");
}
