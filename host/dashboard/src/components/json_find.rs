//! The search of a JSON text that is too much for one tree.

use askama::Template;
use inlet_core::json::{self, Kind};

use super::Html;
use crate::html::url_part;

/// The hits that are shown.
const MAX_SHOWN: usize = 50;
/// The bytes of objects and lists that a search reads, each level anew.
const MAX_READ: usize = 64 << 20;
/// The characters of a value that a hit shows.
const MAX_TEXT: usize = 120;

/// The values that a search found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    hits: Vec<Hit>,
    /// The number of all, the hits that are not shown included.
    count: usize,
    /// True if the text was too much to be read to its end.
    is_cut: bool,
    read: usize,
}

/// A value whose name or text holds what is searched.
#[derive(Debug, PartialEq, Eq)]
struct Hit {
    pointer: String,
    text: String,
}

#[derive(Template)]
#[template(path = "components/json_found.html")]
struct FoundView<'a> {
    found: &'a Found,
    /// The address of parts of the text, which ends before the pointer.
    parts: &'a str,
}

impl Found {
    /// Finds the values of a JSON text whose name, or whose own text, holds a text, in either case.
    pub fn of(text: &str, wanted: &str) -> Self {
        let (mut found, wanted) = (Self::default(), wanted.trim().to_lowercase());
        if !wanted.is_empty() {
            found.search(text.trim(), None, "", &wanted);
        }
        found
    }

    /// Returns the hits with links to their places.
    pub fn html(&self, parts: &str) -> Html {
        Html::of(&FoundView { found: self, parts })
    }

    fn search(&mut self, text: &str, name: Option<&str>, pointer: &str, wanted: &str) {
        let kind = Kind::of(text);
        let is_scalar = !matches!(kind, Kind::Object | Kind::Array);
        let holds = |text: &str| text.to_lowercase().contains(wanted);
        if name.is_some_and(holds) || (is_scalar && holds(text)) {
            self.count += 1;
            if self.hits.len() < MAX_SHOWN {
                let text = match kind {
                    Kind::Object => "{…}".to_owned(),
                    Kind::Array => "[…]".to_owned(),
                    _ => cut(text),
                };
                self.hits.push(Hit { pointer: pointer.to_owned(), text });
            }
        }
        if is_scalar {
            return;
        }
        if self.read + text.len() > MAX_READ {
            self.is_cut = true;
            return;
        }
        self.read += text.len();
        if kind == Kind::Object {
            for (name, value) in json::all_members(text).unwrap_or_default() {
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                self.search(value.trim(), Some(&name), &pointer, wanted);
            }
        } else {
            for (index, value) in json::items(text).unwrap_or_default().into_iter().enumerate() {
                self.search(value.trim(), None, &format!("{pointer}/{index}"), wanted);
            }
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl FoundView<'_> {
    fn href(&self, pointer: &str) -> String {
        format!("{}{}", self.parts, url_part(pointer))
    }

    fn words(&self) -> String {
        let more = self.found.count.saturating_sub(self.found.hits.len());
        let shown = match (self.found.count, more) {
            (0, _) => "Nothing in the whole text".to_owned(),
            (count, 0) => format!("{count} in the whole text"),
            (count, _) => format!("{count} in the whole text; the first {}", self.found.hits.len()),
        };
        if self.found.is_cut { format!("{shown}, as far as it was read") } else { shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_found_with_their_places_and_digits() {
        let text = r#"{"a/b":[{"total":12345678901234567890.10},"Total <b>"],"x":{"TOTALS":{}}}"#;
        let found = Found::of(text, " total ");
        let hits: Vec<_> = found.hits.iter().map(|hit| (hit.pointer.as_str(), hit.text.as_str())).collect();
        assert_eq!(
            hits,
            [("/a~1b/0/total", "12345678901234567890.10"), ("/a~1b/1", "\"Total <b>\""), ("/x/TOTALS", "{…}"),]
        );
        let html = found.html("/value?pointer=").to_string();
        assert!(html.contains(r#"href="/value?pointer=%2Fa%7E1b%2F0%2Ftotal""#), "{html}");
        assert!(html.contains("Total &#60;b&#62;") || html.contains("Total &lt;b&gt;"), "{html}");
        assert_eq!(Found::of(text, "  "), Found::default());
    }

    #[test]
    fn many_hits_are_counted_and_the_reading_is_bounded() {
        let found = Found::of(&format!("[{}]", vec!["1"; 20_000].join(",")), "1");
        assert_eq!((found.count, found.hits.len(), found.is_cut), (20_000, MAX_SHOWN, false));
        let deep = format!("{}\"{}\"{}", "[".repeat(100), "x".repeat(1 << 20), "]".repeat(100));
        assert!(Found::of(&deep, "x").is_cut);
    }
}
