//! HAProxy and nginx.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use check::server::{Launch, Server, free_port};
use kit::patience::{GUARD, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Folder, accepts, file, program, text};

#[test]
fn haproxy_accepts_its_configuration_without_a_warning() {
    let Some(haproxy) = program("haproxy", "haproxy") else {
        return;
    };
    let said = accepts(
        Command::new(haproxy)
            .arg("-c")
            .arg("-f")
            .arg(file("haproxy.cfg"))
            .envs([("LISTEN", "127.0.0.1:8080"), ("NUMBERS", "127.0.0.1:8404")])
            .envs([
                ("ONE", "127.0.0.2:1"),
                ("TWO", "127.0.0.3:1"),
                ("THREE", "127.0.0.4:1"),
            ]),
    );
    assert!(
        !said.contains("WARNING") && !said.contains("ALERT"),
        "{said}"
    );
}

/// Who waits for whom, and for how long: the numbers of three files must fit each other.
#[test]
fn every_time_out_is_longer_than_the_one_that_it_has_to_outlast() {
    let (haproxy, nginx, unit) = (
        text("haproxy.cfg"),
        text("nginx.conf"),
        text("lesson14.service"),
    );
    let number = |text: &str, key: &str| {
        let rest = text.split_once(key).unwrap_or_else(|| panic!("no {key}")).1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<f64>().unwrap()
    };
    let keep_alive = number(&unit, "--keep-alive ");
    assert!(keep_alive > number(&haproxy, "pool-purge-delay "));
    assert!(keep_alive > number(&nginx, "keepalive_timeout "));
    // A machine says no for as long as the balancer needs to hear it twice, and to give up once.
    let drain = number(&unit, "--drain ") * 1000.0;
    let (inter, fast) = (number(&haproxy, "inter "), number(&haproxy, "fastinter "));
    let (fall, check) = (
        number(&haproxy, "fall "),
        number(&haproxy, "timeout check "),
    );
    assert!(drain >= inter + (fall - 1.0) * fast + check);
    // Fewer requests than threads: there is always one for the question about its health.
    let threads = 2.0 * 4.0;
    assert!(number(&haproxy, "rise 1 maxconn ") < threads);
}

fn ask(address: SocketAddr, fields: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(GUARD)).unwrap();
    let request = format!("GET /environ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to end, it ends its workers.
        let pid = Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.0.wait();
    }
}

/// One machine, at an address and port that the configuration can be given.
fn machine(ip: &str, port: u16) -> Server {
    let flags = format!("--quiet --workers 1 --trust 127.0.0.1 --addr {ip}:{port}");
    Launch::lesson(env!("CARGO_BIN_EXE_lesson14"), &flags)
        .start(None)
        .unwrap()
}

#[test]
fn nginx_passes_on_who_the_client_is_and_goes_to_another_machine_if_one_has_gone() {
    let Some(nginx) = program("nginx", "nginx-light") else {
        return;
    };
    let folder = Folder::new("nginx");
    let (door, port) = (free_port().unwrap(), free_port().unwrap());
    let configuration = text("nginx.conf")
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{door}"))
        .replace(":8888", &format!(":{port}"));
    let path = folder.0.join("nginx.conf");
    std::fs::write(&path, configuration).unwrap();
    let machines = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(|ip| machine(ip, port));
    let child = Command::new(nginx)
        .arg("-p")
        .arg(&folder.0)
        .arg("-c")
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _nginx = Nginx(child);
    let address = SocketAddr::from(([127, 0, 0, 1], door));
    let mut answer = String::new();
    until("nginx answers", || {
        answer = ask(address, "X-Forwarded-For: 10.9.9.9\r\n").unwrap_or_default();
        answer.starts_with("HTTP/1.1 200 ")
    });
    assert!(answer.contains("REMOTE_ADDR = '127.0.0.1'"), "{answer}");
    assert!(!answer.contains("10.9.9.9"), "{answer}");
    let [gone, ..] = machines;
    drop(gone);
    for _ in 0..20 {
        let answer = ask(address, "").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}
