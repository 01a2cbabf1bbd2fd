//! Writes JSON as YAML that people read: blocks, plain words where they are themselves, several lines as several lines.

use inlet_core::json::{self, Kind};

use super::scalar::is_plain;

/// The columns within which a list of plain words stands on one line.
const LINE: usize = 100;

/// Objects with one of these members alone stand on one line: constants of mappings, and references to secrets.
const INLINE: [&str; 2] = ["value", "from_env"];

/// Returns a JSON object as YAML. Reading it gives the same JSON, digit for digit.
pub fn write(text: &str) -> String {
    let mut out = String::new();
    members(&mut out, text, 0);
    out
}

fn members(out: &mut String, text: &str, indent: usize) {
    for (name, value) in json::members(text).unwrap_or_default() {
        out.push_str(&" ".repeat(indent));
        out.push_str(&scalar(&name));
        out.push(':');
        member_value(out, value.trim(), indent);
    }
}

/// Writes a value after `name:`.
fn member_value(out: &mut String, value: &str, indent: usize) {
    if let Some(inline) = inline(value, indent) {
        out.push(' ');
        out.push_str(&inline);
        out.push('\n');
        return;
    }
    match Kind::of(value) {
        Kind::Object => {
            out.push('\n');
            members(out, value, indent + 2);
        }
        Kind::Array => {
            out.push('\n');
            items(out, value, indent + 2);
        }
        _ => block(out, value, indent + 2),
    }
}

fn items(out: &mut String, text: &str, indent: usize) {
    for item in json::items(text).unwrap_or_default() {
        out.push_str(&" ".repeat(indent));
        out.push_str("- ");
        let item = item.trim();
        if let Some(inline) = inline(item, indent) {
            out.push_str(&inline);
            out.push('\n');
            continue;
        }
        // The first line of a block stands behind the dash.
        let mut block_text = String::new();
        match Kind::of(item) {
            Kind::Object => members(&mut block_text, item, indent + 2),
            Kind::Array => items(&mut block_text, item, indent + 2),
            _ => {
                out.pop();
                block(out, item, indent + 2);
            }
        }
        out.push_str(block_text.trim_start_matches(' '));
    }
}

/// Returns a value that stands on one line: scalars, empty collections, and short lists of scalars; or none.
fn inline(value: &str, indent: usize) -> Option<String> {
    match Kind::of(value) {
        Kind::Object => {
            let members = json::members(value).unwrap_or_default();
            match members.first() {
                None => Some("{}".to_owned()),
                Some((name, only)) if members.len() == 1 && INLINE.contains(&&**name) => {
                    let is_short = !matches!(Kind::of(only), Kind::Object | Kind::Array);
                    let line = is_short.then(|| format!("{{{name}: {}}}", in_flow(only)))?;
                    (indent + line.len() <= LINE && !only.contains("\\n")).then_some(line)
                }
                Some(_) => None,
            }
        }
        Kind::Array => {
            let items = json::items(value).unwrap_or_default();
            let is_scalar = |item: &&str| !matches!(Kind::of(item), Kind::Object | Kind::Array);
            let all: Vec<String> = items.iter().filter(|item| is_scalar(item)).map(|item| in_flow(item)).collect();
            let line = format!("[{}]", all.join(", "));
            (all.len() == items.len() && indent + line.len() <= LINE).then_some(line)
        }
        Kind::String => {
            let text = json::string(value).unwrap_or_default();
            (!is_block(&text)).then(|| scalar(&text))
        }
        _ => Some(value.to_owned()),
    }
}

/// A plain word that holds what ends an item of a list on one line is quoted there.
fn in_flow(item: &str) -> String {
    match json::string(item.trim()) {
        None => item.trim().to_owned(),
        Some(text) if is_plain(&text) && !text.contains([':', '?', '[', ']', '{', '}', ',']) => text,
        Some(text) => quoted(&text),
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// JSON's escapes are among those of YAML. What a terminal or an editor does not show is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for character in json::quote(text).chars() {
        let is_hidden =
            crate::output::text::drives_terminal(character) || matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}');
        match (is_hidden, u32::from(character)) {
            (true, code @ ..=0xffff) => out.push_str(&format!("\\u{code:04x}")),
            (true, code) => out.push_str(&format!("\\U{code:08x}")),
            (false, _) => out.push(character),
        }
    }
    out
}

/// Several lines are a block, if a block can hold them as they are.
fn is_block(text: &str) -> bool {
    let lines = || text.split('\n');
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && lines().all(|line| {
            !line.ends_with([' ', '\t'])
                && line.chars().all(|character| {
                    !crate::output::text::drives_terminal(character) && !matches!(character, '\u{2028}' | '\u{2029}')
                })
        })
        && !text.ends_with("\n\n")
}

fn block(out: &mut String, value: &str, indent: usize) {
    let text = json::string(value).unwrap_or_default();
    let (mark, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text.as_str()),
    };
    out.push_str(&format!(" {mark}\n"));
    for line in body.split('\n') {
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::configuration::yaml::read;

    #[test]
    fn it_reads_like_prose() {
        let text = r#"{"name":"Shop","n":9007199254740993,"p":39.50,"keep":["a","b"],"none":{},"empty":[],"no":"no",
            "mappings":[{"event_type":"track/Order Completed","when":{"data.total":{"$gte":1e3}},"list":[[1,2],{"a":null}],"text":"a\nb\n"},{"x":"one\n\ntwo"}],
            "url":"https://a.example/?b=c","at":"2026-01-02","paths":["data.items[0]","x: y"],"s":"","constant":{"value":39.50}}"#;
        insta::assert_snapshot!(write(text), @r#"
        name: Shop
        "n": 9007199254740993
        p: 39.50
        keep: [a, b]
        none: {}
        empty: []
        "no": "no"
        mappings:
          - event_type: track/Order Completed
            when:
              data.total:
                $gte: 1e3
            list:
              - [1, 2]
              - a: null
            text: |
              a
              b
          - x: |-
              one

              two
        url: https://a.example/?b=c
        at: "2026-01-02"
        paths: ["data.items[0]", "x: y"]
        s: ""
        constant: {value: 39.50}
        "#);
    }

    fn any_json() -> impl Strategy<Value = String> {
        let text = prop_oneof![
            any::<String>(),
            "[a-z0-9:#,\\[\\]{}&*!|>'\"%@` \\n\\t.~?-]{0,12}",
            Just("no".to_owned()),
            Just("2026-01-02".to_owned()),
            Just("a\nb\n".to_owned()),
            Just("\u{feff}x\u{85}\u{2028}".to_owned()),
        ];
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,3})?",
            text.clone().prop_map(|text| json::quote(&text)),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(json::array),
                proptest::collection::btree_map(text.clone(), inner, 0..5)
                    .prop_map(|members| { json::object(members.iter().map(|(name, value)| (name, value.as_str()))) }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(value in any_json()) {
            let text = json::object([("a", value.as_str())]);
            let yaml = write(&text);
            let (back, faults) = read(&yaml);
            prop_assert_eq!(faults, Vec::new(), "{}", yaml);
            prop_assert_eq!(back.map(|back| back.to_json()).unwrap_or_default(), json::compact(&text).into_owned(), "{}", yaml);
        }
    }
}
