//! The page on which the drivers stand side by side, and on which every difference has its reason.

use std::fmt::Write;

/// A driver: what a lesson does with a conversation.
struct Driver {
    heading: &'static str,
    file: &'static str,
    caption: &'static str,
    text: &'static str,
}

const DRIVERS: [Driver; 4] = [
    Driver {
        heading: "A thread that may wait",
        file: "lessons/07-pool/src/worker.rs",
        caption: "lesson 7, a worker",
        text: "Every arm waits where it stands. The thread is the memory of where that was.",
    },
    Driver {
        heading: "A loop that must not",
        file: "lessons/10-event-loop/src/line.rs",
        caption: "lesson 10, one step of a turn",
        text: "No arm waits: each says what should happen next, and the loop comes back when it \
               has. What must be remembered meanwhile is in the line.",
    },
    Driver {
        heading: "A stack that can be put aside",
        file: "lessons/11-greenlets/src/server.rs",
        caption: "lesson 11, a greenlet",
        text: "The driver is lesson 7's, by import. Two things are new: the line that it is given \
               waits in the hub, and it runs on a stack of its own.",
    },
    Driver {
        heading: "A value that remembers where it was",
        file: "lessons/12-async/src/converse.rs",
        caption: "lesson 12, a task",
        text: "The arms are lesson 7's again, with an `.await` wherever one of them waits, and a \
               desk that nobody may wait at.",
    },
];

/// The page.
pub fn page() -> String {
    let mut text = String::from(
        "<!-- Written by `cargo run -p book -- waiting`. -->\n\n\
         # One conversation, four ways of waiting\n\n\
         The [conversation](07-pool-conversation.md) of lesson 7 says what it waits for, and a \
         *driver* decides how to wait. Here are the drivers of four lessons, side by side. None of \
         them reads or writes a line of HTTP. (Lesson 13 has [lesson 10's, with a \
         stage](13-python.md#the-lessons-server) for applications in Python, and the workers of \
         lesson 14 are lesson 10's servers.)\n",
    );
    for it in DRIVERS {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n## {}\n\n*{}*, `driver` (shown again): {}.\n\n```rust\n\
             {{{{#include ../../{}:driver}}}}\n```\n\n{}\n",
            it.heading, it.file, it.caption, it.file, it.text
        );
    }
    text.push_str(
        "\n## The same bytes, or a reason\n\n\
         A test asks eight servers the same questions, some hundreds of them: every route by \
         every method, uploads with a length and in chunks, faults, requests in a row, and the \
         same bytes in odd pieces. The servers are those of lessons 3, 5, 6, 7, 10 (without \
         workers and with them), 11 and 12. Then it compares every byte of every answer with \
         lesson 7's. Times, ports and the names of servers, processes and threads are made equal \
         first. Whatever else differs must stand in this table, and every row of the table must \
         occur.\n\n",
    );
    text.push_str(&check::ladder::render_markdown());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::{Part, lines_taken};

    #[test]
    fn every_driver_fits_into_forty_lines() {
        for it in DRIVERS {
            let file = check::workshop::workspace().join(it.file);
            let text = std::fs::read_to_string(file).unwrap();
            let part = Part::Anchor("driver".to_owned());
            let lines = lines_taken(&text, &part).unwrap();
            assert!(
                (1..=40).contains(&lines.len()),
                "{}: {}",
                it.file,
                lines.len()
            );
        }
    }
}
