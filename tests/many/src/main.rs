//! `cargo run -p many`: what is lost when machines restart, die, freeze and are cut off.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;

use check::workshop::{self, workspace};
use clap::Parser;
use kit::stamp::Stamp;
use many::ground::{Ground, no_namespaces};
use many::lab::Lab;
use many::report::{Act, Report};
use many::scene::{Now, Rates, Scene, play};
use many::{book, page, table, timeline};
use sleep_demo::screen::Screen;

/// Runs three machines behind HAProxy under load, and shows what is lost when one is reloaded,
/// restarted, killed, frozen, or cut off.
#[derive(Parser)]
#[command(name = "many", allow_negative_numbers = true)]
struct CommandLine {
    /// GET requests a second
    #[arg(long, value_name = "N", default_value_t = Rates::default().get, value_parser = rate)]
    get: f64,
    /// POST requests a second
    #[arg(long, value_name = "N", default_value_t = Rates::default().post, value_parser = rate)]
    post: f64,
    /// Write the timeline as a drawing
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write one page with the timeline and the table
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write everything that was measured
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the data, the table and the timeline into book/
    #[arg(long)]
    book: bool,
    /// Stay on 127.0.0.0/8, even where network namespaces can be had
    #[arg(long)]
    loopback: bool,
    /// This process is in a namespace of its own already
    #[arg(long, hide = true)]
    inside: bool,
}

/// A rate that one client can keep, and that shows something in the tenth part of a second.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text
        .parse()
        .ok()
        .filter(|rate| (1.0..=1000.0).contains(rate));
    rate.ok_or_else(|| "a rate is a number from 1 to 1000".to_owned())
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    match run(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("many: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(line: &CommandLine) -> Result<(), Box<dyn Error>> {
    // All that is to be known of the world outside is found out before the lab is closed.
    let program = workshop::binary("lesson14")?;
    many::balancer::haproxy()?;
    let mut left_out = Vec::new();
    let ground = match (line.inside, line.loopback) {
        (true, _) => Ground::Namespaces,
        (false, true) => Ground::Loopback,
        (false, false) => match no_namespaces() {
            None => return Err(enter_namespace().into()),
            Some(why) => {
                left_out.push(format!(
                    "one cut off, which takes network namespaces ({why})"
                ));
                Ground::Loopback
            }
        },
    };
    let mut lab = Lab::build(ground, &program)?;
    let rates = Rates {
        get: line.get,
        post: line.post,
    };
    let mut screen = Screen::standard(60);
    let mut acts = Vec::new();
    for scene in Scene::all(ground) {
        acts.push(show(scene, &mut lab, rates, &mut screen)?);
    }
    let report = Report {
        stamp: Stamp::here(workspace()).of_build("debug"),
        left_out,
        acts,
    };
    screen.keep(&table::lines(&report, screen.columns));
    write(line, &report)
}

/// Plays a scene, and shows meanwhile how far it is.
fn show(
    scene: Scene,
    lab: &mut Lab,
    rates: Rates,
    screen: &mut Screen<std::io::Stdout>,
) -> Result<Act, Box<dyn Error>> {
    let live = Mutex::new(screen);
    let watch = |now: &Now| {
        let counts = format!(
            "{:<16}{:>6} answered {:>4} lost",
            scene.name(),
            now.answered,
            now.lost
        );
        if let Ok(mut screen) = live.lock() {
            let mut picture = vec![counts];
            picture.extend(table::lanes(&now.cells, &now.notes, screen.columns));
            screen.show(&picture);
        }
    };
    let seen = play(scene, lab, rates, &watch)?;
    Ok(Act::of(scene, &seen))
}

/// Begins anew in a network namespace. Returns only if that fails.
fn enter_namespace() -> std::io::Error {
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return error,
    };
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--net"])
        .arg(own)
        .args(std::env::args_os().skip(1))
        .arg("--inside")
        .exec()
}

fn write(line: &CommandLine, report: &Report) -> Result<(), Box<dyn Error>> {
    if let Some(file) = &line.svg {
        fs::write(file, timeline::draw(report))?;
    }
    if let Some(file) = &line.html {
        fs::write(file, page::page(report))?;
    }
    let json = serde_json::to_string_pretty(report)? + "\n";
    if let Some(file) = &line.json {
        fs::write(file, &json)?;
    }
    if line.book {
        fs::write(workspace().join(book::DATA), &json)?;
        fs::write(workspace().join(book::DRAWING), timeline::draw(report))?;
        eprintln!("many: now cargo run -p book -- million, which makes the tables from it");
    }
    Ok(())
}
