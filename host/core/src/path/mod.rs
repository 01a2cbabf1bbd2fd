//! Dot paths, by which mappings and settings name a value.
//!
//! Examples: `data.order.total`, `items[0].sku`, `items.0.sku`, `raw["urn:ietf:params:scim:2.0:User"].id`. Source: semantics.md §5.

mod blank;
mod written;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{self, Kind};

pub use blank::blank;
pub use written::{item, member};

/// The longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 1024;

/// A parsed path. It prints as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A member's name, or an index if it is written in digits.
    Name(String),
    /// `["…"]`: a member's name only.
    Quoted(String),
    /// `[0]`: an index only.
    Index(usize),
}

/// A text that is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at character {at} of the path {path:?}; write paths like data.items[0].sku or [\"a.b\"].c")]
pub struct BadPath {
    /// The text, cut to a readable length.
    pub path: String,
    /// The problem.
    pub problem: &'static str,
    /// The position of the problem, counted from 1.
    pub at: usize,
}

impl Path {
    /// Parses a path.
    pub fn parse(text: &str) -> Result<Path, BadPath> {
        let bad = |problem, byte: usize| BadPath {
            path: text.chars().take(80).collect(),
            problem,
            at: text.get(..byte).map_or(0, |before| before.chars().count()) + 1,
        };
        if text.is_empty() {
            return Err(bad("nothing", 0));
        }
        if text.len() > MAX_PATH_BYTES {
            return Err(bad("too many characters", MAX_PATH_BYTES));
        }
        let mut segments = Vec::new();
        let mut at = 0;
        loop {
            let rest = &text[at..];
            if let Some(bracket) = rest.strip_prefix('[') {
                let (segment, length) = parse_bracket(bracket).map_err(|problem| bad(problem, at))?;
                segments.push(segment);
                at += 1 + length;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(bad("an empty name", at));
                }
                if rest[..end].contains(']') {
                    return Err(bad("a closing bracket without its opening", at));
                }
                segments.push(Segment::Name(rest[..end].to_owned()));
                at += end;
            }
            match text.as_bytes().get(at) {
                None => return Ok(Path { text: text.to_owned(), segments }),
                Some(b'.') => at += 1,
                Some(b'[') => {}
                Some(_) => return Err(bad("a name right behind a bracket", at)),
            }
            if at == text.len() {
                return Err(bad("an empty name", at));
            }
        }
    }

    /// Returns the path as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the value at the path in a JSON text.
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        find(text, &self.segments)
    }

    /// Returns the header that the path names, in lower case, if it is `headers.NAME`.
    pub fn header(&self) -> Option<String> {
        match (self.head(), self.segments.get(1..)) {
            (Some("headers"), Some([Segment::Name(name) | Segment::Quoted(name)])) => Some(name.to_ascii_lowercase()),
            _ => None,
        }
    }

    /// Returns the first step if it is a name.
    pub fn head(&self) -> Option<&str> {
        match self.segments.first()? {
            Segment::Name(name) | Segment::Quoted(name) => Some(name),
            Segment::Index(_) => None,
        }
    }
}

/// Returns the value that steps lead to in a JSON text.
pub fn find<'a>(text: &'a str, segments: &[Segment]) -> Option<&'a str> {
    segments.iter().try_fold(text, |text, segment| match (segment, Kind::of(text)) {
        (Segment::Name(name) | Segment::Quoted(name), Kind::Object) => json::member(text, name),
        (Segment::Name(name), Kind::Array) => json::item(text, name.parse().ok()?),
        (Segment::Index(index), Kind::Array) => json::item(text, *index),
        _ => None,
    })
}

fn parse_bracket(rest: &str) -> Result<(Segment, usize), &'static str> {
    if rest.starts_with('"') {
        // A JSON string, so that any key can be written, including quotes.
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let name = stream.next().and_then(Result::ok).ok_or("an unfinished quoted name")?;
        let end = stream.byte_offset();
        return match rest[end..].starts_with(']') {
            true => Ok((Segment::Quoted(name), end + 1)),
            false => Err("a bracket that is not closed"),
        };
    }
    let end = rest.find(']').ok_or("a bracket that is not closed")?;
    let index = rest[..end].parse().map_err(|_| "a bracket that holds neither a number nor a quoted name")?;
    Ok((Segment::Index(index), end + 1))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Path::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find_text<'a>(path: &str, text: &'a str) -> Option<&'a str> {
        Path::parse(path).unwrap().find(text)
    }

    #[test]
    fn a_bracket_and_a_dot_index_arrays_and_quotes_name_keys_with_dots() {
        let text = r#"{"a":[{"b":1.10},{"b":9007199254740993}],"a.b":{"c":true},"0":{"x":"key"},"é":"ü","q\"":3}"#;
        assert_eq!(find_text("a[0].b", text), Some("1.10"));
        assert_eq!(find_text("a.1.b", text), Some("9007199254740993"));
        assert_eq!(find_text("[\"a.b\"].c", text), Some("true"));
        assert_eq!(find_text("0.x", text), Some("\"key\""));
        assert_eq!(find_text("[0].x", text), None, "a bracket indexes arrays only");
        assert_eq!(find_text("a[\"0\"]", text), None, "a quoted name is no index");
        assert_eq!(find_text("é", text), Some("\"ü\""));
        assert_eq!(find_text("[\"q\\\"\"]", text), Some("3"));
        assert_eq!(find_text("a[2].b", text), None);
        assert_eq!(find_text("a.b", text), None);
        assert_eq!(find_text("a[0].b.c", text), None);
    }

    #[test]
    fn what_is_no_path_says_why() {
        let error = |path: &str| Path::parse(path).unwrap_err().to_string();
        insta::assert_snapshot!(error(""), @r#"nothing at character 1 of the path ""; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("a..b"), @r#"an empty name at character 3 of the path "a..b"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("a."), @r#"an empty name at character 3 of the path "a."; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("a[x]"), @r#"a bracket that holds neither a number nor a quoted name at character 2 of the path "a[x]"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("a[\"b\"c"), @r#"a bracket that is not closed at character 2 of the path "a[\"b\"c"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("a[0]b"), @r#"a name right behind a bracket at character 5 of the path "a[0]b"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("a]"), @r#"a closing bracket without its opening at character 1 of the path "a]"; write paths like data.items[0].sku or ["a.b"].c"#);
    }

    proptest! {
        #[test]
        fn a_path_prints_as_written_and_finds_what_it_was_made_for(
            keys in prop::collection::vec("[a-z.\\[\\]\"é0]{1,4}", 1..5),
        ) {
            let quoted: String = keys.iter().map(|key| format!("[{}]", json::quote(key))).collect();
            let path = Path::parse(&quoted).unwrap();
            prop_assert_eq!(path.to_string(), quoted);
            let text = keys.iter().rev().fold("42".to_owned(), |inner, key| {
                json::object([(key.as_str(), inner.as_str())])
            });
            prop_assert_eq!(path.find(&text), Some("42"));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[a.\\[\\]\"0-9\\\\é]{0,12}") {
            if let Ok(path) = Path::parse(&text) {
                prop_assert_eq!(path.as_str(), text.as_str());
                prop_assert_eq!(Path::parse(path.as_str()), Ok(path.clone()));
            }
        }
    }
}
