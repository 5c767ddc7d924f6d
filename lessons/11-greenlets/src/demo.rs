//! The demo: that of lesson 9, and its echo once more in sequence.

// ANCHOR: demo
use std::sync::Arc;

use lesson03::Application;
use lesson08::{Dispatcher, MountError};
use lesson09::WebSocketPlugin;

use crate::sequential::{GreenSocket, sequential};

/// Everything that [`lesson09::demo::around`] has, and at `/ws/sequential` a socket that is talked
/// to by a function.
pub fn around(
    app: Arc<dyn Application>,
    plugin: &WebSocketPlugin,
) -> Result<Dispatcher, MountError> {
    let apps: [(&str, Arc<dyn Application>); 2] = [
        ("/", Arc::new(lesson09::demo::around(app, plugin)?)),
        ("/ws/sequential", Arc::new(sequential(plugin, echo))),
    ];
    Dispatcher::new(apps)
}

/// Sends every message back. There is nothing to be remembered between two calls, for there is only
/// one.
pub fn echo(ws: &mut GreenSocket) {
    while let Some(message) = ws.receive() {
        if ws.send(&message).is_err() {
            break;
        }
    }
}
// ANCHOR_END: demo
