//! Ctrl-C: the summary so far, and then the end. What was started ends with us, as ever: the
//! kernel closes the pipe that its keeper listens to.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use super::sheet::Sheet;

/// The exit code of a command that Ctrl-C has ended, by the custom of shells: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// The sheet of the run at hand. With `--watch` there is one after another.
static SHEET: Mutex<Option<Arc<Mutex<Sheet>>>> = Mutex::new(None);

/// From now on Ctrl-C prints the summary of this sheet before it ends the process.
pub(super) fn print_on_ctrl_c(sheet: &Arc<Mutex<Sheet>>) {
    static LISTENING: OnceLock<()> = OnceLock::new();
    set(Some(Arc::clone(sheet)));
    LISTENING.get_or_init(listen);
}

/// The run is over: from now on Ctrl-C only ends the process.
pub(super) fn print_nothing() {
    set(None);
}

fn set(sheet: Option<Arc<Mutex<Sheet>>>) {
    *SHEET.lock().unwrap_or_else(PoisonError::into_inner) = sheet;
}

/// Starts a thread that waits for a signal, since little is allowed where a signal is handled.
fn listen() {
    // Without a pair of sockets Ctrl-C ends us as it ends any process, and only the summary is lost.
    let Ok((mut hear, say)) = UnixStream::pair() else {
        return;
    };
    for signal in [SIGINT, SIGTERM] {
        if let Ok(say) = say.try_clone() {
            let _ = pipe::register(signal, say);
        }
    }
    thread::spawn(move || {
        if hear.read_exact(&mut [0]).is_ok() {
            let sheet = SHEET.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(sheet) = sheet {
                let mut sheet = sheet.lock().unwrap_or_else(PoisonError::into_inner);
                sheet.cut = Some("stopped");
                sheet.finish();
            }
            std::process::exit(INTERRUPTED);
        }
    });
}
