//! Mounting, over a socket: who is asked, and what is it told about its place?

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use check::answer::Answer;
use check::client::{Client, GUARD};
use check::transcript::Transcript;
use lesson02::Settings;
use lesson03::{AppError, Application, Bell, Body, Environ, Options, StartResponse, application};
use lesson04::{App, PlainText, Request};
use lesson05::Ended;
use lesson07::{PoolServer, PoolSettings};
use lesson08::{Dispatcher, MountError, demo};

const PLAIN: (&str, &str) = ("Content-Type", "text/plain");

struct Site {
    server: Arc<PoolServer>,
    thread: Option<JoinHandle<Ended>>,
}

impl Site {
    fn serve(app: impl Application + 'static) -> Site {
        let options = Options {
            settings: Settings {
                quiet: true,
                ..Settings::default()
            },
            ..Options::default()
        };
        let stop = Arc::new(Bell::new().unwrap());
        let settings = PoolSettings::default();
        let server = PoolServer::bind("127.0.0.1:0", Arc::new(app), options, settings, stop);
        let server = Arc::new(server.unwrap());
        let serving = Arc::clone(&server);
        let thread = thread::spawn(move || serving.start().unwrap());
        Site {
            server,
            thread: Some(thread),
        }
    }

    fn get(&self, target: &str) -> Answer {
        self.ask("GET", target)
    }

    fn ask(&self, method: &str, target: &str) -> Answer {
        let address = self.server.address();
        let mut client = Client::connect(1, address, GUARD, Transcript::default()).unwrap();
        let text = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.send(text.as_bytes()).unwrap();
        client.next_answer(method == "HEAD").unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// An application that tells its name and its place.
fn told(name: &'static str) -> Arc<dyn Application> {
    Arc::new(application(
        move |environ: &mut Environ, start_response: StartResponse| {
            start_response.begin("200 OK", &[PLAIN])?;
            Ok(format!("{name} {}", place(environ)).into())
        },
    ))
}

fn place(environ: &Environ) -> String {
    let script = environ.get("SCRIPT_NAME").unwrap();
    format!("[{script}] [{}]", environ.get("PATH_INFO").unwrap())
}

fn site(prefixes: &[&'static str]) -> Site {
    let apps = prefixes.iter().map(|prefix| (*prefix, told(prefix)));
    Site::serve(Dispatcher::new(apps).unwrap())
}

#[test]
fn the_longest_prefix_wins_and_it_ends_where_a_segment_ends() {
    let site = site(&["/", "/blog", "/blog/archive"]);
    for (target, answer) in [
        ("/", "/ [] [/]"),
        ("/blog", "/blog [/blog] []"),
        ("/blog/", "/blog [/blog] [/]"),
        ("/blog/x", "/blog [/blog] [/x]"),
        ("/blog/x?y=/blog/archive", "/blog [/blog] [/x]"),
        ("/blog/archive", "/blog/archive [/blog/archive] []"),
        ("/blog/archive/1", "/blog/archive [/blog/archive] [/1]"),
        ("/blog/archives", "/blog [/blog] [/archives]"),
        ("/blogger", "/ [] [/blogger]"),
        ("/Blog", "/ [] [/Blog]"),
        ("//blog", "/ [] [//blog]"),
        ("/x/blog", "/ [] [/x/blog]"),
        // The gateway has decoded a path before anybody mounts anything (PEP 3333).
        ("/%62log/x", "/blog [/blog] [/x]"),
        ("/%2Fblog", "/ [] [//blog]"),
        ("/blog%2Fx", "/blog [/blog] [/x]"),
        ("/blog/../x", "/blog [/blog] [/../x]"),
        ("http://a/blog/x", "/blog [/blog] [/x]"),
    ] {
        assert_eq!(site.get(target).text(), answer, "{target}");
    }
}

#[test]
fn the_order_in_which_applications_are_given_does_not_matter() {
    for prefixes in [
        ["/", "/a", "/a/b"],
        ["/a/b", "/a", "/"],
        ["/a", "/", "/a/b"],
    ] {
        let site = site(&prefixes);
        assert_eq!(site.get("/a/b/c").text(), "/a/b [/a/b] [/c]");
        assert_eq!(site.get("/a/c").text(), "/a [/a] [/c]");
    }
}

#[test]
fn a_slash_at_the_end_of_a_prefix_says_nothing() {
    let site = site(&["/blog/"]);
    assert_eq!(site.get("/blog").text(), "/blog/ [/blog] []");
    assert_eq!(site.get("/blog/x").text(), "/blog/ [/blog] [/x]");
}

#[test]
fn a_prefix_beyond_ascii_is_found_as_a_client_encodes_it() {
    let site = site(&["/bücher"]);
    let answer = site.get("/b%C3%BCcher/1");
    assert_eq!(answer.text(), "/bücher [/bÃ¼cher] [/1]");
    assert_eq!(site.get("/b%FCcher/1").status, 404);
}

#[test]
fn where_nothing_is_mounted_the_answer_is_a_whole_404() {
    let site = site(&["/blog"]);
    for target in ["/", "/blogger", "/x", "//blog"] {
        let answer = site.get(target);
        assert_eq!(answer.status, 404, "{target}");
        let kind = answer.field("content-type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"));
        let length = answer.field("content-length").unwrap();
        assert_eq!(length, answer.body.len().to_string());
        assert!(answer.text().starts_with("404 Not Found"));
    }
    let answer = site.ask("HEAD", "/x");
    assert_eq!((answer.status, answer.body.len()), (404, 0));
}

#[test]
fn a_question_about_the_whole_server_goes_to_whoever_has_the_root() {
    let answer = site(&["/", "/blog"]).ask("OPTIONS", "*");
    assert_eq!(answer.text(), "/ [] []");
    assert_eq!(site(&["/blog"]).ask("OPTIONS", "*").status, 404);
}

#[test]
fn a_dispatcher_below_a_dispatcher_adds_its_prefix() {
    let inner: [(&str, Arc<dyn Application>); 2] = [("/", told("root")), ("/x", told("x"))];
    let inner: Arc<dyn Application> = Arc::new(Dispatcher::new(inner).unwrap());
    let site = Site::serve(Dispatcher::new([("/in", inner)]).unwrap());
    assert_eq!(site.get("/in/x/y").text(), "x [/in/x] [/y]");
    assert_eq!(site.get("/in/xy").text(), "root [/in] [/xy]");
    assert_eq!(site.get("/in").text(), "root [/in] []");
}

/// Passes a request on, and shows what of `environ` was changed when it comes back.
struct Around(Dispatcher);

impl Application for Around {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        environ.set("MINE", "kept");
        let before = place(environ);
        let below = catch_unwind(AssertUnwindSafe(|| {
            let answer = self.0.respond(environ, start_response);
            assert!(answer.is_err());
        }));
        let after = place(environ);
        assert_eq!(environ.get("MINE").as_deref(), Some("kept"));
        assert_eq!(environ.get("THEIRS"), None);
        let how = if below.is_ok() { "error" } else { "panic" };
        Err(
            AppError::new(format!("{how}: {before} {after}")).with_page(lesson02::Page::text(
                "400 Bad Request",
                format!("{how}: {before} {after}"),
            )),
        )
    }
}

#[test]
fn whoever_called_finds_its_own_variables_again_after_an_error_and_after_a_panic() {
    let below = |panics: bool| -> Arc<dyn Application> {
        Arc::new(application(
            move |environ: &mut Environ, _: StartResponse| {
                environ.set("THEIRS", "left behind");
                assert_eq!(environ.get("SCRIPT_NAME").as_deref().map(str::len), Some(6));
                assert!(!panics, "as the test wants it");
                Err(AppError::new("as the test wants it"))
            },
        ))
    };
    let apps = [("/error", below(false)), ("/panic", below(true))];
    let site = Site::serve(Around(Dispatcher::new(apps).unwrap()));
    for (target, answer) in [
        ("/error/x", "error: [] [/error/x] [] [/error/x]"),
        ("/panic/x", "panic: [] [/panic/x] [] [/panic/x]"),
    ] {
        assert_eq!(site.get(target).text(), answer);
    }
}

#[test]
fn prefixes_that_cannot_work_are_refused_when_they_are_given() {
    let new = |prefixes: &[&str]| {
        let apps = prefixes.iter().map(|prefix| (*prefix, told("x")));
        Dispatcher::new(apps).err()
    };
    for prefix in ["", "blog", "blog/", " /blog"] {
        let error = MountError::NoSlash(prefix.to_owned());
        assert_eq!(new(&["/", prefix]), Some(error));
    }
    assert_eq!(
        new(&["/a", "/b", "/a/"]),
        Some(MountError::Twice("/a/".into()))
    );
    assert_eq!(new(&["/", "/"]), Some(MountError::Twice("/".into())));
    assert_eq!(new(&[]), None);
    let text = MountError::NoSlash("blog".into()).to_string();
    assert!(text.contains("\"/blog\""), "{text}");
}

#[test]
fn a_map_will_do_in_place_of_a_list() {
    let map = BTreeMap::from([
        ("/".to_owned(), told("my_crazy_app")),
        ("/blog".to_owned(), told("my_blog_app")),
    ]);
    let site = Site::serve(Dispatcher::new(map).unwrap());
    assert_eq!(site.get("/blog/x").text(), "my_blog_app [/blog] [/x]");
    assert_eq!(site.get("/x").text(), "my_crazy_app [] [/x]");
}

#[test]
fn a_framework_finds_its_routes_wherever_it_is_mounted() {
    let mut app = App::new();
    app.route("/", |request: &mut Request| {
        PlainText(place(request.environ()))
    });
    app.route("/{word}", |request: &mut Request| {
        PlainText(request.param("word").unwrap().to_owned())
    });
    let app: Arc<dyn Application> = Arc::new(app);
    let site = Site::serve(Dispatcher::new([("/app", app)]).unwrap());
    assert_eq!(site.get("/app").text(), "[/app] []");
    assert_eq!(site.get("/app/").text(), "[/app] [/]");
    assert_eq!(site.get("/app/a%2Fb").text(), "a/b");
    assert_eq!(site.get("/app/x/y").status, 404);
}

#[test]
fn the_demo_serves_three_applications() {
    let site = Site::serve(demo::mounted().unwrap());
    assert_eq!(site.get("/").text(), "Hello, World!");
    assert_eq!(site.get("/html").text(), "<h1>Hello, World!</h1>");
    assert!(site.get("/environ").text().contains("SCRIPT_NAME = ''"));
    let front = site.get("/blog").text();
    assert!(front.contains("href=\"/blog/2026/mounting\""), "{front}");
    let post = site.get("/blog/2026/mounting").text();
    assert_eq!(post, "mounting, of 2026, below /blog\n");
    let post = site.get("/blog/archive/1999/pages").text();
    assert_eq!(post, "pages, of 1999, below /blog/archive\n");
    assert_eq!(site.get("/blogger").status, 404);
}
