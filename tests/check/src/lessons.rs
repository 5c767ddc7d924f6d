//! The one list of lessons. README, the book's summary and the matrix are checked against it.

/// One lesson of the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its number: lesson 3 is `03` wherever it is written.
    pub number: u8,
    /// The cargo package, which is also the name of its binary: `lesson03`.
    pub package: &'static str,
    /// Where its code is, seen from the root of the repository.
    pub folder: &'static str,
    /// The title of its chapter.
    pub title: &'static str,
    /// The file of its chapter in `book/src`.
    pub chapter: &'static str,
    /// The one new idea.
    pub idea: &'static str,
    /// What is still wrong when the lesson is done: why the next one exists.
    pub still_wrong: &'static str,
}

/// Every lesson that exists, in order.
pub const LESSONS: &[Lesson] = &[
    Lesson {
        number: 1,
        package: "lesson01",
        folder: "lessons/01-socket",
        title: "A socket that answers",
        chapter: "01-socket.md",
        idea: "socket → setsockopt → bind → listen → accept → recv → send → close: \
               the eight calls under every web server, all visible",
        still_wrong: "it answers without knowing what was asked",
    },
    Lesson {
        number: 2,
        package: "lesson02",
        folder: "lessons/02-request",
        title: "A request",
        chapter: "02-request.md",
        idea: "bytes become a request, errors become statuses, and nobody may take for ever",
        still_wrong: "the application is welded into the server",
    },
    Lesson {
        number: 3,
        package: "lesson03",
        folder: "lessons/03-wsgi",
        title: "The gateway",
        chapter: "03-wsgi.md",
        idea: "environ, start_response and an iterable body: any application on any server",
        still_wrong: "writing applications against environ is tedious",
    },
    Lesson {
        number: 4,
        package: "lesson04",
        folder: "lessons/04-framework",
        title: "A framework",
        chapter: "04-framework.md",
        idea: "routes, requests and responses on top of the gateway",
        still_wrong: "one slow request stops everybody",
    },
    Lesson {
        number: 5,
        package: "lesson05",
        folder: "lessons/05-fork",
        title: "A process for each connection",
        chapter: "05-fork.md",
        idea: "fork: a copy of the server for each client; descriptors, zombies, SIGCHLD",
        still_wrong: "a process costs too much, and a flood of them kills the host",
    },
    Lesson {
        number: 6,
        package: "lesson06",
        folder: "lessons/06-threads",
        title: "A thread for each connection",
        chapter: "06-threads.md",
        idea: "threads: the same, cheaper, and all in one memory",
        still_wrong: "a thread is started and thrown away for each connection, and a quiet client owns one",
    },
    Lesson {
        number: 7,
        package: "lesson07",
        folder: "lessons/07-pool",
        title: "A pool of workers",
        chapter: "07-pool.md",
        idea: "a bounded queue and a pool; keep-alive, pipelining, chunked coding; a graceful stop",
        still_wrong: "a quiet or slow client still owns a worker",
    },
    Lesson {
        number: 8,
        package: "lesson08",
        folder: "lessons/08-mount-tls",
        title: "Many applications, and TLS",
        chapter: "08-mount-tls.md",
        idea: "many applications under one roof, and TLS by an adapter that can be changed while the server runs",
        still_wrong: "a server can only answer: nobody gets a message without asking for it",
    },
    Lesson {
        number: 9,
        package: "lesson09",
        folder: "lessons/09-websocket",
        title: "Messages both ways",
        chapter: "09-websocket.md",
        idea: "the upgrade: frames, a handler for each path, and one thread for all who are quiet",
        still_wrong: "only sockets have left their workers: any other quiet client still owns one",
    },
    Lesson {
        number: 10,
        package: "lesson10",
        folder: "lessons/10-event-loop",
        title: "An event loop",
        chapter: "10-event-loop.md",
        idea: "readiness: one thread waits for ten thousand connections; workers for applications that block",
        still_wrong: "the conversation is cut into steps, and reads like a puzzle",
    },
    Lesson {
        number: 11,
        package: "lesson11",
        folder: "lessons/11-greenlets",
        title: "Greenlets",
        chapter: "11-greenlets.md",
        idea: "sequential code on the loop: a small stack for each connection, and lesson 7's driver unchanged",
        still_wrong: "a stack for each quiet client, and whatever does not ask the hub stops everybody",
    },
    Lesson {
        number: 12,
        package: "lesson12",
        folder: "lessons/12-async",
        title: "Async",
        chapter: "12-async.md",
        idea: "async and await: the compiler writes the greenlet; a future polled by hand, then tokio",
        still_wrong: "an application must be written in Rust: what about the frameworks that people use?",
    },
    Lesson {
        number: 13,
        package: "lesson13",
        folder: "lessons/13-python",
        title: "Python's own frameworks",
        chapter: "13-python.md",
        idea: "Django, Flask and FastAPI as they are: `python3` loads us, and the interpreter's lock is the baton",
        still_wrong: "one interpreter lock, one process: one processor computes, however many there are",
    },
    Lesson {
        number: 14,
        package: "lesson14",
        folder: "lessons/14-many",
        title: "Many processes, many machines",
        chapter: "14-many.md",
        idea: "one process holds the socket, others serve and come and go; then machines behind a balancer",
        still_wrong: "one balancer, one Redis: whatever there is one of can be lost",
    },
];

/// The lesson with this package name (`lesson03`) or number (`3`, `03`).
pub fn find(name: &str) -> Option<&'static Lesson> {
    let number = name.strip_prefix("lesson").unwrap_or(name).parse().ok();
    LESSONS.iter().find(|lesson| Some(lesson.number) == number)
}

/// The lesson with this number.
pub fn numbered(number: u8) -> Option<&'static Lesson> {
    LESSONS.iter().find(|lesson| lesson.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_gaps_and_agree_with_package_folder_and_chapter() {
        for (index, lesson) in LESSONS.iter().enumerate() {
            let number = format!("{:02}", lesson.number);
            assert_eq!(usize::from(lesson.number), index + 1);
            assert_eq!(lesson.package, format!("lesson{number}"));
            let folder = lesson.folder.strip_prefix("lessons/").unwrap();
            assert!(folder.starts_with(&number), "{}", lesson.folder);
            assert_eq!(lesson.chapter, format!("{folder}.md"));
        }
    }

    #[test]
    fn a_lesson_is_found_by_package_and_by_number() {
        for name in ["lesson03", "03", "3"] {
            assert_eq!(find(name).unwrap().title, "The gateway", "{name}");
        }
        assert!(find("lesson99").is_none() && find("three").is_none());
    }
}
