//! The planted failures of the chapter, each failing in its own way, in processes of their own.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use check::client::{Client, GUARD};
use check::server::{Launch, Server};
use check::transcript::Transcript;
use check::workshop;

fn run(example: &str, words: &[&str]) -> Output {
    let binary = workshop::example("lesson11", example).unwrap();
    Command::new(binary).args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn asking(server: &Server, number: u32, path: &str) -> Client {
    let address = server.address();
    let mut client = Client::connect(number, address, GUARD, Transcript::default()).unwrap();
    let question = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.send(question.as_bytes()).unwrap();
    client
}

fn sleeping_thread() -> Server {
    let binary = workshop::example("lesson11", "sleeping_thread").unwrap();
    Launch::lesson(binary, "--quiet").start(None).unwrap()
}

/// Which of two clients is answered first, when the second one asks for `/` while the first one's
/// application waits at `path`.
fn first_answered(path: &str) -> u32 {
    let server = sleeping_thread();
    let mut slow = asking(&server, 1, path);
    // Its request is in the server's hands before the other one comes: there is one thread, and
    // clients have their turns in the order in which they came.
    let mut quick = asking(&server, 2, "/");
    assert_eq!(quick.answer().unwrap().status, 200);
    let first = match slow.is_answered() {
        true => 1,
        false => 2,
    };
    assert_eq!(slow.answer().unwrap().status, 200);
    first
}

#[test]
fn an_application_that_pauses_lets_the_others_go_on() {
    assert_eq!(first_answered("/pause"), 2);
}

#[test]
fn an_application_that_sleeps_on_the_thread_makes_everybody_wait_whatever_the_server_does() {
    assert_eq!(first_answered("/thread"), 1);
}

#[test]
fn a_stack_that_is_too_small_ends_the_process_and_the_others_with_it() {
    let output = run("stack_overflow", &["256", "1000"]);
    // SIGSEGV: the guard page was touched, and no memory of anybody else was.
    assert_eq!(output.status.signal(), Some(11), "{}", output.status);
    let said = text(&output.stdout);
    assert!(said.contains("the third begins"), "{said}");
    assert!(!said.contains("the third counted"), "{said}");
}

#[test]
fn the_same_calls_fit_on_a_larger_stack() {
    let output = run("stack_overflow", &["4096", "1000"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("the second counted to 1000"), "{said}");
    assert!(said.contains("the third counted to 1"), "{said}");
}

#[test]
fn a_borrow_that_is_held_across_a_switch_is_found_taken_by_the_next_greenlet() {
    let output = run("borrowed_across_a_switch", &[]);
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(
        text(&output.stdout),
        "with the borrow in hand:\n[\"Ada\"]\n\
         with the pause outside of it:\n[\"Ada\", \"Grace\"]\n"
    );
    let said = text(&output.stderr);
    assert!(said.contains("already borrowed"), "{said}");
}

#[test]
fn stacks_that_take_turns_go_on_in_the_order_of_their_moments() {
    let output = run("by_turns", &[]);
    assert_eq!(
        text(&output.stdout),
        "Grace says line 1\nAda says line 1\nGrace says line 2\n\
         Hedy says line 1\nAda says line 2\nHedy says line 2\n"
    );
}
