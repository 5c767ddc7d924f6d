//! Which lines of a Rust file are code that a reader must see.
//!
//! Comments, blank lines and test modules are not. To tell them apart takes a small scanner that
//! knows comments, strings and characters, and nothing else of the language.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// A Rust file, seen as lines.
#[derive(Clone, Debug)]
pub struct Source {
    /// The numbers of the lines with code outside of test modules.
    pub code: BTreeSet<usize>,
    /// Test modules that are files of their own: `#[cfg(test)] mod split_tests;`.
    pub test_files: Vec<String>,
}

/// Scans a file.
pub fn scan(text: &str) -> Source {
    let code = code_characters(text);
    let mut lines = vec![true; code.len()];
    let mut test_files = Vec::new();
    // All code characters are one character of this string, so positions in both agree.
    let letters: String = code
        .iter()
        .map(|(letter, _)| if letter.is_ascii() { *letter } else { '?' })
        .collect();
    static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"#\[cfg\(test\)\](?:#\[[^\]]*\])*(?:pub(?:\([a-z]+\))?)?mod(\w+)([{;])")
            .expect("the pattern is valid")
    });
    for module in TEST_MODULE.captures_iter(&letters) {
        let whole = module.get(0).map_or(0..0, |found| found.range());
        let end = match &module[2] {
            "{" => closing_brace(&letters, whole.end - 1),
            _ => {
                test_files.push(module[1].to_owned());
                whole.end - 1
            }
        };
        lines[whole.start..=end].fill(false);
    }
    let kept = code.iter().zip(lines).filter(|(_, keep)| *keep);
    Source {
        code: kept.map(|((_, line), _)| *line).collect(),
        test_files,
    }
}

/// The code of a file and nothing else, on the same lines: comments, test modules and what stands
/// in strings are blank.
pub fn plain_code(text: &str) -> String {
    let code = scan(text).code;
    let all: Vec<char> = text.chars().collect();
    let mut plain = String::new();
    let mut index = 0;
    while index < all.len() {
        let token = token_at(&all, index);
        plain.extend(all[index..index + token.length].iter().map(|&letter| {
            match letter == '\n' || token.meaning == Meaning::Plain {
                true => letter,
                false => ' ',
            }
        }));
        index += token.length;
    }
    let lines = (1..).zip(plain.lines());
    lines
        .map(|(number, line)| if code.contains(&number) { line } else { "" })
        .map(|line| format!("{line}\n"))
        .collect()
}

fn closing_brace(letters: &str, opening: usize) -> usize {
    let mut depth = 0;
    for (index, letter) in letters.bytes().enumerate().skip(opening) {
        match letter {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    letters.len() - 1
}

/// Every character that is code, with its line. What stands in strings and character literals
/// becomes `_`, so that a brace in a string does not count as a brace.
fn code_characters(text: &str) -> Vec<(char, usize)> {
    let all: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    let mut index = 0;
    while index < all.len() {
        let token = token_at(&all, index);
        for &letter in &all[index..index + token.length] {
            match letter {
                '\n' => line += 1,
                _ if letter.is_whitespace() || token.meaning == Meaning::Comment => {}
                _ if token.meaning == Meaning::Literal => found.push(('_', line)),
                _ => found.push((letter, line)),
            }
        }
        index += token.length;
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Plain,
    Comment,
    Literal,
}

struct Token {
    meaning: Meaning,
    length: usize,
}

fn token_at(all: &[char], index: usize) -> Token {
    let rest = &all[index..];
    let token = |meaning, length: usize| Token {
        meaning,
        length: length.min(rest.len()),
    };
    let starts_word = index == 0 || !is_word(all[index - 1]);
    match rest {
        ['/', '/', ..] => {
            let length = rest.iter().position(|&c| c == '\n').unwrap_or(rest.len());
            token(Meaning::Comment, length)
        }
        ['/', '*', ..] => token(Meaning::Comment, block_comment(rest)),
        ['"', ..] => token(Meaning::Literal, quoted(rest, '"')),
        ['\'', '\\', ..] => token(Meaning::Literal, quoted(rest, '\'')),
        ['\'', _, '\'', ..] => token(Meaning::Literal, 3),
        [letter, ..] if is_word(*letter) && starts_word => {
            let word = rest.iter().take_while(|&&c| is_word(c)).count();
            let prefix: String = rest[..word].iter().collect();
            match prefix.as_str() {
                "r" | "br" | "cr" => match raw_string(&rest[word..]) {
                    Some(length) => token(Meaning::Literal, word + length),
                    None => token(Meaning::Plain, word),
                },
                _ => token(Meaning::Plain, word),
            }
        }
        _ => token(Meaning::Plain, 1),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut index) = (0, 0);
    while index < rest.len() {
        match &rest[index..] {
            ['/', '*', ..] => (depth, index) = (depth + 1, index + 2),
            ['*', '/', ..] => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            break;
        }
    }
    index
}

fn quoted(rest: &[char], mark: char) -> usize {
    let mut index = 1;
    while index < rest.len() && rest[index] != mark {
        index += if rest[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// The length of `#"…"#` with any number of `#`; nothing if this is not a raw string.
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|&&c| c == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let mut end = vec!['"'];
    end.extend(std::iter::repeat_n('#', hashes));
    let inside = &rest[hashes + 1..];
    let length = inside.windows(end.len()).position(|window| window == end);
    Some(length.map_or(rest.len(), |length| hashes + 1 + length + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<usize> {
        scan(text).code.into_iter().collect()
    }

    #[test]
    fn comments_and_blank_lines_are_not_code() {
        let text =
            "//! doc\n\n/// doc\nfn a() {} // why\n/* one\n/* two */\nthree */\n}\n// ANCHOR: x\n";
        assert_eq!(code(text), [4, 8]);
    }

    #[test]
    fn the_contents_of_strings_are_code_even_when_they_look_like_comments() {
        assert_eq!(
            code("let a = \"x\n// y\n\\\" /* z\n\";\n// c"),
            [1, 2, 3, 4]
        );
        assert_eq!(code("let a = br#\"x\"\n// y\"#; // c\n// d"), [1, 2]);
        assert_eq!(
            code("let r#type = 'a'; let b = '\"'; // \"\n// c\nlet l: &'static str;"),
            [1, 3]
        );
        assert_eq!(code("let q = '\\''; // c\n// d\nx"), [1, 3]);
    }

    #[test]
    fn a_test_module_is_not_code_but_what_follows_it_is() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn b() { \"}\"; '}'; }\n}\nfn c() {}\n";
        assert_eq!(code(text), [1, 7]);
    }

    #[test]
    fn plain_code_has_neither_comments_nor_texts_nor_tests() {
        let text = "use a; // use b\nfn c() { \"use d\" }\n#[cfg(test)]\nmod tests { use e; }\n/* use f */ use g;";
        let plain = plain_code(text);
        let uses = |word: &str| plain.contains(&format!("use {word}"));
        assert!(uses("a") && uses("g"), "{plain}");
        assert!(!["b", "d", "e", "f"].into_iter().any(uses), "{plain}");
        assert_eq!(plain.lines().nth(4).unwrap().trim(), "use g;");
    }

    #[test]
    fn a_test_module_may_be_a_file() {
        let source = scan("#[cfg(test)]\nmod split_tests;\nmod real;\n");
        assert_eq!(source.test_files, ["split_tests"]);
        assert_eq!(source.code.into_iter().collect::<Vec<_>>(), [3]);
    }
}
