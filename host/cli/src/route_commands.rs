//! Routes of the API in the server's sentences, and the commands that do the same.
//!
//! The server speaks to programs: its sentences name routes. A person at a terminal has commands, so the command line
//! writes them in place of the routes. A route without a command stays.

/// The method, the path and the command of each route. Words in capitals are what a person fills in; those in braces are
/// taken from the route where it has a value.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("GET", "/v1/sources", "source list"),
    ("GET", "/v1/sources/{SOURCE}", "source show SOURCE"),
    ("PUT", "/v1/sources/{SOURCE}", "source set SOURCE@ENV"),
    ("GET", "/v1/sources/{SOURCE}/status", "status"),
    ("POST", "/v1/sources/{SOURCE}/rotate_endpoint", "source rotate SOURCE@ENV"),
    ("POST", "/v1/sources/{SOURCE}/plugin", "plugin use SOURCE@ENV VERSION"),
    ("GET", "/v1/sources/{SOURCE}/logs", "event list SOURCE@ENV"),
    ("POST", "/v1/sources/{SOURCE}/logs/{ID}/replay", "event replay ID"),
    ("POST", "/v1/sources/{SOURCE}/replays", "event replay --source SOURCE@ENV"),
    ("POST", "/v1/sources/{SOURCE}/attention/dismiss", "event dismiss SOURCE@ENV"),
    ("GET", "/v1/sources/{SOURCE}/refused", "refused list SOURCE@ENV"),
    ("GET", "/v1/sources/{SOURCE}/refused/{ID}", "refused show SOURCE@ENV ID"),
    ("POST", "/v1/sources/{SOURCE}/refused/verify", "refused verify SOURCE@ENV"),
    ("POST", "/v1/sources/{SOURCE}/refused/dismiss", "refused dismiss SOURCE@ENV"),
    ("GET", "/v1/source_providers", "plugin list"),
    ("GET", "/v1/source_providers/{KEY}", "plugin show KEY"),
    ("GET", "/v1/catalog", "plugin catalog"),
    ("GET", "/v1/targets", "target list --env ENV"),
    ("GET", "/v1/targets/{KEY}", "target show KEY --env ENV"),
    ("PUT", "/v1/targets/{KEY}", "target set KEY --env ENV"),
    ("POST", "/v1/targets/{KEY}/pause", "target pause KEY --env ENV"),
    ("POST", "/v1/targets/{KEY}/resume", "target resume KEY --env ENV"),
    ("POST", "/v1/targets/{KEY}/enable", "target enable KEY --env ENV"),
    ("GET", "/v1/deliveries", "delivery list --env ENV"),
    ("POST", "/v1/deliveries/redrive", "delivery redrive --env ENV"),
    ("POST", "/v1/deliveries/discard", "delivery discard --env ENV"),
    ("GET", "/v1/issues", "issue list --env ENV"),
    ("GET", "/v1/variables", "variable list --env ENV"),
    ("GET", "/v1/environments", "env list"),
    ("GET", "/v1/environments/{ENV}/api_keys", "key list --env ENV"),
    ("POST", "/v1/environments/{ENV}/api_keys", "key create --env ENV"),
    ("GET", "/v1/management_tokens", "token list"),
    ("POST", "/v1/management_tokens", "token create NAME --scope SCOPE"),
    ("POST", "/v1/clock/accept", "system accept-clock"),
];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What a sentence is about, for the commands in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The source's key.
    pub source: Option<&'a str>,
    /// The environment's slug.
    pub environment: Option<&'a str>,
}

/// Returns a sentence of the server with commands in place of routes.
pub fn with_commands(sentence: &str) -> String {
    with_commands_for(Subject::default(), sentence)
}

/// Returns a sentence about a source or an environment with commands in place of routes.
pub fn with_commands_for(subject: Subject<'_>, sentence: &str) -> String {
    let mut shown = String::with_capacity(sentence.len());
    let mut end = 0;
    for mention in mentions(sentence) {
        if let Some(command) = command(&mention, subject) {
            shown.push_str(&sentence[end..mention.start]);
            shown.push_str(&format!("`inlet {command}`"));
            end = mention.end;
        }
    }
    shown.push_str(&sentence[end..]);
    shown
}

/// A route in a sentence.
struct Mention<'a> {
    /// The position of the method, or of the route where it has the method of the route before it.
    start: usize,
    end: usize,
    method: &'a str,
    /// The path, whole or from `…/` on, and the query.
    route: &'a str,
}

/// Returns the routes in a sentence: `GET /v1/sources`, `POST …/replays`, and `…/dismiss` in `POST …/verify or …/dismiss`.
fn mentions(sentence: &str) -> Vec<Mention<'_>> {
    let mut found = Vec::new();
    let (mut method, mut before): (Option<(usize, &str)>, &str) = (None, "");
    let mut offset = 0;
    for piece in sentence.split_inclusive(char::is_whitespace) {
        let opened = piece.trim_start_matches(['(', '"', '`']);
        let start = offset + piece.len() - opened.len();
        let word = opened.trim_end().trim_end_matches([',', ';', ':', '.', ')', '"', '`']);
        offset += piece.len();
        if METHODS.contains(&word) {
            method = Some((start, word));
        } else if word.starts_with("/v1/") || word.starts_with("…/") {
            let end = start + word.len();
            match method {
                Some((start, method)) if before == method => found.push(Mention { start, end, method, route: word }),
                Some((_, method)) if matches!(before, "or" | "and") => {
                    found.push(Mention { start, end, method, route: word });
                }
                _ => {}
            }
        }
        before = word;
    }
    found
}

/// Returns the command of a route, without `inlet`; none if there is no such command.
fn command(mention: &Mention<'_>, subject: Subject<'_>) -> Option<String> {
    let (path, query) = mention.route.split_once('?').unwrap_or((mention.route, ""));
    let (command, mut values) = COMMANDS
        .iter()
        .filter(|(method, ..)| *method == mention.method)
        .find_map(|(_, pattern, command)| Some((*command, values(pattern, path)?)))?;
    let mut command = command.to_owned();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "environment" => values.push(("ENV", value)),
            "status" | "target" if is_value(value) => command.push_str(&format!(" --{name} {value}")),
            "status" | "target" => command.push_str(&format!(" --{name} {}", name.to_uppercase())),
            _ => {}
        }
    }
    let of_subject = [("SOURCE", subject.source), ("ENV", subject.environment)];
    values.extend(of_subject.into_iter().filter_map(|(name, value)| Some((name, value?))));
    for (name, value) in values {
        if is_value(value) {
            command = command.replace(name, value);
        }
    }
    Some(command)
}

/// Returns the segments of a path at the places of a pattern's names; none if it is not of this pattern.
fn values<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (pattern, path): (Vec<&'static str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let (pattern, path) = match path.as_slice() {
        ["…", path @ ..] => {
            let end = &pattern[pattern.len().checked_sub(path.len())?..];
            // An abbreviation begins with a word: without one, it could be anything.
            (end.first().is_some_and(|first| !first.starts_with('{')).then_some(end)?, path)
        }
        path if path.len() == pattern.len() => (pattern.as_slice(), path),
        _ => return None,
    };
    let mut values = Vec::new();
    for (wanted, found) in pattern.iter().zip(path) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => values.push((name, *found)),
            None if wanted == found => {}
            None => return None,
        }
    }
    Some(values)
}

/// Returns true for a key, a slug or an id, and false for `{key}` and `…`, which stand for one.
fn is_value(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use clap::{CommandFactory as _, Parser};

    use super::*;

    /// Routes in the server's sentences for which there is no command, with the reason.
    const WITHOUT_COMMAND: [(&str, &str, &str); 4] = [
        ("GET", "/v1/targets/{key}/workflows", "the list is an engine's own, and is read while a mapping is edited"),
        ("GET", "…/events", "the sentence is about a query parameter that only programs give"),
        (
            "GET",
            "…/replays",
            "`inlet event replay` waits for its own replay, so nobody at a terminal asks for one by its id",
        ),
        ("POST", "/v1/targets/{key}/{call}", "the server writes resume or enable in place of {call}"),
    ];

    #[derive(Parser)]
    struct Inlet {
        #[command(subcommand)]
        _command: crate::Command,
    }

    #[test]
    fn routes_become_commands() {
        for (sentence, shown) in [
            (
                "there is no source \"moon\"; GET /v1/sources lists those there are",
                "there is no source \"moon\"; `inlet source list` lists those there are",
            ),
            (
                "GET /v1/targets?environment=eu lists them, POST /v1/targets/crm/resume lets it run again.",
                "`inlet target list --env eu` lists them, `inlet target resume crm --env ENV` lets it run again.",
            ),
            (
                "read the answers (GET /v1/deliveries?environment=…&target=…&status=dead), then send them again",
                "read the answers (`inlet delivery list --env ENV --target TARGET --status dead`), then send them again",
            ),
            (
                "POST …/logs/{id}/replay makes a new run; GET …/refused/{id}; then POST …/refused/verify or …/refused/dismiss",
                "`inlet event replay ID` makes a new run; `inlet refused show SOURCE@ENV ID`; then \
                 `inlet refused verify SOURCE@ENV` or `inlet refused dismiss SOURCE@ENV`",
            ),
            ("let the sender POST again; Größe …/x", "let the sender POST again; Größe …/x"),
            ("GET /v1/targets/{key}/workflows lists them", "GET /v1/targets/{key}/workflows lists them"),
            ("POST …/unknown", "POST …/unknown"),
            ("", ""),
        ] {
            assert_eq!(with_commands(sentence), shown);
        }
        let shop = Subject { source: Some("shop"), environment: Some("eu") };
        assert_eq!(
            with_commands_for(shop, "replay them with POST …/replays, or dismiss them with POST …/attention/dismiss"),
            "replay them with `inlet event replay --source shop@eu`, or dismiss them with `inlet event dismiss shop@eu`"
        );
    }

    #[test]
    fn every_command_of_the_table_exists() {
        let inlet = Inlet::command();
        for (_, path, template) in COMMANDS {
            let mut command = &inlet;
            for word in template.split(' ') {
                if let Some(flag) = word.strip_prefix("--") {
                    let has_flag = command.get_arguments().any(|argument| argument.get_long() == Some(flag));
                    assert!(has_flag, "{path}: {template} has no --{flag}");
                } else if word.starts_with(|first: char| first.is_ascii_lowercase()) {
                    command = command.find_subcommand(word).unwrap_or_else(|| panic!("{path}: there is no {template}"));
                }
            }
        }
    }

    #[test]
    fn every_route_in_a_sentence_of_the_server_has_a_command_or_a_reason() {
        let (mut routes, mut missing) = (BTreeSet::new(), Vec::new());
        for folder in ["../api/src", "../core/src", "../engine/src"] {
            for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
                for literal in literals(&fs::read_to_string(&file).unwrap()) {
                    // Braces are doubled in format strings.
                    let sentence = literal.replace("{{", "{").replace("}}", "}");
                    for mention in mentions(&sentence) {
                        let key = (mention.method.to_owned(), mention.route.to_owned());
                        let has_reason =
                            WITHOUT_COMMAND.iter().any(|(method, route, _)| (*method, *route) == (&*key.0, &*key.1));
                        if command(&mention, Subject::default()).is_none() && !has_reason {
                            missing.push(format!("{}: {} {}", file.display(), key.0, key.1));
                        }
                        routes.insert(key);
                    }
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
        assert!(routes.len() > 25, "{routes:?}");
        for (method, route, reason) in WITHOUT_COMMAND {
            let is_there = routes.contains(&(method.to_owned(), route.to_owned()));
            assert!(is_there, "no sentence names {method} {route} any more ({reason})");
        }
    }

    fn rust_files(folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files.extend(rust_files(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                files.push(path);
            }
        }
        files
    }

    /// Returns the string literals of a source file, without its comments, attributes and tests.
    fn literals(source: &str) -> Vec<String> {
        let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let chars: Vec<char> = source.chars().collect();
        let starts = |at: usize, text: &str| text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
        let find = |from: usize, text: &str| (from..chars.len()).find(|at| starts(*at, text)).unwrap_or(chars.len());
        let (mut found, mut at, mut brackets) = (Vec::new(), 0, 0);
        while at < chars.len() {
            match chars[at] {
                '/' if starts(at, "//") => at = find(at, "\n"),
                '/' if starts(at, "/*") => at = find(at, "*/") + 2,
                '#' if brackets == 0 && (starts(at, "#[") || starts(at, "#![")) => {
                    at = find(at, "[") + 1;
                    brackets = 1;
                }
                '[' if brackets > 0 => {
                    brackets += 1;
                    at += 1;
                }
                ']' if brackets > 0 => {
                    brackets -= 1;
                    at += 1;
                }
                // A character, and no lifetime.
                '\'' if starts(at, "'\\") => at = find(at + 3, "'") + 1,
                '\'' if starts(at + 2, "'") => at += 3,
                '"' => {
                    let (text, end) = literal(&chars, at);
                    if brackets == 0 {
                        found.push(text);
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
        found
    }

    /// Returns the text of the literal that begins at a quotation mark, and the position after it.
    fn literal(chars: &[char], at: usize) -> (String, usize) {
        let hashes = chars[..at].iter().rev().take_while(|c| **c == '#').count();
        let is_raw = chars[..at - hashes].last() == Some(&'r');
        let (mut text, mut at) = (String::new(), at + 1);
        loop {
            match chars[at] {
                '"' if !is_raw => return (text, at + 1),
                '"' if chars[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes => {
                    return (text, at + 1 + hashes);
                }
                // A line of a literal that goes on in the next one.
                '\\' if !is_raw && chars[at + 1] == '\n' => {
                    at += 1;
                    at += chars[at..].iter().take_while(|c| c.is_whitespace()).count();
                }
                '\\' if !is_raw => {
                    text.push(chars[at + 1]);
                    at += 2;
                }
                character => {
                    text.push(character);
                    at += 1;
                }
            }
        }
    }

    #[test]
    fn literals_are_told_from_comments_and_attributes() {
        let source = "//! \"a\"\n#[path(get, tag = [\"b]\"])]\nfn f<'a>() { let c = '\"'; g(\"c \\\n   d\", r#\"e\"f\"#); } /* \"g\" */\n\
                      #[cfg(test)]\nmod tests { const H: &str = \"h\"; }";
        assert_eq!(literals(source), ["c d", "e\"f"]);
    }
}
