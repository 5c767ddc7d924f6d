//! Servers with one fault that only their process shows, and others with a habit that is none.

use check::outcome::{Finding, Verdict};
use check::probes;
use check::server::Launch;
use check::workshop;
use check::world::World;

fn run(fault: &str, probe: &str) -> Verdict {
    let binary = workshop::example("check", "one_fault").unwrap();
    let launch = Launch::Command(format!("exec {} {fault} {{port}}", binary.display()));
    let world = World::with(launch.start(None).unwrap());
    let verdict = probes::find(probe).unwrap().run(&world);
    println!("{}", world.transcript.lines(None).join("\n"));
    verdict
}

#[test]
fn eight_kib_leaked_in_each_request_are_found() {
    let found = run("leaks", "many-requests");
    assert!(
        matches!(found, Err(Finding::Wrong(ref words)) if words.contains("bytes of memory")),
        "{found:?}"
    );
}

#[test]
fn descriptors_that_are_kept_now_and_then_are_found_and_what_is_opened_once_is_no_leak() {
    let found = run("leaks-descriptors", "many-requests");
    assert!(
        matches!(found, Err(Finding::Wrong(ref words)) if words.contains("descriptors")),
        "{found:?}"
    );
    assert_eq!(run("opens-late", "many-requests"), Ok(()));
}

/// What might be a coin flip is asked for four times.
fn is_seen_each_time(fault: &str, probe: &str, is_it: fn(&Finding) -> bool) {
    for _ in 0..4 {
        let found = run(fault, probe);
        assert!(found.as_ref().is_err_and(is_it), "{found:?}");
    }
}

#[test]
fn a_server_that_ends_without_descriptors_is_seen_to_die_each_time() {
    let died = |found: &Finding| matches!(found, Finding::Died(_));
    is_seen_each_time("ends-without-descriptors", "descriptors-exhausted", died);
}

#[test]
fn a_server_that_one_reset_client_ends_is_seen_to_die_each_time() {
    let died = |found: &Finding| matches!(found, Finding::Died(_));
    is_seen_each_time("ends-on-an-error", "reset-after-half-head", died);
}

#[test]
fn a_server_that_spins_while_it_waits_is_found() {
    let found = run("spins", "idle-cpu");
    assert!(
        matches!(found, Err(Finding::Wrong(ref words)) if words.contains("it spins")),
        "{found:?}"
    );
    assert_eq!(run("leaks", "idle-cpu"), Ok(()));
}

#[test]
fn the_shell_that_reads_the_command_is_no_part_of_the_server() {
    let binary = workshop::example("check", "one_fault").unwrap();
    // Without `exec`, and with more to do afterwards: the shell stays.
    let command = format!("{} leaks {{port}}; true", binary.display());
    let server = Launch::Command(command).start(None).unwrap();
    let processes = server.processes();
    assert_eq!(processes, processes.listening_on(server.address().port()));
    assert!(!processes.is_empty());
}

#[test]
fn descriptors_that_come_back_after_seconds_are_not_lost() {
    assert_eq!(run("closes-late", "five-hundred-clients"), Ok(()));
}

#[test]
fn a_client_that_is_accepted_and_dropped_without_descriptors_knows_where_it_stands() {
    let found = run("accepts-and-closes", "descriptors-exhausted");
    assert!(matches!(found, Err(Finding::Allowed(_))), "{found:?}");
}

#[test]
fn a_server_that_the_signal_itself_ends_is_seen_to_lose_somebody_each_time() {
    is_seen_each_time(
        "leaks",
        "sigterm-under-load",
        |found| matches!(found, Finding::Allowed(words) if words.contains("no whole answer")),
    );
}

#[test]
fn a_server_that_serves_kept_connections_on_after_sigterm_is_asked_only_for_a_while() {
    let found = run("serves-on", "sigterm-under-load");
    assert!(
        matches!(found, Err(Finding::Allowed(ref words)) if words.contains("served on")),
        "{found:?}"
    );
}
