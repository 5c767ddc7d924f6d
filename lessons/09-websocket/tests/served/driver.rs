//! The plugin in a process of the test's own: handlers, the driver, and what they owe each other.

use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use check::client::Client;
use kit::patience::until;
use lesson02::Settings;
use lesson03::{
    AppError, Application, Bell, Body, Environ, Options, Protocol, StartResponse, application,
};
use lesson07::{PoolServer, PoolSettings};
use lesson08::Dispatcher;
use lesson09::{
    BROADCAST, EchoWebSocket, Events, Message, Socket, SocketRules, WebSocket, WebSocketPlugin,
};

use crate::house::{ASKS, Speaker, ask, get};

/// A server in this process, stopped at the end.
pub(crate) struct House {
    pub(crate) server: Arc<PoolServer>,
    pub(crate) plugin: Arc<WebSocketPlugin>,
    serving: Option<JoinHandle<()>>,
}

impl House {
    pub(crate) fn serve(
        rules: SocketRules,
        apps: impl FnOnce(&WebSocketPlugin) -> Vec<(&'static str, Arc<dyn Application>)>,
    ) -> House {
        let plugin = WebSocketPlugin::start(rules).unwrap();
        let app = Dispatcher::new(apps(&plugin)).unwrap();
        let settings = Settings {
            quiet: true,
            ..Settings::default()
        };
        let options = Options {
            settings,
            ..Options::default()
        };
        let (pool, stop) = (PoolSettings::default(), Arc::new(Bell::new().unwrap()));
        let server = PoolServer::bind(("127.0.0.1", 0), Arc::new(app), options, pool, stop);
        let server = Arc::new(server.unwrap());
        plugin.subscribe(&server);
        let own = Arc::clone(&server);
        let serving = thread::spawn(move || {
            own.start().unwrap();
        });
        House {
            server,
            plugin,
            serving: Some(serving),
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.server.stop();
        if let Some(serving) = self.serving.take() {
            let ended = serving.join();
            assert!(thread::panicking() || ended.is_ok());
        }
    }
}

/// Panics when it is told to, and notes its end.
struct Fragile(Arc<Mutex<Vec<u16>>>);

impl WebSocket for Fragile {
    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>) {
        assert_ne!(message, Message::Text("panic"), "as it was told to");
        socket.send(message).unwrap();
    }

    fn closed(&mut self, code: u16, _reason: &str) {
        self.0.lock().unwrap().push(code);
    }
}

#[test]
fn a_panic_in_a_handler_ends_its_own_socket_with_1011_and_nothing_else() {
    let ends = Arc::default();
    let noted = Arc::clone(&ends);
    let house = House::serve(SocketRules::default(), |plugin| {
        let fragile = plugin.application(move |_| Fragile(Arc::clone(&noted)));
        vec![("/ws", Arc::new(fragile))]
    });
    let at = house.server.address();
    let mut other = Speaker::open(at, "/ws");
    for _ in 0..10 {
        let mut panicking = Speaker::open(at, "/ws");
        panicking.say_text("panic");
        assert_eq!(panicking.hear_end(), 1011);
    }
    other.say_text("well?");
    assert_eq!(other.hear_text(), "well?");
    assert_eq!(house.plugin.manager().len(), 1);
    assert_eq!(*ends.lock().unwrap(), [1011; 10]);
    drop(other);
    until("its end is noted", || ends.lock().unwrap().len() == 11);
    assert_eq!(ends.lock().unwrap()[10], 1006);
}

#[test]
fn anybody_can_speak_to_everybody_from_any_thread() {
    let house = House::serve(SocketRules::default(), |plugin| {
        vec![("/ws", Arc::new(plugin.application(|_| EchoWebSocket)))]
    });
    let at = house.server.address();
    let count = || house.plugin.manager().iter().count();
    // Several workers hand sockets over, in any order. The first is the first, if it is alone.
    let mut sockets = vec![Speaker::open(at, "/ws")];
    until("the first is open", || count() == 1);
    sockets.extend((1..100).map(|_| Speaker::open(at, "/ws")));
    until("all are open", || count() == 100);
    assert_eq!(house.plugin.manager().broadcast("to all"), 100);
    house.plugin.channels().publish(BROADCAST, "and again");
    for socket in &mut sockets {
        assert_eq!(socket.hear_text(), "to all");
        assert_eq!(socket.hear_text(), "and again");
    }
    let one = house.plugin.manager().iter().next().unwrap();
    assert!(house.plugin.manager().contains(&one));
    one.close(3000, "you alone");
    assert_eq!(sockets[0].hear().1[..2], 3000u16.to_be_bytes());
    assert!(one.is_closed() && one.send("too late").is_err());
}

#[test]
fn messages_keep_their_order_although_several_threads_wake_the_driver() {
    let house = House::serve(SocketRules::default(), |plugin| {
        vec![("/ws", Arc::new(plugin.application(|_| EchoWebSocket)))]
    });
    let mut socket = Speaker::open(house.server.address(), "/ws");
    until("it is open", || house.plugin.manager().iter().count() == 1);
    let handle = house.plugin.manager().iter().next().unwrap();
    thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let handle = handle.clone();
            scope.spawn(move || {
                for number in 0..500 {
                    handle.send(format!("{name}{number}").as_str()).unwrap();
                }
            });
        }
    });
    let mut next = std::collections::HashMap::<String, usize>::new();
    for _ in 0..1500 {
        let text = socket.hear_text();
        let (name, number) = text.split_at(1);
        let next = next.entry(name.to_owned()).or_default();
        assert_eq!(number, next.to_string());
        *next += 1;
    }
}

#[test]
fn closures_make_a_handler_too_and_are_called_in_their_order() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let note = |text: &'static str| {
        let said = Arc::clone(&said);
        move || said.lock().unwrap().push(text)
    };
    let (came, first, second, went) = (note("came"), note("first"), note("second"), note("went"));
    let events = Events::new()
        .onconnect(move |_| came())
        .onmessage(move |_, _| first())
        .onmessage(move |message, socket| {
            second();
            socket.send(message).unwrap();
        })
        .onclose(move |_, _| went());
    let events = Arc::new(events);
    let house = House::serve(SocketRules::default(), move |plugin| {
        vec![(
            "/ws",
            Arc::new(plugin.application(move |_| Arc::clone(&events))),
        )]
    });
    let mut socket = Speaker::open(house.server.address(), "/ws");
    socket.say_text("hello");
    assert_eq!(socket.hear_text(), "hello");
    socket.say(0x88, &[]);
    assert_eq!(socket.hear_end(), 1005);
    assert_eq!(*said.lock().unwrap(), ["came", "first", "second", "went"]);
}

#[test]
fn the_dearest_subprotocol_that_both_speak_is_chosen() {
    let rules = SocketRules {
        protocols: vec!["chat.v2".to_owned(), "chat.v1".to_owned()],
        ..SocketRules::default()
    };
    let house = House::serve(rules, |plugin| {
        vec![("/ws", Arc::new(plugin.application(|_| EchoWebSocket)))]
    });
    let chosen = |offered: &str| {
        let fields = format!("Sec-WebSocket-Protocol: {offered}\r\n");
        let speaker = Speaker::open_with(house.server.address(), "/ws", &fields, b"");
        let field = speaker.answer.field("sec-websocket-protocol");
        field.map(str::to_owned)
    };
    assert_eq!(chosen("chat.v1, chat.v2").as_deref(), Some("chat.v2"));
    assert_eq!(chosen("chat.v1").as_deref(), Some("chat.v1"));
    assert_eq!(chosen("chat"), None);
}

/// A protocol that is not WebSocket, and not well.
struct Broken;

impl Protocol for Broken {
    fn name(&self) -> &'static str {
        "websocket"
    }

    fn open(&mut self, _wake: Waker, _out: &mut Vec<u8>) {}

    fn receive(&mut self, _bytes: &mut [u8], _out: &mut Vec<u8>) -> usize {
        panic!("as it was told to")
    }

    fn poll(&mut self, _now: Instant, _out: &mut Vec<u8>) -> Option<Instant> {
        None
    }

    fn is_over(&self) -> bool {
        false
    }

    fn lost(&mut self) {}
}

#[test]
fn a_protocol_that_panics_takes_its_own_connection_along_and_no_other() {
    let house = House::serve(SocketRules::default(), |plugin| {
        let broken = application(|_: &mut Environ, start_response: StartResponse| {
            start_response.begin("101 Switching Protocols", &[])?;
            Ok::<Body, AppError>(Body::Upgrade(Box::new(Broken)))
        });
        vec![
            ("/ws", Arc::new(plugin.application(|_| EchoWebSocket))),
            ("/broken", Arc::new(broken)),
        ]
    });
    let at = house.server.address();
    let mut good = Speaker::open(at, "/ws");
    let mut broken: Client = ask(at, get("/broken", ASKS));
    assert_eq!(broken.next_answer(true).unwrap().status, 101);
    let _ = broken.send(b"x");
    assert!(broken.wait_for_end().is_some());
    good.say_text("well?");
    assert_eq!(good.hear_text(), "well?");
}

#[test]
fn a_handler_that_says_more_than_the_client_reads_waits_without_filling_the_memory() {
    struct Talkative;
    impl WebSocket for Talkative {
        fn received_message(&mut self, _message: Message<'_>, socket: &mut Socket<'_>) {
            socket.send(&[0u8; 1 << 20][..]).unwrap();
        }
    }
    let house = House::serve(SocketRules::default(), |plugin| {
        vec![("/ws", Arc::new(plugin.application(|_| Talkative)))]
    });
    let mut socket = Speaker::open(house.server.address(), "/ws");
    // In one packet, and the answers together would be two hundred megabytes.
    let questions = crate::house::frame(0x82, b"").repeat(200);
    socket.client.send(&questions).unwrap();
    for _ in 0..200 {
        assert_eq!(socket.hear().1.len(), 1 << 20);
    }
}
