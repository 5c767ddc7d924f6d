//! Every exercise.

use super::exercise::Exercise;
use super::{loops, solved, together, workers};

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
    Exercise {
        id: "08-1",
        lesson: 8,
        title: "From http to https",
        task: "Answer every request that comes in plain text with 308 and a `Location` that is the same \
               address with `https://`: the host that the client named, without a port, and the \
               target as it was sent, query and all. What comes through TLS is served as before.",
        hint: "A middleware. `wsgi.url_scheme` says how a request came, `HTTP_HOST` whom it was for, and \
               `environ.request().target()` what was asked. A port begins at the last colon; an IPv6 \
               address in brackets has colons of its own.",
        example: "exercise_08_1",
        probe: solved::leads_to_https,
    },
    Exercise {
        id: "08-2",
        lesson: 8,
        title: "Two names, two sites",
        task: "Serve the blog at `/` to clients that ask for the host `blog.localhost`, in any case and \
               with any port, and the demo to all others.",
        hint: "A dispatcher that looks at `HTTP_HOST` in place of `PATH_INFO`. What does the \
               application below have to be told about its place? Nothing.",
        example: "exercise_08_2",
        probe: solved::knows_two_names,
    },
    Exercise {
        id: "09-1",
        lesson: 9,
        title: "How many are there?",
        task: "Let the socket `/ws/count` send one message to each client that opens it: the number of \
               sockets that are open, itself included, in decimal.",
        hint: "A `WebSocketManager` can be cloned, and a closure that makes handlers can own a clone. \
               `opened` is the moment.",
        example: "exercise_09_1",
        probe: crate::websocket::counts_the_sockets,
    },
    Exercise {
        id: "09-2",
        lesson: 9,
        title: "A page that speaks to sockets",
        task: "Let `POST /say` send its body, as text, to everybody who has opened `/ws/news`, and \
               answer with 204. A body that is not UTF-8 gets a 400.",
        hint: "`Channels::subscribe` in `opened`, and `Channels::publish` in an application.",
        example: "exercise_09_2",
        probe: crate::websocket::speaks_to_sockets,
    },
    Exercise {
        id: "10-1",
        lesson: 10,
        title: "How many are here?",
        task: "Answer `GET /open` with the number of connections that are open, the asking one \
               included, in decimal.",
        hint: "A connection begins in `Adapter::wrap`, and ends when the stream is dropped. The \
               plain stream of lesson 2 needs one method.",
        example: "exercise_10_1",
        probe: loops::counts_the_connections,
    },
    Exercise {
        id: "10-2",
        lesson: 10,
        title: "Two loops",
        task: "Serve with two loops, each in a thread of its own, so that one that sleeps leaves the \
               other: while somebody is in `/sleep`, `/` is answered. No `--workers`.",
        hint: "`Options::inherited` is a listener that several servers can share.",
        example: "exercise_10_2",
        probe: loops::serves_beside_one_that_sleeps,
    },
    Exercise {
        id: "11-1",
        lesson: 11,
        title: "A sum",
        task: "Let the socket `/ws/sum` take numbers, each as a text. When the text is `=`, it sends \
               the sum of those before it, and begins anew. Any other text ends the conversation \
               with the number 1007.",
        hint: "`sequential(&plugin, |ws| …)` is an application; mount it beside the demo with a \
               `Dispatcher`. The sum is a variable in front of a `while let`.",
        example: "exercise_11_1",
        probe: crate::websocket::adds_up,
    },
    Exercise {
        id: "11-2",
        lesson: 11,
        title: "Two at once",
        task: "Answer `GET /both?ms=N` when two waits of N milliseconds are over that run at the same \
               time: after N milliseconds, and not after twice as long.",
        hint: "`spawn` a greenlet that pauses and then wakes the one that waits for it. Whoever is \
               woken looks whether it was for the right reason.",
        example: "exercise_11_2",
        probe: together::waits_for_both,
    },
    Exercise {
        id: "12-1",
        lesson: 12,
        title: "A page that gives up",
        task: "Answer `GET /patient?ms=N` after N milliseconds with 200, if that is less than half a \
               second; after half a second give up, and answer with 504. No thread may wait for it: \
               a hundred of them are given up in the time of one.",
        hint: "`tokio::time::timeout` awaits a future, but not for ever. `AsyncServer::mount` takes \
               an async function.",
        example: "exercise_12_1",
        probe: loops::gives_up,
    },
    Exercise {
        id: "12-2",
        lesson: 12,
        title: "Two at once",
        task: "Answer `GET /both?ms=N` when two waits of N milliseconds are over that run at the same \
               time: after N milliseconds, and not after twice as long.",
        hint: "`tokio::join!` polls several futures in turn, until all of them are done.",
        example: "exercise_12_2",
        probe: together::waits_for_both,
    },
    Exercise {
        id: "13-1",
        lesson: 13,
        title: "A page that gives up, in Python",
        task: "Answer `GET /patient?ms=N` after N milliseconds with 200, if that is less than half a \
               second; after half a second give up, and answer with 504. No thread may wait for it: \
               a hundred of them are given up in the time of one.",
        hint: "An ASGI application may await. `asyncio.wait_for` awaits something, but not for ever.",
        example: "exercise_13_1",
        probe: loops::gives_up,
    },
    Exercise {
        id: "13-2",
        lesson: 13,
        title: "Two at once, in Python",
        task: "Answer `GET /both?ms=N` when two waits of N milliseconds are over that run at the same \
               time: after N milliseconds, and not after twice as long.",
        hint: "`asyncio.gather` awaits several things at once.",
        example: "exercise_13_2",
        probe: together::waits_for_both,
    },
    Exercise {
        id: "14-1",
        lesson: 14,
        title: "Which worker was it?",
        task: "Let every answer carry a field `X-Worker` with the number of the process that has \
               answered. After a `SIGHUP` there are other numbers, and soon no old ones.",
        hint: "`start` takes what to put around the application of each worker. A middleware passes \
               a `StartResponse` of its own on, and adds a field.",
        example: "exercise_14_1",
        probe: workers::names_its_worker,
    },
    Exercise {
        id: "14-2",
        lesson: 14,
        title: "Old age",
        task: "Replace a worker that has served a hundred requests, and lose nobody: what leaks a \
               little with each request can then not leak for ever (gunicorn's `--max-requests`).",
        hint: "A worker may ask its supervisor, which is its parent, for new workers: that is what \
               `SIGHUP` is for.",
        example: "exercise_14_2",
        probe: workers::replaces_who_is_old,
    },
];
