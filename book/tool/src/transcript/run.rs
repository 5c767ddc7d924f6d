//! Running the transcripts of a page, one after the other.

use tempfile::TempDir;

use crate::finding::Finding;
use crate::page::Page;
use crate::transcript::equipment::Equipment;
use crate::transcript::script::scripts;
use crate::transcript::session::Session;

/// What the book's curl does: as on a terminal, and the same bytes whatever version is installed.
const CURLRC: &str = "no-progress-meter\nuser-agent = \"curl/8.14.1\"\n";

/// Runs every transcript of a page.
pub fn run(equipment: &Equipment, page: &Page) -> Vec<Finding> {
    let (scripts, _) = scripts(page);
    if scripts.is_empty() {
        return Vec::new();
    }
    let curl_home = TempDir::new().and_then(|folder| {
        std::fs::write(folder.path().join(".curlrc"), CURLRC)?;
        Ok(folder)
    });
    match curl_home {
        Ok(curl_home) => Session::play(equipment, page, &scripts, curl_home.path()),
        Err(error) => {
            let wrong = format!("no temporary folder: {error}");
            vec![Finding::new(&page.path, 1, wrong, "Make room for it")]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Runs a page; `lesson01` is a small Python server, so that no lesson has to be built.
    fn findings(text: &str, require_all: bool) -> Vec<String> {
        let workshop = |package: &str, _: Option<&str>| match package {
            "lesson01" => Ok(PathBuf::from("/bin/echo")),
            other => Err(format!("cannot build {other}")),
        };
        let equipment = Equipment {
            folder: std::env::temp_dir(),
            workshop: &workshop,
            require_all,
        };
        let found = run(&equipment, &Page::new("a.md", text));
        found.iter().map(ToString::to_string).collect()
    }

    fn clean(text: &str) {
        assert_eq!(findings(text, true), Vec::<String>::new(), "{text}");
    }

    #[test]
    fn a_true_transcript_gives_no_finding() {
        clean(
            "```console,client\n$ echo one; \\\n  echo two\none\ntwo\n$ echo \"pid $$\"\npid 4711\n$ printf three\nthree\n```\n",
        );
    }

    #[test]
    fn a_command_sees_the_status_of_the_one_before() {
        clean("```console,client\n$ false\n$ echo $?\n1\n```\n");
    }

    #[test]
    fn a_server_is_not_judged_when_a_client_was_left_out() {
        let text = "```console,server\n$ echo 'x listening on http://h:8888'; sleep 600\nx listening on http://h:8888\nhello\n```\n\n```console,client,needs=no-such-tool\n$ no-such-tool\n```\n";
        assert_eq!(findings(text, false), Vec::<String>::new());
        assert_eq!(findings(text, true).len(), 1);
    }

    #[test]
    fn clients_of_a_server_that_cannot_start_are_left_out() {
        let text = "```console,server,needs=no-such-tool\n$ no-such-tool\n```\n\n```console,client\n$ echo one\ntwo\n```\n";
        assert_eq!(findings(text, false), Vec::<String>::new());
        assert_eq!(findings(text, true).len(), 1);
    }

    #[test]
    fn the_commands_of_a_fence_share_a_shell() {
        clean("```console,client\n$ a=1; sleep 600 &\n$ kill $!; echo $a\n1\n```\n");
    }

    #[test]
    fn a_wrong_transcript_is_found_with_a_difference() {
        let found = findings(
            "```console,client\n$ echo one\none\n$ echo two\nthree\n```\n",
            true,
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("book/src/a.md:4: `echo two` prints"),
            "{found:?}"
        );
        assert!(found[0].contains("    - three\n    + two\n"), "{found:?}");
    }

    #[test]
    fn a_server_gets_a_free_port_and_its_whole_output_is_compared() {
        let server = "```console,server\n$ echo \"x listening on http://127.0.0.1:8888\"; sleep 600\nx listening on http://127.0.0.1:8888\n```\n";
        clean(&format!(
            "{server}```console,client\n$ echo 8888\n8888\n```\n"
        ));
        let found = findings(&server.replace("; sleep", "; echo more; sleep"), true);
        assert!(
            found.len() == 1 && found[0].contains("    + more\n"),
            "{found:?}"
        );
        clean(
            &server
                .replace("; sleep", "; echo more; sleep")
                .replace("\n```\n", "\n…\n```\n"),
        );
    }

    #[test]
    fn an_interrupt_is_sent_where_the_book_shows_it() {
        let text = "```console,server\n$ trap 'echo bye; exit' INT; echo 'x listening on http://h:8888'; while :; do sleep 0.01; done\nx listening on http://h:8888\n^C\nbye\n```\n";
        clean(text);
        let found = findings(&text.replace("bye\n```", "good night\n```"), true);
        assert!(found.len() == 1 && found[0].contains("+ bye"), "{found:?}");
    }

    #[test]
    fn a_server_may_take_over_the_port_of_the_one_before() {
        // The second one cannot know the number: it is given by the mapping of 8888 alone.
        let server = "```console,server\n$ echo 8888 > $TMPDIR; sleep 1 | sleep 0\n```\n";
        let name = std::env::temp_dir().join(format!("book-port-{}", std::process::id()));
        let server = server.replace("$TMPDIR", &name.display().to_string());
        let second = server
            .replace("console,server", "console,server,same-port")
            .replace("echo 8888 >", "test 8888 = $(cat")
            .replace("; sleep 1 | sleep 0", ") && echo same")
            .replace("\n```", "\nsame\n```");
        clean(&format!("{server}{second}"));
        let other = second.replace(",same-port", "").replace("\nsame\n", "\n");
        clean(&format!("{server}{other}"));
        std::fs::remove_file(name).unwrap();
    }

    #[test]
    fn binaries_come_from_the_workshop() {
        clean(
            "```console,client\n$ cargo run -q -p lesson01 -- --delay 2\n--addr 127.0.0.1:8888 --delay 2\n```\n",
        );
        let found = findings("```console,client\n$ cargo run -p lesson02\n```\n", true);
        assert!(found[0].contains("cannot build lesson02"), "{found:?}");
        let found = findings("```console,client\n$ cargo test\n```\n", true);
        assert!(found[0].contains("norun"), "{found:?}");
    }

    #[test]
    fn a_missing_tool_is_skipped_at_home_and_found_in_ci() {
        let text = "```console,client,needs=no-such-tool\n$ no-such-tool\nx\n```\n";
        assert_eq!(findings(text, false), Vec::<String>::new());
        assert!(findings(text, true)[0].contains("needs no-such-tool"));
    }

    #[test]
    fn a_page_has_a_home_of_its_own_that_its_commands_share() {
        clean(
            "```console,client\n$ echo ~/mine; mkdir ~/mine\n/home/you/mine\n```\n\n```console,client\n$ cd ~/mine && ls ..\nmine\n```\n",
        );
    }

    #[test]
    fn curl_is_quiet_and_has_one_name() {
        let text = "```console,client\n$ cat $CURL_HOME/.curlrc\nno-progress-meter\nuser-agent = \"curl/8.14.1\"\n```\n";
        clean(text);
    }
}
