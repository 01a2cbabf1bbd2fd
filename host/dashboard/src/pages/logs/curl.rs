//! A received item as a command that sends it again by hand.

use std::{collections::BTreeMap, fmt::Write as _};

use inlet_api_types::logs::SourceLog;
use serde::Deserialize;

/// Parts of names of headers that hold, or may hold, a secret or a signature of the body.
const SECRET: [&str; 7] = ["signature", "authorization", "token", "secret", "cookie", "key", "hmac"];

/// The longest item that stands in the command itself, in bytes: Linux takes no argument over 128 KiB.
const MAX_ARGUMENT: usize = 96 << 10;

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

/// Writes the command; none if the item is not stored, or is masked. The endpoint, which is secret, is a variable of the shell.
pub fn curl(entry: &SourceLog) -> Option<String> {
    if entry.body_removed || entry.personal_data_hidden {
        return None;
    }
    let (before, body) = match (&entry.original, &entry.original_text, &entry.original_base64) {
        // The file that the page downloads.
        (Some(json), ..) if json.as_text().len() > MAX_ARGUMENT => {
            (String::new(), "--data-binary @item.json".to_owned())
        }
        (_, Some(text), _) | (_, _, Some(text)) if text.len() > MAX_ARGUMENT => return None,
        (Some(json), ..) => (String::new(), format!("--data-raw {}", quoted(json.as_text()))),
        (_, Some(text), _) => (String::new(), format!("--data-raw {}", quoted(text))),
        (.., Some(base64)) => (format!("printf %s {} | base64 -d | ", quoted(base64)), "--data-binary @-".to_owned()),
        _ => return None,
    };
    let mut command = format!("{before}curl -X POST \"$ENDPOINT\"");
    let headers = entry.headers.as_ref().and_then(|headers| serde_json::from_str(headers.as_text()).ok());
    let headers: BTreeMap<String, Values> = headers.unwrap_or_default();
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        SECRET.iter().any(|part| name.contains(part)) && !name.contains("idempotency")
    };
    let mut has_type = false;
    for (name, values) in headers.iter().filter(|(name, _)| !is_secret(name)) {
        has_type |= name.eq_ignore_ascii_case("content-type");
        let values = match values {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        };
        for value in values {
            let _ = write!(command, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
        }
    }
    if !has_type {
        let media_type = if entry.original.is_some() { "application/json" } else { "application/octet-stream" };
        let _ = write!(command, " \\\n  -H 'content-type: {media_type}'");
    }
    let _ = write!(command, " \\\n  {body}");
    Some(command)
}

/// Quotes a text for a shell. Nothing in it ends the quotes or acts on the terminal into which it is pasted: a text with control
/// characters is written with their numbers, as bash, zsh and ksh read them.
fn quoted(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = "$'".to_owned();
    let mut bytes = [0; 4];
    for letter in text.chars() {
        if letter.is_control() || matches!(letter, '\'' | '\\' | '!') {
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                // Three octal digits: a digit that follows is not taken for a part of it.
                let _ = write!(quoted, "\\{byte:03o}");
            }
        } else {
            quoted.push(letter);
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_quotes() {
        assert_eq!(quoted(r#"{"a":"$(id) `id` \n"}"#), r#"'{"a":"$(id) `id` \n"}'"#);
        assert_eq!(quoted("it's; id"), r"'it'\''s; id'");
        assert_eq!(quoted("a'\n\u{1b}[201~1\\"), r"$'a\047\012\033[201~1\134'");
        assert_eq!(quoted("\u{85}1"), r"$'\302\2051'");
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ["it's $HOME `id` \\ \" !x", "two\nlines'\t\u{1b}[201~; id\n\\", "é ✓ \u{9b}7", "", "'", "\\'\r9"]
        {
            let script = format!("printf %s {}", quoted(text));
            let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{script}");
        }
    }
}
