//! Servers for Python beside lesson 13: who has the same application to call, and what the rest
//! costs.

use std::path::Path;

use check::workshop::{self, workspace};

use crate::client::Mode;
use crate::contender::{Foreign, quoted};
use crate::report::Class;
use crate::rounds::{Listener, Race};

/// An application, and the servers that can call it.
struct Heat {
    title: &'static str,
    interface: &'static str,
    app: &'static str,
    servers: &'static [&'static str],
    modes: &'static [Mode],
}

const WSGI: &[&str] = &["bjoern", "fastwsgi", "granian"];
const ASGI: &[&str] = &["granian", "uvicorn"];

/// Behind a framework a new connection is not worth a table of its own.
const HEATS: &[Heat] = &[
    heat(
        "Hello in WSGI",
        "wsgi",
        "hello:wsgi",
        &[Mode::NewConnection, Mode::KeepAlive],
    ),
    heat("Flask", "wsgi", "hello_flask:app", &[Mode::KeepAlive]),
    heat("Hello in ASGI", "asgi", "hello:asgi", &[Mode::KeepAlive]),
    heat("FastAPI", "asgi", "hello_fastapi:app", &[Mode::KeepAlive]),
];

const fn heat(
    title: &'static str,
    interface: &'static str,
    app: &'static str,
    modes: &'static [Mode],
) -> Heat {
    let servers = match interface.as_bytes() {
        b"wsgi" => WSGI,
        _ => ASGI,
    };
    Heat {
        title,
        interface,
        app,
        servers,
        modes,
    }
}

/// Runs all of them, with the rounds of `race`.
pub fn classes(race: &Race, listener: &Listener) -> Result<Vec<Class>, String> {
    let build = match cfg!(debug_assertions) {
        true => workshop::binary,
        false => workshop::release_binary,
    };
    let lesson = build("lesson13").map_err(|error| error.to_string())?;
    let mut classes = Vec::new();
    for heat in HEATS {
        let race = Race {
            foreign: heat.contenders(&lesson)?,
            ..race.clone()
        };
        for &mode in heat.modes {
            classes.extend(race.class(mode, listener)?.map(|class| Class {
                name: format!("{}, {}", heat.title, class.name),
                ..class
            }));
        }
    }
    Ok(classes)
}

impl Heat {
    fn contenders(&self, lesson: &Path) -> Result<Vec<(String, Foreign)>, String> {
        let script = workspace().join("tests/race/python.sh");
        let (lesson, apps) = (quoted(lesson)?, quoted(&script.with_file_name("python"))?);
        let ours = format!(
            "cd {apps}; exec {lesson} --quiet --max-requests 1000000000 \
             --python \"${{CHECK_PYTHON:-{python}}}\" --interface {interface} \
             --addr 127.0.0.1:{{port}} {app}",
            python = quoted(&workspace().join("target/python/bin/python"))?,
            interface = self.interface,
            app = self.app,
        );
        let mut contenders = vec![("lesson13".to_owned(), Foreign::Command(ours))];
        for server in self.servers {
            let command = format!(
                "exec sh {} {server} {} {} {{port}}",
                quoted(&script)?,
                self.interface,
                self.app
            );
            contenders.push(((*server).to_owned(), Foreign::Command(command)));
        }
        Ok(contenders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heat_has_its_application_and_the_script_knows_its_servers() {
        let folder = workspace().join("tests/race");
        let script = std::fs::read_to_string(folder.join("python.sh")).unwrap();
        for heat in HEATS {
            let (module, app) = heat.app.split_once(':').unwrap();
            let file = folder.join(format!("python/{module}.py"));
            let code = std::fs::read_to_string(file).unwrap();
            let is_there = code.contains(&format!("def {app}(")) || code.contains("\napp = ");
            assert!(is_there, "{}", heat.app);
            for server in heat.servers {
                assert!(script.contains(&format!("\n{server})\n")), "{server}");
            }
        }
    }
}
