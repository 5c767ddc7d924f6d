//! A `console` fence, read as commands and the output that each of them should give.

use crate::finding::Finding;
use crate::page::{Fence, Page};
use crate::tree::Tree;

/// Which terminal a fence belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Terminal 1: a server that runs on while the clients talk to it.
    Server,
    /// Terminal 2: commands that end.
    Client,
}

/// A command and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the page where the command stands.
    pub line: usize,
    /// The command, without `$ `, continuation lines joined as written.
    pub command: String,
    /// The lines that it prints.
    pub expected: Vec<String>,
}

/// A fence that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The line of the fence.
    pub line: usize,
    /// Server or client.
    pub role: Role,
    /// Tools beyond curl.
    pub needs: Vec<String>,
    /// Whether this server takes over the port of the one before it.
    pub same_port: bool,
    /// The commands; exactly one for a server.
    pub steps: Vec<Step>,
    /// A server's output may go on after what is shown: the last line is `…`.
    pub open_end: bool,
    /// A server gets SIGINT, and this many of its lines stand before `^C`.
    pub interrupt: Option<usize>,
}

const TAGS: [&str; 4] = ["server", "client", "norun", "same-port"];

/// The scripts of a page, and what cannot be read as one.
pub fn scripts(page: &Page) -> (Vec<Script>, Vec<Finding>) {
    let (mut scripts, mut findings) = (Vec::new(), Vec::new());
    for fence in page
        .fences
        .iter()
        .filter(|fence| fence.language == "console")
    {
        match script(fence) {
            Ok(found) => scripts.extend(found),
            Err((line, wrong, mend)) => {
                findings.push(Finding::new(&page.path, line, wrong, mend));
            }
        }
    }
    (scripts, findings)
}

/// The rule: every `console` fence can be read.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.pages.iter().flat_map(|page| scripts(page).1).collect()
}

type Fault = (usize, String, &'static str);

fn script(fence: &Fence) -> Result<Option<Script>, Fault> {
    let fault = |line, wrong: &str, mend| Err((line, wrong.to_owned(), mend));
    let needs = |tag: &String| tag.strip_prefix("needs=").map(str::to_owned);
    let known = |tag: &&String| TAGS.contains(&tag.as_str()) || needs(tag).is_some();
    if let Some(tag) = fence.tags.iter().find(|tag| !known(tag)) {
        let mend = "Use server, client, needs=TOOL, same-port, norun";
        return fault(
            fence.line,
            &format!("a console fence has the unknown tag {tag:?}"),
            mend,
        );
    }
    if fence.has("norun") {
        return Ok(None);
    }
    let role = match (fence.has("server"), fence.has("client")) {
        (true, false) => Role::Server,
        (false, true) => Role::Client,
        _ => {
            let mend = "Tag it console,server or console,client";
            return fault(fence.line, "this fence says not which terminal it is", mend);
        }
    };
    let mut script = Script {
        line: fence.line,
        role,
        needs: fence.tags.iter().filter_map(needs).collect(),
        same_port: fence.has("same-port"),
        steps: steps(fence)?,
        open_end: false,
        interrupt: None,
    };
    match role {
        Role::Server => server_marks(&mut script)?,
        Role::Client => no_marks(&script)?,
    }
    Ok(Some(script))
}

fn steps(fence: &Fence) -> Result<Vec<Step>, Fault> {
    let mut steps: Vec<Step> = Vec::new();
    let mut continued = false;
    for (index, text) in fence.body.iter().enumerate() {
        let line = fence.line_of(index);
        match (text.strip_prefix("$ "), steps.last_mut()) {
            (_, Some(step)) if continued => {
                step.command.push('\n');
                step.command.push_str(text);
            }
            (Some(command), _) => steps.push(Step {
                line,
                command: command.to_owned(),
                expected: Vec::new(),
            }),
            (None, Some(step)) => {
                step.expected.push(text.clone());
                continue;
            }
            (None, None) => {
                let mend = "Begin the fence with the command: $ curl …";
                return Err((line, "this output has no command above it".to_owned(), mend));
            }
        }
        continued = text.ends_with('\\');
    }
    match steps.is_empty() {
        true => Err((
            fence.line,
            "this transcript has no command".to_owned(),
            "Add a line `$ command`",
        )),
        false => Ok(steps),
    }
}

/// A server's `…` at the end, and its `^C`.
fn server_marks(script: &mut Script) -> Result<(), Fault> {
    let [step] = &mut script.steps[..] else {
        let mend =
            "Give each server a fence of its own, and put the other commands into client fences";
        return Err((
            script.line,
            "a server fence has one command".to_owned(),
            mend,
        ));
    };
    if step.expected.last().is_some_and(|line| line.trim() == "…") {
        step.expected.pop();
        script.open_end = true;
    }
    if let Some(at) = step.expected.iter().position(|line| line.trim() == "^C") {
        step.expected.remove(at);
        script.interrupt = Some(at);
    }
    Ok(())
}

fn no_marks(script: &Script) -> Result<(), Fault> {
    for step in &script.steps {
        if step.expected.iter().any(|line| line.trim() == "…") {
            let mend = "Shorten it by the command itself: `| head -3`, `| grep '^[<>]'`";
            return Err((
                step.line,
                "the output of a client ends in `…`".to_owned(),
                mend,
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::each_fault_is_found;

    fn one(text: &str) -> Script {
        let (scripts, findings) = scripts(&Page::new("a.md", text));
        assert_eq!(findings, []);
        scripts.into_iter().next().unwrap()
    }

    #[test]
    fn a_client_has_commands_with_their_outputs() {
        let script =
            one("```console,client,needs=ss,needs=strace\n$ a \\\n  b\none\n\ntwo\n$ c\n```\n");
        assert_eq!(script.role, Role::Client);
        assert_eq!(script.needs, ["ss", "strace"]);
        assert_eq!(script.steps.len(), 2);
        assert_eq!(script.steps[0].command, "a \\\n  b");
        assert_eq!(script.steps[0].expected, ["one", "", "two"]);
        assert_eq!(
            (script.steps[1].line, script.steps[1].expected.len()),
            (7, 0)
        );
    }

    #[test]
    fn a_server_may_be_interrupted_and_may_go_on() {
        let script = one("```console,server,same-port\n$ a\none\n^C\ntwo\n…\n```\n");
        assert!(script.open_end && script.same_port);
        assert_eq!(script.interrupt, Some(1));
        assert_eq!(script.steps[0].expected, ["one", "two"]);
    }

    #[test]
    fn fences_that_cannot_be_run_are_found() {
        let page = "book/src/01-tiny.md";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    "```console,client\n",
                    "```console\n",
                    "which terminal",
                ),
                (
                    page,
                    "```console,client\n",
                    "```console,client,runn\n",
                    "unknown tag \"runn\"",
                ),
                (
                    page,
                    "```console,client\n",
                    "```console,server\n",
                    "has one command",
                ),
                (page, "$ echo Hello", "echo Hello", "no command above it"),
                (
                    page,
                    "$ yes",
                    "$ yes\n```\n\n```console,client",
                    "no command",
                ),
                (page, "Hello\nagain", "Hello\n…", "ends in `…`"),
            ],
        );
    }
}
