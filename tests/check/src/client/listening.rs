//! What comes back on a connection: answers, the end, or nothing.
//!
//! Bytes are recorded when they are read. The end of a connection is recorded when a probe asks
//! for it: after a whole answer it would stand there or not, depending on who was faster.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use super::readiness::{is_readable, wait_for_any};
use super::{Client, End, NoAnswer};
use crate::answer::{self, Answer, Framing};
use crate::transcript::Event;

impl Client {
    /// The next answer, interim ones (1xx) left out.
    pub fn answer(&mut self) -> Result<Answer, NoAnswer> {
        loop {
            let answer = self.next_answer(false)?;
            if answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    /// The next answer, be it interim or final. `to_head` says that the question was HEAD.
    pub fn next_answer(&mut self, to_head: bool) -> Result<Answer, NoAnswer> {
        let until = Instant::now() + self.patience;
        loop {
            if let Some(answer) = self.take_answer(to_head)? {
                return Ok(answer);
            }
            if !self.wait_until(until) {
                self.note(format!(
                    "no answer within {} s (--patience)",
                    self.patience.as_secs_f64()
                ));
                self.bound.note_vain_wait();
                return Err(NoAnswer::Silence);
            }
        }
    }

    /// Waits for an answer, for the end or for this moment, whatever comes first. It is for a first
    /// visit, from which nothing is concluded: an answer may have no end.
    pub fn answer_by(&mut self, moment: Instant) {
        while !self.is_answered()
            && self.end.is_none()
            && self.wait_until(moment)
            && Instant::now() < moment
        {}
    }

    /// An answer, if one is whole already; `None` while some of it may still come.
    pub fn take_answer(&mut self, to_head: bool) -> Result<Option<Answer>, NoAnswer> {
        self.collect();
        self.show();
        let found = answer::parse(&self.received, self.end.is_some(), to_head);
        let Some((answer, used)) = found.map_err(NoAnswer::Malformed)? else {
            // No second look: with the end, more bytes could have come.
            self.record_end();
            return self.end.map_or(Ok(None), |end| Err(NoAnswer::Ended(end)));
        };
        self.received.drain(..used);
        self.show();
        if answer.framing == Framing::UntilClose {
            self.record_end();
        }
        Ok(Some(answer))
    }

    /// Whether a whole answer has arrived. It stays where it is.
    pub fn is_answered(&mut self) -> bool {
        self.collect();
        self.show();
        let found = answer::parse(&self.received, self.end.is_some(), false);
        matches!(found, Ok(Some(_)))
    }

    /// What came and belongs to no answer that was taken.
    pub fn received(&mut self) -> &[u8] {
        self.collect();
        self.show();
        &self.received
    }

    /// How the connection ended, if it has. Whoever asks has it in the record.
    pub fn end(&mut self) -> Option<End> {
        self.collect();
        self.shown.1 = self.end;
        self.record_end();
        self.end
    }

    /// What came, and whether that is all, in one look: between two of them the last bytes could
    /// come together with the end.
    pub fn look(&mut self) -> (&[u8], Option<End>) {
        let end = self.end();
        self.show();
        (&self.received, end)
    }

    /// Waits for the server to end the connection; `None` if it does not.
    pub fn wait_for_end(&mut self) -> Option<End> {
        let until = Instant::now() + self.patience;
        // Bytes may come for ever, so that the time is looked at as well.
        while self.end().is_none() && self.wait_until(until) && Instant::now() < until {}
        if self.end.is_none() {
            self.bound.note_vain_wait();
        }
        self.end
    }

    /// Waits until there are bytes or an end that nobody has looked at, at most until `until`.
    /// False: nothing came.
    pub fn wait_until(&mut self, until: Instant) -> bool {
        let is_news = |client: &Client| client.shown != (client.received.len(), client.end);
        if !is_news(self) {
            let left = until.saturating_duration_since(Instant::now());
            wait_for_any(&[self], self.bound.clip(left));
            self.collect();
        }
        let is_news = is_news(self);
        self.show();
        is_news
    }

    /// Nothing of what is here is news any more.
    fn show(&mut self) {
        self.shown = (self.received.len(), self.end);
    }

    /// Takes what has arrived, without waiting; of very much, some.
    fn collect(&mut self) {
        let enough = self.received.len() + 1024 * 1024;
        let mut buffer = [0; 64 * 1024];
        self.bound.check("waiting for the server");
        while self.end.is_none()
            && self.received.len() < enough
            && is_readable(&[self], Duration::ZERO)
        {
            self.bound.check("reading an answer that goes on and on");
            match self.stream.read(&mut buffer) {
                Ok(0) if self.was_reset => self.end = Some(End::Reset),
                Ok(0) => self.end = Some(End::Closed),
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    let received = Event::Received(buffer[..count].to_vec());
                    self.transcript.add(self.number, received);
                    self.bound.count(count, "reading an answer without end");
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.end = Some(End::Reset),
            }
        }
    }

    fn record_end(&mut self) {
        match self.end {
            Some(_) if self.end_is_recorded => return,
            Some(End::Closed) => self.note("the server closed the connection"),
            Some(End::Reset) => self.note("the server reset the connection"),
            None => return,
        }
        self.end_is_recorded = true;
    }

    /// Reads on without keeping or recording anything, until the end. It stops after `most` bytes,
    /// after the patience of this client, and when nothing comes: what the kernel had buffered is
    /// here by then, and an end would have stood behind it.
    pub fn discard(&mut self, most: usize) -> Option<End> {
        let mut buffer = vec![0; 256 * 1024];
        let mut total = 0;
        let until = Instant::now() + self.patience;
        while total < most && Instant::now() < until && is_readable(&[self], self.patience) {
            self.bound.check("reading an answer that goes on and on");
            match self.stream.read(&mut buffer) {
                Ok(0) => return Some(End::Closed),
                Ok(count) => total += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Some(End::Reset),
            }
        }
        self.note(format!("reads {total} bytes of the answer after all"));
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use socket2::SockRef;

    use super::*;
    use crate::transcript::Transcript;

    fn pair() -> (Client, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let patience = Duration::from_millis(200);
        let client = Client::connect(1, address, patience, Transcript::default()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn silence_an_end_and_a_reset_are_told_apart() {
        let (mut client, server) = pair();
        assert_eq!(client.answer(), Err(NoAnswer::Silence));
        drop(server);
        assert_eq!(client.answer(), Err(NoAnswer::Ended(End::Closed)));

        let (mut client, server) = pair();
        SockRef::from(&server)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(server);
        assert_eq!(client.answer(), Err(NoAnswer::Ended(End::Reset)));
    }

    #[test]
    fn interim_answers_are_passed_over() {
        let (mut client, mut server) = pair();
        server
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        assert_eq!(client.answer().unwrap().status, 200);
    }

    #[test]
    fn what_follows_an_answer_is_kept() {
        let (mut client, mut server) = pair();
        server
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc")
            .unwrap();
        assert_eq!(client.answer().unwrap().body, b"a");
        assert_eq!(client.received(), b"bc");
    }

    #[test]
    fn what_nobody_has_looked_at_is_news_to_the_next_wait() {
        let (mut client, mut server) = pair();
        for count in 1..=2000 {
            let writer = std::thread::spawn({
                let mut server = server.try_clone().unwrap();
                move || server.write_all(b"a")
            });
            let until = Instant::now() + crate::client::GUARD;
            loop {
                if client.received().len() == count {
                    break;
                }
                // Another look, at something else: the byte may come just now.
                assert_eq!(client.end(), None);
                assert!(client.wait_until(until), "byte {count} was overlooked");
            }
            writer.join().unwrap().unwrap();
        }
        server.write_all(b"b").unwrap();
        drop(server);
        assert_eq!(client.wait_for_end(), Some(End::Closed));
        assert_eq!(
            client.look(),
            (&[&[b'a'; 2000][..], b"b"].concat()[..], Some(End::Closed))
        );
    }

    fn record(client: &Client) -> Vec<String> {
        client.transcript.lines(None)
    }

    #[test]
    fn the_end_after_a_whole_answer_is_recorded_only_for_a_client_that_waits_for_it() {
        let (mut client, mut server) = pair();
        server
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
            .unwrap();
        drop(server);
        client.answer().unwrap();
        let before = record(&client);
        assert!(before.last().unwrap().ends_with("< a"), "{before:?}");
        client.wait_for_end().unwrap();
        client.wait_for_end().unwrap();
        let after = record(&client);
        assert_eq!(
            after[before.len()..],
            ["* the server closed the connection"]
        );
    }

    #[test]
    fn an_end_without_an_answer_and_one_that_ends_a_body_are_always_recorded() {
        for answer in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n\r\nhello"] {
            let (mut client, mut server) = pair();
            server.write_all(answer.as_bytes()).unwrap();
            drop(server);
            let _ = client.answer();
            let record = record(&client);
            assert_eq!(
                record.last().unwrap(),
                "* the server closed the connection",
                "{answer:?}"
            );
        }
    }
}
