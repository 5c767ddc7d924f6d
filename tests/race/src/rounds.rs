//! The rounds: server, limit, server, limit …, so that whatever slows the machine slows both.

use std::path::PathBuf;
use std::time::Duration;

use kit::cores::{on_core, two_cores};

use crate::client::{Mode, Plan};
use crate::contender::{Contender, Foreign, WITH_SOCKETS, halls, numbers};
use crate::quiet::{self, Manner};
use crate::report::{Class, Crowd, Quiet, Spread};
use crate::sample::{Others, Sample, compared, row};

/// What to race, and how long.
#[derive(Clone, Debug)]
pub struct Race {
    /// The binary that holds the limits.
    pub race: PathBuf,
    /// The lessons.
    pub lessons: Vec<u8>,
    /// Other servers, with their names.
    pub foreign: Vec<(String, Foreign)>,
    /// Rounds for each server and each class.
    pub rounds: usize,
    /// How long a round is.
    pub duration: Duration,
    /// How many connections are open at once where each request has its own.
    pub connections: usize,
    /// How many connections are kept alive, and how many workers a pool has.
    pub workers: usize,
    /// How many WebSockets are open.
    pub sockets: usize,
}

/// Who hears what goes on.
pub struct Listener<'l> {
    /// Hears what is being done now.
    pub progress: &'l dyn Fn(&str),
    /// Hears who takes no part, and why.
    pub left_out: &'l dyn Fn(&str),
}

/// A server, and what it and the limit did in each round.
type Entrant = (Contender, Vec<(Sample, Sample)>);

impl Race {
    /// Runs one class. `None`: nobody takes part in it.
    pub fn class(&self, mode: Mode, listener: &Listener) -> Result<Option<Class>, String> {
        let mut failed = Vec::new();
        let mut entrants = self.entrants(mode, listener, &mut failed);
        if entrants.is_empty() && failed.is_empty() {
            return Ok(None);
        }
        let limit = Contender::limit(&self.race, mode)?;
        let warm_up = self.duration.min(Duration::from_millis(200));
        self.round(&limit, mode, warm_up)?;
        self.each(&mut entrants, &mut failed, |(server, _)| {
            (listener.progress)(&format!("{} warms up", server.name));
            self.round(server, mode, warm_up).map(|_| ())
        });
        for round in 1..=self.rounds {
            let count = format!("round {round} of {}", self.rounds);
            self.each(&mut entrants, &mut failed, |(server, pairs)| {
                (listener.progress)(&format!("{}, {count}: {}", name(mode), server.name));
                let sample = self.round(server, mode, self.duration)?;
                (listener.progress)(&format!("{}, {count}: the limit", name(mode)));
                pairs.push((sample, self.round(&limit, mode, self.duration)?));
                Ok(())
            });
        }
        let pairs = entrants.iter().flat_map(|(_, pairs)| pairs);
        let limits: Vec<Sample> = pairs.clone().map(|&(_, limit)| limit).collect();
        let others = pairs.flat_map(|(server, limit)| [server.others, limit.others]);
        let others: Vec<f64> = others.collect();
        let rows = entrants
            .iter()
            .map(|(server, pairs)| compared(&server.name, pairs));
        Ok(Some(Class {
            name: name(mode),
            connections: self.connections(mode),
            limit: row(&limit.name, &limits, None),
            rows: rows.collect(),
            failed,
            others: Spread::of(&others),
        }))
    }

    /// What quiet clients cost, so many of them for each server. `None`: nobody takes part.
    pub fn crowd(&self, clients: usize, listener: &Listener) -> Option<Crowd> {
        let mut crowd = Crowd {
            rows: Vec::new(),
            failed: Vec::new(),
        };
        let mut enter = |outcome: Result<Quiet, String>| match outcome {
            Ok(row) => crowd.rows.push(row),
            Err(reason) => crowd.failed.push(reason),
        };
        for number in halls().filter(|number| self.lessons.contains(number)) {
            (listener.progress)(&format!("quiet clients of lesson{number:02}"));
            enter(quiet_clients_of(number, clients));
            if number == WITH_TASKS {
                (listener.progress)("quiet clients of hyper");
                enter(Contender::hyper().and_then(|server| quiet_clients(&server, clients)));
            }
        }
        for (name, foreign) in &self.foreign {
            (listener.progress)(&format!("quiet clients of {name}"));
            let server = Contender::foreign(name, foreign);
            enter(server.and_then(|server| match foreign {
                Foreign::Echo(_) => quiet::measure(&server, Manner::Socket, clients),
                Foreign::Command(_) | Foreign::Url(_) => quiet_clients(&server, clients),
            }));
        }
        (!crowd.rows.is_empty() || !crowd.failed.is_empty()).then_some(crowd)
    }

    /// Does something with each entrant. Who fails has failed, and the others go on.
    fn each(
        &self,
        entrants: &mut Vec<Entrant>,
        failed: &mut Vec<String>,
        mut work: impl FnMut(&mut Entrant) -> Result<(), String>,
    ) {
        entrants.retain_mut(|entrant| match work(entrant) {
            Ok(()) => true,
            Err(reason) => {
                failed.push(reason);
                false
            }
        });
    }

    /// Starts everybody who takes part.
    fn entrants(&self, mode: Mode, listener: &Listener, failed: &mut Vec<String>) -> Vec<Entrant> {
        let mut entrants = Vec::new();
        let is_message = matches!(mode, Mode::Messages(_));
        let mut enter = |outcome: Result<Contender, String>| match outcome {
            Ok(contender) => entrants.push((contender, Vec::new())),
            Err(reason) => failed.push(reason),
        };
        for number in numbers(mode).filter(|number| self.lessons.contains(number)) {
            if check::lessons::numbered(number).is_none() {
                let reason = format!("lesson{number:02} is not in the list of lessons yet");
                (listener.left_out)(&reason);
                continue;
            }
            (listener.progress)(&format!("building and starting lesson{number:02}"));
            enter(Contender::lesson(number, self.workers));
            if let Some(with_tls) = Contender::lesson_with_tls(number, self.workers) {
                enter(with_tls);
            }
            if number == WITH_TASKS && !is_message {
                (listener.progress)("building and starting hyper");
                enter(Contender::hyper());
            }
        }
        for (name, foreign) in &self.foreign {
            if is_message != matches!(foreign, Foreign::Echo(_)) {
                continue;
            }
            (listener.progress)(&format!("starting {name}"));
            let outcome = Contender::foreign(name, foreign);
            match (&outcome, mode) {
                (Ok(server), Mode::KeepAlive) if !keeps_alive(server) => {
                    (listener.left_out)(&format!("{name} keeps no connection alive"));
                }
                _ => enter(outcome),
            }
        }
        entrants
    }

    /// One server for some time: the client on its core, the server on the other.
    fn round(&self, server: &Contender, mode: Mode, duration: Duration) -> Result<Sample, String> {
        let core = two_cores().map(|(_, client)| client);
        let plan = Plan {
            connections: self.connections(mode),
            duration,
            spins: core.is_some(),
            tls: server.client_config(),
            ..Plan::get(server.address, &server.host, server.path_for(mode), mode)
        };
        let others = Others::now(server.tree.as_ref());
        let before = server.tree.as_ref().map(|tree| tree.spent_at_rest());
        let load = on_core(core, || plan.run()).and_then(|load| load);
        let others = others.share();
        let load = load.map_err(|error| format!("{}: {error}", server.name))?;
        if load.requests == 0 {
            let why = load
                .first_error
                .map_or(String::new(), |error| format!(": {error}"));
            return Err(format!("{} answered no request{why}", server.name));
        }
        let after = server.tree.as_ref().map(|tree| tree.spent_at_rest());
        let spent = after
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before));
        Ok(Sample::of(&load, spent, others))
    }

    fn connections(&self, mode: Mode) -> usize {
        match mode {
            Mode::NewConnection => self.connections,
            Mode::KeepAlive => self.workers,
            Mode::Messages(_) => self.sockets,
        }
    }
}

/// The lesson beside which hyper races.
const WITH_TASKS: u8 = 12;

fn quiet_clients_of(number: u8, clients: usize) -> Result<Quiet, String> {
    let (server, clients) = Contender::lesson_with_a_hall(number, clients)?;
    match number {
        WITH_SOCKETS => quiet::measure(&server, Manner::Socket, clients),
        _ => quiet_clients(&server, clients),
    }
}

/// As quiet as this server lets them be.
fn quiet_clients(server: &Contender, clients: usize) -> Result<Quiet, String> {
    if server.tls {
        return Err(format!("{}: quiet clients speak no TLS yet", server.name));
    }
    quiet::measure(server, quiet::manner_of(server)?, clients)
}

/// What a class is called.
fn name(mode: Mode) -> String {
    match mode {
        Mode::NewConnection => "a new connection for each request".to_owned(),
        Mode::KeepAlive => "connections kept alive".to_owned(),
        Mode::Messages(size) => format!("WebSocket messages of {size} bytes"),
    }
}

/// Asks once, as an ordinary client would.
fn keeps_alive(server: &Contender) -> bool {
    let plan = Plan {
        duration: Duration::from_millis(50),
        tls: server.client_config(),
        ..Plan::get(server.address, &server.host, &server.path, Mode::KeepAlive)
    };
    plan.run()
        .is_ok_and(|load| load.requests > load.connections)
}
