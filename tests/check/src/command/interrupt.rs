//! Ctrl-C: the summary so far, and then the end. What was started ends with us, as ever: the
//! kernel closes the pipe that its keeper listens to.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use super::sheet::Sheet;

/// The exit code of a command that Ctrl-C has ended, by the custom of shells: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C prints the summary of this sheet before it ends the process.
pub(super) fn print_on_ctrl_c(sheet: &Arc<Mutex<Sheet>>) {
    let sheet = Arc::clone(sheet);
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
        // A thread that waits for a signal, since little is allowed where a signal is handled.
        if hear.read_exact(&mut [0]).is_ok() {
            let mut sheet = sheet.lock().unwrap_or_else(PoisonError::into_inner);
            sheet.cut = Some("stopped");
            sheet.finish();
            std::process::exit(INTERRUPTED);
        }
    });
}
