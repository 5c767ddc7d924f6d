//! `cargo run -p book`: serves the book; `-- check` checks it against the code.

use std::fs::{self, File};
use std::io;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use book::contract::{self, Scope};
use book::generated::{self, Generated};
use book::kernel;
use book::measured;
use book::rules::budget;
use book::site;
use book::transcript::command::Workshop;
use book::tree::Tree;
use check::lessons::LESSONS;
use check::workshop::workspace;
use clap::{Parser, Subcommand};
use kit::stamp::Stamp;
use lesson05::{Ended, stop_bell};

/// Serves the book, and checks that its text and the code agree.
#[derive(Parser)]
#[command(name = "book", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Where to serve it; port 0 lets the system choose.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    addr: String,
    /// Open the book in a browser.
    #[arg(long)]
    open: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Only build the book, into target/book.
    Build,
    /// Check the contract between text and code, transcripts included.
    Check {
        /// Only what concerns one page, such as 01-socket.md.
        #[arg(long, value_name = "PAGE")]
        only: Option<String>,
        /// Leave the transcripts out: nothing is built or run.
        #[arg(long)]
        no_run: bool,
    },
    /// Write the page with the matrix of lessons and probes.
    Matrix,
    /// Write the page with every setting.
    Settings,
    /// Write the page with the drivers side by side.
    Waiting,
    /// Write what is computed from the runs in book/data: the calculator, and the whole way.
    Million,
    /// Measure what a quiet connection costs in the kernel, into book/data (root only).
    Socket,
    /// Write the figures that are drawn from the list of lessons.
    Figures,
    /// Write the differences between the small servers.
    Small,
    /// Run the benches and write what they measured into book/data (takes a minute or two).
    Bench,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.task {
        None => serve(&arguments.addr, arguments.open),
        Some(Task::Build) => build(),
        Some(Task::Check { only, no_run }) => check(only.as_deref(), !no_run),
        Some(Task::Matrix) => write(|_| vec![generated::matrix()]),
        Some(Task::Settings) => write(|tree| vec![generated::settings(tree)]),
        Some(Task::Waiting) => write(|_| vec![generated::waiting()]),
        Some(Task::Million) => write(generated::measured),
        Some(Task::Socket) => socket(),
        Some(Task::Figures) => write(generated::figures),
        Some(Task::Small) => write(generated::differences),
        Some(Task::Bench) => bench(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("book: {error}");
            ExitCode::FAILURE
        }
    }
}

fn open_tree() -> Result<Tree, String> {
    Tree::open(workspace(), LESSONS).map_err(|error| format!("cannot read the pages: {error}"))
}

/// Two builds at once would remove each other's files.
fn lock() -> Result<File, String> {
    let target = workspace().join("target");
    let lock = fs::create_dir_all(&target)
        .and_then(|()| File::create(target.join(".book-lock")))
        .and_then(|file| file.lock().map(|()| file));
    lock.map_err(|error| format!("cannot lock {}: {error}", target.display()))
}

fn build() -> Result<ExitCode, String> {
    let into = workspace().join("target/book");
    let _lock = lock()?;
    site::build(workspace(), &into)?;
    let index = into.join("index.html");
    println!("The book is built. Open file://{}", index.display());
    Ok(ExitCode::SUCCESS)
}

fn serve(address: &str, open: bool) -> Result<ExitCode, String> {
    let into = workspace().join("target/served-book");
    let stop = stop_bell().map_err(|error| format!("signals: {error}"))?;
    let ready = |address| {
        println!("book listening on http://{address}");
        println!("Open it in a browser; Ctrl-C stops it.");
        if open && let Err(error) = open_in_browser(&format!("http://{address}")) {
            eprintln!("book: {error}");
        }
    };
    match book::serve::serve(workspace(), &into, address, Arc::new(stop), ready) {
        Ok(Ended::Clean) => Ok(ExitCode::SUCCESS),
        Ok(Ended::Forced) => Ok(ExitCode::FAILURE),
        Err(error) => Err(error.to_string()),
    }
}

fn open_in_browser(url: &str) -> Result<(), String> {
    let status = Command::new("xdg-open").arg(url).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!(
            "xdg-open ended with {status}; open the address yourself"
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(
            "--open needs xdg-open, which is not installed; open the address yourself".to_owned(),
        ),
        Err(error) => Err(format!("xdg-open: {error}")),
    }
}

fn check(only: Option<&str>, run: bool) -> Result<ExitCode, String> {
    let tree = open_tree()?;
    if let Some(page) = only
        && !tree.pages.iter().any(|one| one.name == page)
    {
        let names: Vec<&str> = tree.pages.iter().map(|page| page.name.as_str()).collect();
        eprintln!(
            "book: there is no page {page}; there are: {}",
            names.join(", ")
        );
        return Ok(ExitCode::from(2));
    }
    let findings = contract::check(
        &tree,
        &Scope {
            only,
            workshop: run.then_some(&book::built as Workshop),
            require_all: std::env::var_os("REQUIRE_ALL").is_some_and(|value| value == "1"),
            generated: &generated::all(&tree),
        },
    );
    for finding in &findings {
        println!("{finding}");
    }
    for budget in budget::budgets(&tree) {
        if only.is_none_or(|page| page == budget.page) {
            println!("{budget}");
        }
    }
    let pages = only.map_or(format!("{} pages", tree.pages.len()), str::to_owned);
    match findings.len() {
        0 => {
            println!("{pages}: text and code agree.");
            Ok(ExitCode::SUCCESS)
        }
        count => {
            println!("{pages}: {count} findings.");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn bench() -> Result<ExitCode, String> {
    let folder = workspace().join("book/data");
    let file = folder.join("03-bench.md");
    println!("running cargo bench -p lesson03 …");
    let text = measured::gateway_bench()?;
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, text))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!("book/data/03-bench.md: written");
    Ok(ExitCode::SUCCESS)
}

fn socket() -> Result<ExitCode, String> {
    let measured = kernel::measure(Stamp::here(workspace()))?;
    let text = serde_json::to_string_pretty(&measured).map_err(|error| error.to_string())?;
    let file = workspace().join("book/data/socket.json");
    fs::write(&file, text + "\n")
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!("book/data/socket.json: written");
    Ok(ExitCode::SUCCESS)
}

fn write(files: impl Fn(&Tree) -> Vec<Generated>) -> Result<ExitCode, String> {
    let tree = open_tree()?;
    for file in files(&tree) {
        let written = file
            .write(&tree)
            .map_err(|error| format!("cannot write {}: {error}", file.path))?;
        let word = if written { "written" } else { "up to date" };
        println!("{}: {word}", file.path);
    }
    Ok(ExitCode::SUCCESS)
}
