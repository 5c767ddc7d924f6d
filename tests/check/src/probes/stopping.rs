//! The end of a server: what it has begun, it finishes; and who is in a hurry says so twice.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, NoAnswer};
use crate::outcome::{Finding, Verdict};
use crate::probe::{Flags, Needs, Probe};
use crate::probes::group::Group;
use crate::process::Processes;
use crate::server::Server;
use crate::transcript::Event;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "stopping",
    title: "The end of a server",
    probes: &[
        Probe::behaviour("sigterm-under-load", "eight clients keep asking, and SIGTERM comes", sigterm_under_load)
            .asks("kill(2)", "SIGTERM asks a process to end; a server that finishes what it has begun can be replaced without anybody noticing.")
            .explained_in(5)
            .needs(Needs::Process)
            .flags(&[Flags { from: 1, to: 2, words: "--delay 0.05" }])
            .question("Clients ask without a pause, and somebody stops the server. How many of them get half an answer, or none?"),
        Probe::behaviour("second-sigterm", "a long request, SIGTERM, and SIGTERM again", second_sigterm)
            .asks("kill(2)", "A server that finishes what it has begun can also be told not to.")
            .explained_in(5)
            .needs(Needs::Process)
            .flags(&[Flags { from: 5, to: 99, words: "--stop-timeout 60" }])
            .question("The server finishes a request that takes a minute, and nobody wants to wait that long. What does a second SIGTERM do?"),
    ],
};

/// A server that the signal itself ends leaves somebody without an answer; but now and then all
/// eight happen to be in between two of them, and it looks as if it had finished what it had begun.
fn sigterm_under_load(world: &World) -> Verdict {
    const SCENES: usize = 4;
    for _ in 0..SCENES {
        if !is_ended_by_sigterm(world)? || world.bound().is_half_spent() {
            break;
        }
    }
    Ok(())
}

/// One scene, in which nobody may be lost. Tells whether the signal itself has ended the server,
/// as it does where nobody handles it; or where somebody has, and sends it again in the end.
fn is_ended_by_sigterm(world: &World) -> Result<bool, Finding> {
    let server = start_with_port_by_number(world)?;
    let load = Load {
        world: &world.unrecorded(),
        target: match world.has_route("GET", "/sleep?ms=0")? {
            true => "/sleep?ms=50",
            false => "/",
        },
        answers: AtomicU32::new(0),
        stopping: AtomicBool::new(false),
        kept_asking: AtomicBool::new(false),
    };
    let lost: Vec<Finding> = thread::scope(|scope| {
        let visitors: Vec<_> = (0..8).map(|_| scope.spawn(|| load.visit())).collect();
        load.wait_for_answers(24);
        load.stopping.store(true, Ordering::SeqCst);
        server.terminate();
        // A visitor does not panic; if one did, its loss would not be counted.
        let found = visitors.into_iter().flat_map(|visitor| visitor.join());
        found.filter_map(Result::err).collect()
    });
    let answered = load.answers.into_inner();
    let kept_asking = load.kept_asking.into_inner();
    let counted = format!("{answered} answers, {} losses", lost.len());
    world.transcript.add(1, Event::Note(counted));
    let ended = wait_until_ended(world);
    let code = world.server(Server::exit_code)?;
    let is_killed = is_killed(world)?;
    world.restart()?;
    if let Some(loss) = lost.into_iter().next() {
        return Err(loss);
    }
    match (ended, code) {
        (true, _) if kept_asking => Err(Finding::allowed(
            "a connection that is kept is served on as long as its client asks; \
             `Connection: close` in the next answer would let the server end",
        )),
        (false, _) => Err(Finding::wrong("nobody asks any more, and it does not end")),
        (true, None | Some(0)) => Ok(is_killed),
        (true, Some(code)) => Err(Finding::wrong(format!(
            "nothing was lost, and its exit code is {code}"
        ))),
    }
}

/// Whether a signal has ended the server. A shell that says so ends a moment after it.
fn is_killed(world: &World) -> Result<bool, Finding> {
    let until = Instant::now() + world.patience / 4;
    while !world.server(Server::is_killed)? && Instant::now() < until {
        if world.server(Server::has_exited)? {
            break;
        }
        world.pause(Duration::from_millis(5));
    }
    world.server(Server::is_killed)
}

/// Clients that ask without a pause.
struct Load<'w> {
    world: &'w World,
    target: &'static str,
    answers: AtomicU32,
    /// Whether the server has been told to stop, or is about to be.
    stopping: AtomicBool,
    /// Whether a client was served on after that for as long as it asked.
    kept_asking: AtomicBool,
}

impl Load<'_> {
    fn wait_for_answers(&self, count: u32) {
        let until = Instant::now() + self.world.patience;
        while self.answers.load(Ordering::SeqCst) < count && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Connects and asks, again and again, until nobody accepts any more.
    fn visit(&self) -> Verdict {
        let until = Instant::now() + self.world.limit / 3;
        while Instant::now() < until {
            if self.converse(until)?.is_none() {
                return Ok(());
            }
        }
        Err(Finding::wrong("it goes on as if it had not been told"))
    }

    /// Asks on one connection for as long as it lasts. `None`: nobody accepts any more.
    ///
    /// Whoever was connected before the signal has a promise, and so has whoever had asked before
    /// on a connection that was to stay. A later one may be refused, or find itself in the backlog
    /// of a listener that closes, or on a connection that the server has just given up. But an
    /// answer that has begun must become whole.
    ///
    /// On a connection that stays, a server can say `close` with its next answer. One that never
    /// does is asked for ever, and so the client gives up: whether the server ends then is the
    /// next question.
    fn converse(&self, until: Instant) -> Result<Option<()>, Finding> {
        let mut client = match self.world.connect() {
            Ok(client) => client,
            Err(_) if self.is_stopping() => return Ok(None),
            Err(finding) => return Err(finding),
        };
        let mut promised = !self.is_stopping();
        let mut told = None;
        loop {
            if self.is_stopping() {
                told.get_or_insert_with(Instant::now);
            }
            let _ = client.send(self.world.request("GET", self.target, "").as_bytes());
            promised = promised || !self.is_stopping();
            match client.answer() {
                Ok(answer) if answer.status != 200 => {
                    return Err(Finding::wrong(format!("got {}", answer.status)));
                }
                Ok(answer) => {
                    self.answers.fetch_add(1, Ordering::SeqCst);
                    promised = false;
                    if answer.says_close() {
                        return Ok(Some(()));
                    }
                    if told.is_some_and(|told: Instant| told.elapsed() > self.world.patience) {
                        self.kept_asking.store(true, Ordering::SeqCst);
                        return Ok(Some(()));
                    }
                    if Instant::now() > until {
                        return Ok(Some(()));
                    }
                }
                Err(NoAnswer::Ended(_)) if !promised && client.received().is_empty() => {
                    return Ok(Some(()));
                }
                Err(_) => {
                    return Err(Finding::Allowed(
                        "a client that had come before the signal got no whole answer".to_owned(),
                    ));
                }
            }
        }
    }
}

fn second_sigterm(world: &World) -> Verdict {
    let server = start_with_port_by_number(world)?;
    if !world.has_route("GET", "/stream?n=1&ms=0")? {
        return Err(Finding::NotApplicable(
            "the server has no GET /stream?n=2&ms=60000".to_owned(),
        ));
    }
    let mut client = world.connect()?;
    let request = world.request("GET", "/stream?n=2&ms=60000", "");
    let _ = client.send(request.as_bytes());
    // The first line of the answer is here, the second comes in a minute.
    client.wait_until(Instant::now() + world.patience);
    if client.received().is_empty() {
        return Err(Finding::not_applicable(
            "nothing of the long answer arrives",
        ));
    }
    client.note("SIGTERM to the server");
    server.terminate();
    let verdict = match is_given_time(world, &mut client) {
        true => hurry(world, &server, &client),
        false => Err(Finding::NotApplicable(
            "the first signal ends it at once".to_owned(),
        )),
    };
    world.restart()?;
    verdict
}

/// Whether a server on its way out, which listens no more, still serves this client.
fn is_given_time(world: &World, client: &mut Client) -> bool {
    let until = Instant::now() + world.limit / 6;
    while Instant::now() < until && world.unrecorded().connect().is_ok() {
        // Not so often that a server which does not listen to us has its queue full of us.
        world.pause(Duration::from_millis(50));
    }
    let until = Instant::now() + world.patience / 4;
    while client.end().is_none() && Instant::now() < until {
        client.wait_until(until);
    }
    client.end().is_none()
}

/// The second signal. What the client waits for would take longer than our guard.
fn hurry(world: &World, server: &Processes, client: &Client) -> Verdict {
    client.note("SIGTERM again");
    server.terminate();
    match (wait_until_ended(world), world.server(Server::exit_code)?) {
        (false, _) => Err(Finding::wrong("a second signal does not hurry it")),
        (true, None | Some(1)) => Ok(()),
        (true, Some(code)) => Err(Finding::wrong(format!(
            "it left a client behind, and its exit code is {code}"
        ))),
    }
}

/// Starts the server once more before anybody has asked it anything. One that chose its port
/// itself has left SO_REUSEADDR out, and could not come back to that port when it has ended.
///
/// The result is the server itself: its children, if it has any, are its own business.
fn start_with_port_by_number(world: &World) -> Result<Processes, Finding> {
    world.restart()?;
    world.server(|server| server.processes().listening_on(world.address().port()))
}

/// Waits for the server's end, and tells whether it came.
fn wait_until_ended(world: &World) -> bool {
    let until = Instant::now() + world.limit / 4;
    let ended = |server: &Server| server.has_exited() || server.processes().is_empty();
    while Instant::now() < until {
        if world.server(ended).unwrap_or(true) {
            return true;
        }
        world.pause(Duration::from_millis(5));
    }
    false
}
