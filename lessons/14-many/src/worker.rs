//! A worker: lesson 10's server, on a socket that may be somebody else's.

// ANCHOR: imports
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::process;
use std::sync::Arc;
use std::thread;

use lesson01::resolve;
use lesson03::{Application, Bell, Options, Registry};
use lesson05::{Ended, ring_on_signals, stop_bell};
use lesson07::{House, RULE_SETTINGS};
use lesson08::Dispatcher;
use lesson08::demo::mounted;
use lesson09::{SocketRules, WebSocketPlugin, demo};
use lesson10::{LOOP_SETTINGS, LoopServer, LoopSettings};
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGTERM, SIGUSR1, SIGUSR2};
use socket2::Socket;
use terminal::{Arguments, UsageError, ready, say};

use crate::bus::Bus;
use crate::count::Count;
use crate::forwarded::Forwarded;
use crate::health::Health;
use crate::room::tell_rooms;
use crate::settings::{PROCESS_SETTINGS, ProcessSettings, TRUST_SETTINGS};
// ANCHOR_END: imports

// ANCHOR: serve
/// Puts something around the application of a worker, or nothing.
pub type Around<'a> = &'a dyn Fn(Arc<dyn Application>) -> Arc<dyn Application>;

/// Serves on the inherited listener, or on one of its own.
pub fn serve(
    flags: &Arguments,
    name: &'static str,
    inherited: Option<Socket>,
    around: Around<'_>,
) -> Result<Ended, Box<dyn Error>> {
    let was_started_by_somebody = inherited.is_some();
    let processes: ProcessSettings = flags.read(PROCESS_SETTINGS)?;
    let options = Options {
        inherited: inherited.map(Arc::new),
        ..Options::from_flags(flags, name)?
    };
    let settings = LoopSettings {
        workers: processes.threads,
        ..flags.read(LOOP_SETTINGS)?
    };
    let rules = flags.read(RULE_SETTINGS)?;
    let plugin = WebSocketPlugin::without_driver(SocketRules::from_flags(flags)?);
    let health = Health::default();
    let app = around(application(flags, &plugin, &health)?);
    if let Some(redis) = redis(flags)? {
        let channels = plugin.channels().clone();
        Bus::start(redis, plugin.channels(), move |change| {
            tell_rooms(&channels, change);
        })?;
    }
    let stop = match was_started_by_somebody {
        true => bell_for_sigterm()?,
        false => stop_bell()?,
    };
    let server = LoopServer::bind(
        flags.text("addr"),
        app,
        options,
        rules,
        settings,
        Arc::new(stop),
    )?;
    server.set_upgrader(Some(plugin));
    hear_signals(server.house(), health)?;
    // Whoever sees the line, or gets the news, may ask at once: the socket listens.
    ready(name, server.address());
    server.start()
}

/// Ctrl-C goes to all processes of the terminal's group. A worker hears of it from its supervisor:
/// it would take the `SIGTERM` that comes next for a second one, and hurry.
fn bell_for_sigterm() -> io::Result<Bell> {
    let bell = Bell::new()?;
    ring_on_signals(&bell, &[SIGTERM])?;
    Ok(bell)
}

/// The applications of a worker.
fn application(
    flags: &Arguments,
    plugin: &WebSocketPlugin,
    health: &Health,
) -> Result<Arc<dyn Application>, Box<dyn Error>> {
    let registry = Registry::demo().callable("demo", "mounted", mounted()?);
    let app = flags.operand().unwrap_or("demo:mounted");
    let app = registry.find(app).map_err(UsageError::new)?;
    let app: Arc<dyn Application> = Arc::new(demo::around(app, plugin)?);
    let mut apps: Vec<(&str, Arc<dyn Application>)> =
        vec![("/", app), ("/health", Arc::new(health.clone()))];
    if let Some(redis) = redis(flags)? {
        apps.push(("/count", Arc::new(Count::new(redis))));
    }
    let app = Dispatcher::new(apps)?;
    let app = Forwarded::new(app, flags.read(TRUST_SETTINGS)?).map_err(UsageError::new)?;
    Ok(Arc::new(app))
}

/// Where Redis is, if there is one.
fn redis(flags: &Arguments) -> Result<Option<SocketAddr>, UsageError> {
    let processes: ProcessSettings = flags.read(PROCESS_SETTINGS)?;
    processes.redis.as_deref().map(resolve).transpose()
}

/// Looks whether a worker could be made of this command line. What is wrong with it is wrong for
/// each of them: better said once, before there are any.
pub fn check(flags: &Arguments, name: &'static str) -> Result<(), Box<dyn Error>> {
    Options::from_flags(flags, name)?;
    flags.read(LOOP_SETTINGS)?;
    let plugin = WebSocketPlugin::without_driver(SocketRules::from_flags(flags)?);
    application(flags, &plugin, &Health::default()).map(drop)
}
// ANCHOR_END: serve

// ANCHOR: signals
/// Hears what is not about stopping: `SIGUSR2`, the machine drains; `SIGUSR1`, say your numbers.
/// The loop knows only its bell for stop, so these are heard on a thread of their own.
fn hear_signals(house: Arc<House>, health: Health) -> io::Result<()> {
    let (numbers, drain) = (Bell::new()?, Bell::new()?);
    ring_on_signals(&numbers, &[SIGUSR1])?;
    ring_on_signals(&drain, &[SIGUSR2])?;
    let listen = move || {
        loop {
            let wish = |bell| PollFd::new(bell, PollFlags::IN);
            let _ = poll(&mut [wish(&numbers), wish(&drain)], None);
            if drain.rings() > 0 {
                health.drain();
            }
            if numbers.rings() > 0 {
                say_numbers(&house);
            }
        }
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(listen).map(drop)
}

fn say_numbers(house: &House) {
    let stats = &house.stats;
    say(format_args!(
        "worker {}: connections {}, requests {}, on kept connections {}",
        process::id(),
        stats.accepted.get(),
        stats.requests.get(),
        stats.kept_alive.get(),
    ));
}
// ANCHOR_END: signals
