//! Every exercise.

use super::exercise::Exercise;
use super::{solved, together};

/// Every exercise, in order.
pub const EXERCISES: &[Exercise] = &[
    Exercise {
        id: "01-1",
        lesson: 1,
        title: "Tell the client who it is",
        task: "Let the body of the answer contain the client's own address and port, \
               as in `Hello, 127.0.0.1:50312!`.",
        hint: "The second half of the socket pair: `peer_addr`. Content-Length must follow the body.",
        example: "exercise_01_1",
        probe: solved::tells_the_client_who_it_is,
    },
    Exercise {
        id: "01-2",
        lesson: 1,
        title: "Drop the silent client",
        task: "Let a client that says nothing for a second be dropped, so that the next one is served.",
        hint: "`set_read_timeout` makes recv give up. What does the rest of the server do with that error?",
        example: "exercise_01_2",
        probe: solved::drops_the_silent_client,
    },
    Exercise {
        id: "02-1",
        lesson: 2,
        title: "A page that does not exist",
        task: "Answer `GET /` with 200 as before, and any other path with 404. \
               An empty path means `/`.",
        hint: "The parsed request knows its path. Is the query a part of it? \
               When is it empty?",
        example: "exercise_02_1",
        probe: solved::knows_which_page_exists,
    },
    Exercise {
        id: "02-2",
        lesson: 2,
        title: "Who is asking?",
        task: "Answer `GET /agent` with the value of the User-Agent field as text, \
               and with `unknown` when there is none.",
        hint: "Field names are compared without regard to case. The value is bytes, not text.",
        example: "exercise_02_2",
        probe: solved::answers_the_user_agent,
    },
    Exercise {
        id: "03-1",
        lesson: 3,
        title: "A middleware that asks for a password",
        task: "Wrap the demo application: without `Authorization: Basic dXNlcjpwYXNz` (user:pass) \
               answer 401 with `WWW-Authenticate: Basic …`, with it the application's own answer.",
        hint: "A middleware is an application that holds another one. It may call start_response itself, \
               or pass it on.",
        example: "exercise_03_1",
        probe: solved::asks_for_a_password,
    },
    Exercise {
        id: "03-2",
        lesson: 3,
        title: "Count lines without keeping them",
        task: "Answer `POST /lines` with the number of newline bytes in the body, in decimal. \
               The body may be larger than any buffer.",
        hint: "Read a piece, count, forget it. Content-Length says when to stop.",
        example: "exercise_03_2",
        probe: solved::counts_lines,
    },
    Exercise {
        id: "04-1",
        lesson: 4,
        title: "Greet by name",
        task: "Answer `GET /hello/{name}` with an HTML page that holds `Hello, NAME!`: \
               the name percent-decoded, then escaped for HTML.",
        hint: "Decode once, after the path was split at its slashes. Which characters mean something in HTML?",
        example: "exercise_04_1",
        probe: solved::greets_by_name,
    },
    Exercise {
        id: "04-2",
        lesson: 4,
        title: "A collection",
        task: "`POST /items` with JSON `{\"title\": \"x\"}` answers 201 with `Location: /items/1`; \
               `GET /items/1` answers that JSON, `GET /items/99` 404; a body that is not JSON, 400.",
        hint: "The items outlive a request, so they live beside the routes, behind a lock.",
        example: "exercise_04_2",
        probe: solved::keeps_a_collection,
    },
    Exercise {
        id: "05-1",
        lesson: 5,
        title: "A number that all children share",
        task: "Answer `GET /count` with how often it has been asked, over all children: `1`, then `2`, \
               then `3`, as decimal text. Two clients never get the same number.",
        hint: "Memory is copied by a fork, descriptors are not: every child has the same pipe. \
               Make one before the server, put a number into it.",
        example: "exercise_05_1",
        probe: together::counts_over_all_children,
    },
    Exercise {
        id: "05-2",
        lesson: 5,
        title: "One second of the processor",
        task: "Let each request use at most one second of processor time. `GET /spin` computes for ever; \
               its client must see the connection end, and nobody else may notice.",
        hint: "`setrlimit(RLIMIT_CPU)` (crate rustix, feature \"process\") holds for a process. \
               Who is the process when the application runs?",
        example: "exercise_05_2",
        probe: together::limits_the_processor,
    },
    Exercise {
        id: "06-1",
        lesson: 6,
        title: "How busy are we?",
        task: "Answer `GET /busy` with the number of requests that are being answered at this moment, \
               itself included, in decimal. A request that panics must not be counted for ever.",
        hint: "A number that all threads share is an `AtomicUsize`: adding and reading back is one step. \
               What runs even if the application panics? A value's `Drop`.",
        example: "exercise_06_1",
        probe: together::counts_the_requests_under_way,
    },
    Exercise {
        id: "06-2",
        lesson: 6,
        title: "Two sleepers and no more",
        task: "Let at most two requests for `/sleep` be answered at a time. A third one gets 503 with \
               `Retry-After` at once; every other path is served as before. When a sleeper is done, \
               the next may come.",
        hint: "Looking whether there is room and taking it must be one step: `AtomicUsize::fetch_update`. \
               Giving it back belongs into a `Drop`.",
        example: "exercise_06_2",
        probe: together::lets_two_sleep,
    },
    Exercise {
        id: "07-1",
        lesson: 7,
        title: "How busy is it?",
        task: "Answer `GET /busy` with the number of workers that have a client right now, in decimal. \
               The one that answers counts.",
        hint: "The pool knows: `server.pool().numbers()`. The application needs the server, and the \
               server needs the application: `set_app` and `Arc::downgrade`.",
        example: "exercise_07_1",
        probe: together::counts_busy_workers,
    },
    Exercise {
        id: "07-2",
        lesson: 7,
        title: "A budget for slow pages",
        task: "Let at most half of the workers be in `/sleep` at a time. Who comes to `/sleep` beyond \
               that gets a 503 with `Retry-After` at once; every other page is served as ever.",
        hint: "A middleware with an atomic counter. Count down in `Drop`: then a panic gives the place \
               back as well.",
        example: "exercise_07_2",
        probe: together::has_a_budget,
    },
];
