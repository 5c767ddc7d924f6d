//! What a server has: a probe that cannot ask says so, and passes nobody.

use super::World;
use crate::client::{End, NoAnswer};
use crate::outcome::{Finding, Verdict};

impl World {
    /// Whether the server has a route: it does not refuse it, and does not answer it as it answers
    /// a page that cannot exist.
    pub fn has_route(&self, method: &str, target: &str) -> Result<bool, Finding> {
        let world = self.unrecorded();
        let question = match method {
            "POST" => world.request(method, target, "Content-Length: 2\r\n") + "hi",
            _ => world.request(method, target, ""),
        };
        let mut client = world.connect()?;
        let _ = client.send(question.as_bytes());
        let route = client.answer();
        // A connection that stays may own the only worker.
        drop(client);
        let route = match route {
            Ok(route) => route,
            // Something happens there which does not happen to `/`: the probe will tell what.
            Err(NoAnswer::Ended(End::Closed | End::Reset)) if world.still_answers().is_ok() => {
                return Ok(true);
            }
            // Once more, on the record.
            Err(_) => self.ask(&question)?,
        };
        let anything = world.ask(world.request("GET", "/no-such-page-here", ""))?;
        let refused = matches!(route.status, 400..=499 | 501);
        Ok(!refused && (route.status, &route.body) != (anything.status, &anything.body))
    }

    /// Whether `/stream?n=…` makes as many lines as it is asked for. With one that does not, the
    /// end of a long answer comes early, and proves nothing.
    pub(crate) fn must_count_lines(&self) -> Verdict {
        let world = self.unrecorded();
        let ask = |target: &str| {
            let mut client = world.connect()?;
            let _ = client.send(
                world
                    .request("GET", target, "Connection: close\r\n")
                    .as_bytes(),
            );
            Ok::<_, Finding>(client)
        };
        let one = ask("/stream?n=1&ms=0")?.answer()?.body.len();
        let mut ten = ask("/stream?n=10&ms=0")?;
        // It may have no end at all, so it is not read to its end.
        let until = std::time::Instant::now() + self.patience;
        loop {
            let (received, end) = ten.look();
            let head = crate::answer::parse_head(received).ok().flatten();
            if head.is_some_and(|(_, start)| received.len() - start >= one + 9) {
                return Ok(());
            }
            if end.is_some() || !ten.wait_until(until) {
                return Err(Finding::not_applicable(
                    "its /stream does not count: ten lines (n=10) are no longer than one (n=1)",
                ));
            }
        }
    }
}
