//! The chat page in a real browser, driven by its own debugging protocol, which is JSON over
//! WebSocket: the tests speak it with the frames of this lesson.
//!
//! Without Chromium this says so and passes; with `REQUIRE_ALL=1` it fails.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use check::client::{Client, GUARD};
use check::server::{Launch, Server, free_port};
use check::transcript::Transcript;
use kit::needed;
use lesson09::frame::unmask;
use serde_json::{Value, json};

/// A browser without a window, and its own folder.
struct Browser {
    process: Child,
    folder: PathBuf,
    client: Client,
    seen: usize,
    last: u64,
}

impl Browser {
    /// Starts Chromium, if it is there.
    fn start(name: &str) -> Option<Browser> {
        let found = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find(|name| needed::ends_well(name, &["--version"]));
        needed::or_skip(found.is_some(), &needed::absent("chromium", "chromium"));
        let program = found?;
        let folder = format!("chat-{name}-{}", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let mut process = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--no-first-run"])
            .args(["--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", folder.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says where it listens, and much else.
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ws://")?.1.to_owned()))
            .unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let (host, path) = address.split_once('/').unwrap();
        let host = host.parse().unwrap();
        let mut client = Client::connect(1, host, GUARD, Transcript::default()).unwrap();
        let question = format!(
            "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        client.send(question.as_bytes()).unwrap();
        assert_eq!(client.next_answer(true).unwrap().status, 101);
        Some(Browser {
            process,
            folder,
            client,
            seen: 0,
            last: 0,
        })
    }

    /// Asks it to do something, and gives its answer.
    fn ask(&mut self, session: &str, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut order = json!({"id": self.last, "method": method, "params": parameters});
        if !session.is_empty() {
            order["sessionId"] = session.into();
        }
        let mut payload = order.to_string().into_bytes();
        let mut frame = vec![0x81, 0xFE];
        frame.extend((payload.len() as u16).to_be_bytes());
        if payload.len() < 126 {
            frame = vec![0x81, 0x80 | payload.len() as u8];
        }
        frame.extend([1, 2, 3, 4]);
        unmask(&mut payload, [1, 2, 3, 4], 0);
        frame.extend(payload);
        self.client.send(&frame).unwrap();
        loop {
            let said = self.next();
            if said["id"] == self.last {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }

    /// The next thing that it says.
    fn next(&mut self) -> Value {
        let guard = Instant::now() + GUARD;
        loop {
            let bytes = &self.client.received()[self.seen..];
            let head = match bytes.get(1) {
                Some(126) => 4,
                Some(127) => 10,
                _ => 2,
            };
            if bytes.len() >= head {
                let length = match head {
                    2 => usize::from(bytes[1]),
                    _ => bytes[2..head]
                        .iter()
                        .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                };
                if let Some(payload) = bytes.get(head..head + length) {
                    let said = serde_json::from_slice(payload).unwrap();
                    self.seen += head + length;
                    return said;
                }
            }
            assert!(Instant::now() < guard, "the browser says nothing");
            self.client.wait_until(guard);
        }
    }

    fn open(&mut self, url: &str) -> Page {
        let target = self.ask("", "Target.createTarget", json!({"url": url}));
        let how = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.ask("", "Target.attachToTarget", how);
        let page = Page(attached["sessionId"].as_str().unwrap().to_owned());
        // Otherwise only one of several pages has the keyboard.
        self.ask(
            &page.0,
            "Emulation.setFocusEmulationEnabled",
            json!({"enabled": true}),
        );
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A page that is open.
struct Page(String);

impl Page {
    fn evaluate(&self, browser: &mut Browser, script: &str) -> Value {
        let how = json!({"expression": script, "returnByValue": true});
        let found = browser.ask(&self.0, "Runtime.evaluate", how);
        assert!(found["exceptionDetails"].is_null(), "{script}: {found}");
        found["result"]["value"].clone()
    }

    #[track_caller]
    fn until(&self, browser: &mut Browser, script: &str) {
        let guard = Instant::now() + Duration::from_secs(60);
        while self.evaluate(browser, script) != true {
            assert!(Instant::now() < guard, "never: {script}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types, with the keyboard only.
    fn types(&self, browser: &mut Browser, text: &str) {
        browser.ask(&self.0, "Input.insertText", json!({"text": text}));
    }

    fn press(&self, browser: &mut Browser, key: &str, code: u8, text: &str) {
        let mut event = json!({"type": "keyDown", "key": key, "code": key, "text": text,
                               "windowsVirtualKeyCode": code});
        browser.ask(&self.0, "Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        event["text"] = "".into();
        browser.ask(&self.0, "Input.dispatchKeyEvent", event);
    }

    fn screenshot(&self, browser: &mut Browser, name: &str) {
        if let Some(folder) = std::env::var_os("CHAT_SCREENSHOTS") {
            let shot = browser.ask(&self.0, "Page.captureScreenshot", json!({}));
            let text = shot["data"].as_str().unwrap();
            fs::write(PathBuf::from(folder).join(format!("{name}.base64")), text).unwrap();
        }
    }
}

fn lesson(port: Option<u16>) -> Server {
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson09"), "--quiet --stop-timeout 2");
    launch.start(port).unwrap()
}

/// A page that is still loading has no such element.
const CONNECTED: &str = "document.getElementById('state')?.dataset.state === 'open'";

fn shows(text: &str) -> String {
    format!("document.getElementById('lines').innerText.includes({text:?})")
}

#[test]
fn two_pages_talk_to_each_other_with_the_keyboard_alone() {
    let Some(mut browser) = Browser::start("talk") else {
        return;
    };
    let server = lesson(None);
    let url = |name: &str| format!("http://{}/chat?name={name}", server.address());
    let ada = browser.open(&url("Ada"));
    ada.until(&mut browser, CONNECTED);
    let bob = browser.open(&url("Bob"));
    bob.until(&mut browser, CONNECTED);
    ada.until(&mut browser, &shows("Bob came in"));

    ada.until(&mut browser, "document.activeElement.id === 'text'");
    ada.types(&mut browser, "Hello, Bob");
    ada.press(&mut browser, "Enter", 13, "\r");
    bob.until(&mut browser, &shows("Ada: Hello, Bob"));
    ada.until(&mut browser, "document.getElementById('text').value === ''");

    // With the button, too; and whatever somebody says, it is text.
    bob.types(&mut browser, "<img src=x onerror=alert(1)> & é");
    bob.press(&mut browser, "Tab", 9, "");
    bob.until(&mut browser, "document.activeElement.id === 'send'");
    bob.press(&mut browser, "Enter", 13, "\r");
    ada.until(
        &mut browser,
        &shows("Bob: <img src=x onerror=alert(1)> & é"),
    );
    ada.until(&mut browser, "document.images.length === 0");
    bob.until(&mut browser, "document.activeElement.id === 'text'");

    for scheme in ["light", "dark"] {
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let how = json!({"features": feature});
        browser.ask(&ada.0, "Emulation.setEmulatedMedia", how);
        ada.screenshot(&mut browser, scheme);
        for place in ["body", "#state", "#send", "#lines li", "label"] {
            let ratio = ada.evaluate(&mut browser, &contrast(place));
            let ratio = ratio.as_f64().unwrap();
            assert!(ratio >= 4.5, "{place} in {scheme}: {ratio}");
        }
    }
}

/// The contrast of a text with what is behind it, as WCAG 2 defines it.
fn contrast(place: &str) -> String {
    format!(
        "(() => {{
            const light = color => {{
                const parts = color.match(/[\\d.]+/g).slice(0, 3).map(Number);
                const [r, g, b] = parts.map(part => {{
                    part /= 255;
                    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
                }});
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            }};
            const behind = element => {{
                const color = getComputedStyle(element).backgroundColor;
                return /, 0\\)$|transparent/.test(color) && element.parentElement
                    ? behind(element.parentElement) : color;
            }};
            const element = document.querySelector({place:?});
            const [a, b] = [getComputedStyle(element).color, behind(element)].map(light);
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }})()"
    )
}

#[test]
fn a_screen_reader_finds_names_for_everything_and_hears_what_is_said() {
    let Some(mut browser) = Browser::start("reader") else {
        return;
    };
    let server = lesson(None);
    let page = browser.open(&format!("http://{}/chat?name=Ada", server.address()));
    page.until(&mut browser, CONNECTED);
    let tree = browser.ask(&page.0, "Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let has = |role: &str, name: &str| {
        nodes
            .iter()
            .any(|node| node["role"]["value"] == role && node["name"]["value"] == name)
    };
    for (role, name) in [
        ("heading", "Chat"),
        ("textbox", "Your name"),
        ("textbox", "Your message"),
        ("button", "Send"),
        ("log", "What was said"),
    ] {
        assert!(has(role, name), "no {role} {name:?} in {nodes:#?}");
    }
    assert!(nodes.iter().any(|node| node["role"]["value"] == "status"));
    let language = page.evaluate(&mut browser, "document.documentElement.lang");
    assert_eq!(language, "en");
}

#[test]
fn a_page_comes_back_when_its_server_does() {
    let Some(mut browser) = Browser::start("back") else {
        return;
    };
    // A port that was asked for by its number can be had again at once.
    let server = lesson(Some(free_port().unwrap()));
    let address = server.address();
    let page = browser.open(&format!("http://{address}/chat?name=Ada"));
    page.until(&mut browser, CONNECTED);
    server.processes().terminate();
    page.until(
        &mut browser,
        "document.getElementById('state').textContent.startsWith('The server is stopping')",
    );
    drop(server);
    let _server = lesson(Some(address.port()));
    page.until(&mut browser, CONNECTED);
    page.types(&mut browser, "back again");
    page.press(&mut browser, "Enter", 13, "\r");
    page.until(&mut browser, &shows("Ada: back again"));
}
