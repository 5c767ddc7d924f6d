//! What a transcript needs that is not part of this repository.

use crate::transcript::script::Script;

/// The first tool that a script names, or uses (curl), and that is not installed.
pub(crate) fn missing_tool(script: &Script) -> Option<&str> {
    let calls_curl = |command: &str| {
        let mut words = command.split([' ', '(', ';', '|', '&', '\n']);
        words.any(|word| word == "curl")
    };
    let curl = script.steps.iter().any(|step| calls_curl(&step.command));
    let needs = script.needs.iter().map(String::as_str);
    needs
        .chain(curl.then_some("curl"))
        .find(|tool| !is_installed(tool))
}

fn is_installed(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;
    use crate::transcript::script::scripts;

    #[test]
    fn a_tool_is_looked_for_on_the_path() {
        let page = |needs| {
            Page::new(
                "a.md",
                &format!("```console,client,needs={needs}\n$ x\n```"),
            )
        };
        let (has, lacks) = (scripts(&page("sh")).0, scripts(&page("no-such-tool")).0);
        assert_eq!(missing_tool(&has[0]), None);
        assert_eq!(missing_tool(&lacks[0]), Some("no-such-tool"));
    }
}
