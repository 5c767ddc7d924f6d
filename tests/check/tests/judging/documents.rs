//! What the command writes for machines.

use std::net::SocketAddr;

use crate::command::{THREE, check, on};
use crate::little::*;
use serde_json::Value;

/// A server that answers anything with a page: it has a must, a should and an opinion against it.
fn careless() -> SocketAddr {
    in_threads(good)
}

#[test]
fn the_json_document_opens_and_says_what_the_lines_say() {
    let address = careless().to_string();
    let (text, code) = check(&on(&address, &[&["--json"], &THREE[..]].concat()));
    assert_eq!(code, 1);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["passed"], false);
    assert_eq!(document["complete"], true);
    assert_eq!(document["summary"]["must"], 1);
    let probes = document["probes"].as_array().unwrap();
    let of = |name: &str| probes.iter().find(|probe| probe["name"] == name).unwrap();
    assert_eq!(of("hello")["standing"], "ok");
    assert_eq!(of("hello")["severity"], Value::Null);
    assert_eq!(of("no-host")["severity"], "must");
    assert_eq!(of("no-host")["counts"], true);
    assert_eq!(of("fragment")["severity"], "should");
    assert_eq!(of("http-2.0")["severity"], "ours");
    assert!(
        of("no-host")["transcript"][0]
            .as_str()
            .unwrap()
            .starts_with("> GET / ")
    );
    assert!(of("no-host")["mend"].as_str().unwrap().contains("Host"));
}

#[test]
fn what_is_known_is_counted_apart_from_what_fails() {
    let address = careless().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known");
    std::fs::write(&file, "no-host # until the router is done\n").unwrap();
    let words = ["--json", "--known", file.to_str().unwrap()];
    let (text, code) = check(&on(&address, &[&words[..], &THREE[..]].concat()));
    assert_eq!(code, 0, "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["summary"]["known"], 1);
    assert_eq!(document["summary"]["must"], 0);
    // Each probe is counted once.
    let counts = document["summary"].as_object().unwrap().values();
    let sum: u64 = counts.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(sum, 4);
}

#[test]
fn the_junit_report_has_a_case_for_each_probe() {
    let address = careless().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    let words = [&["--junit", file.to_str().unwrap()], &THREE[..]].concat();
    let (_, code) = check(&on(&address, &words));
    assert_eq!(code, 1);
    let report = std::fs::read_to_string(&file).unwrap();
    assert_eq!(report.matches("<testcase ").count(), 4, "{report}");
    assert_eq!(report.matches("<failure ").count(), 1, "{report}");
    assert_eq!(report.matches("<skipped ").count(), 2, "{report}");
    assert!(report.contains("tests=\"4\" failures=\"1\""), "{report}");
    // As its readers do: every element that begins ends, in the right order.
    let mut open = Vec::new();
    for part in report.split('<').skip(2) {
        let tag = part.split('>').next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name.to_owned()), "{report}"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap().to_owned()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
