//! A shell in a terminal of its own: everything it starts is stopped with it.

use std::io::{self, PipeReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kit::keeper::Keeper;
use rustix::process::Signal;

/// How often a condition is looked at again.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a process may take to die of a signal, and how long its output may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// A running shell command with its output, standard output and error in one pipe.
#[derive(Debug)]
pub struct Terminal {
    shell: Child,
    keeper: Keeper,
    output: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts `sh -c command` in a folder.
    ///
    /// `home` holds the `.curlrc` of the book, so that curl behaves as on a terminal. It is also
    /// where `~` leads, so that what a reader makes there is made anew for each page.
    pub fn start(command: &str, folder: &Path, home: &Path) -> io::Result<Terminal> {
        let keeper = Keeper::start()?;
        let (reader, writer) = io::pipe()?;
        let mut shell = Command::new("sh");
        kit::cargo::forget(&mut shell)
            .arg("-c")
            .arg(command)
            .current_dir(folder)
            .env("CURL_HOME", home)
            .env("HOME", home)
            .envs(toolchain())
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(keeper.group());
        for variable in [
            "http_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "RUST_BACKTRACE",
            "RUST_LOG",
            "XDG_CACHE_HOME",
            "CARGO_TARGET_DIR",
        ] {
            shell.env_remove(variable);
        }
        let child = shell.spawn()?;
        // The pipe ends when the last process that writes into it has gone: not before we let
        // go of our own two ends, which `shell` holds.
        drop(shell);
        let output = Arc::default();
        let reader = read_into(reader, Arc::clone(&output));
        Ok(Terminal {
            shell: child,
            keeper,
            output,
            reader,
        })
    }

    /// What has come out until now.
    pub fn output(&self) -> String {
        let bytes = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether the shell has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    /// Waits until the condition holds; false if it did not within the time.
    pub fn wait_until(
        &mut self,
        time: Duration,
        condition: impl Fn(&mut Terminal) -> bool,
    ) -> bool {
        let end = Instant::now() + time;
        loop {
            if condition(self) {
                return true;
            }
            if Instant::now() > end {
                return false;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Waits until nothing more has come out for a while.
    pub fn wait_for_quiet(&mut self) {
        const QUIET: Duration = Duration::from_millis(100);
        let end = Instant::now() + GRACE;
        let (mut length, mut since) = (self.output().len(), Instant::now());
        while since.elapsed() < QUIET && Instant::now() < end {
            thread::sleep(PAUSE);
            let now = self.output().len();
            if now != length {
                (length, since) = (now, Instant::now());
            }
        }
    }

    /// Sends a signal to everything in the terminal, waits for the end, and returns the output.
    pub fn end(mut self, signal: Signal) -> String {
        self.keeper.signal(signal);
        self.wait_until(GRACE, Terminal::has_ended);
        self.keeper.signal(Signal::KILL);
        self.wait_until(GRACE, |terminal| {
            terminal.has_ended() && terminal.reader.is_finished()
        });
        self.output()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.keeper.end();
        let _ = self.shell.wait();
    }
}

/// Where cargo and its compiler are, for commands that have another home.
fn toolchain() -> Vec<(&'static str, PathBuf)> {
    let home = std::env::home_dir().unwrap_or_default();
    let homes = [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")];
    let unset = homes
        .into_iter()
        .filter(|(variable, _)| std::env::var_os(variable).is_none());
    unset
        .map(|(variable, folder)| (variable, home.join(folder)))
        .collect()
}

fn read_into(mut pipe: PipeReader, output: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.extend_from_slice(&buffer[..count]);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::patience::until;
    use kit::process::Stat;

    fn start(command: &str) -> Terminal {
        Terminal::start(command, Path::new("/"), Path::new("/")).unwrap()
    }

    /// A zombie whose new parent has not looked yet is as good as gone.
    fn is_alive(pid: &str) -> bool {
        Stat::of(pid.parse().unwrap()).is_some_and(|stat| stat.lives())
    }

    #[test]
    fn both_outputs_arrive_in_order() {
        let mut terminal = start("echo one; echo two >&2; echo three");
        assert!(terminal.wait_until(GRACE, Terminal::has_ended));
        assert_eq!(terminal.end(Signal::TERM), "one\ntwo\nthree\n");
    }

    #[test]
    fn what_a_command_left_in_the_background_ends_with_the_terminal() {
        let mut terminal = start("sleep 600 & echo $!");
        assert!(terminal.wait_until(GRACE, |terminal| terminal.output().ends_with('\n')));
        let pid = terminal.output().trim().to_owned();
        assert!(is_alive(&pid));
        let before = Instant::now();
        terminal.end(Signal::TERM);
        assert!(!is_alive(&pid) && before.elapsed() < GRACE + GRACE);
    }

    #[test]
    fn a_terminal_that_is_dropped_leaves_nothing_behind() {
        let mut terminal = start("trap '' TERM INT; sleep 600 & echo $!; wait");
        assert!(terminal.wait_until(GRACE, |terminal| terminal.output().ends_with('\n')));
        let pid = terminal.output().trim().to_owned();
        drop(terminal);
        until("it has gone", || !is_alive(&pid));
    }

    #[test]
    fn the_keeper_kills_its_group_when_its_pipe_ends() {
        let mut terminal = start("sleep 600");
        // As if this program had died: the kernel closes the pipe.
        terminal.keeper.let_go();
        assert!(terminal.wait_until(GRACE, Terminal::has_ended));
    }

    #[test]
    fn an_interrupt_reaches_the_command() {
        let mut terminal =
            start("trap 'echo caught; exit' INT; echo ready; while :; do sleep 0.01; done");
        assert!(terminal.wait_until(GRACE, |terminal| terminal.output() == "ready\n"));
        assert_eq!(terminal.end(Signal::INT), "ready\ncaught\n");
    }
}
