//! JSON as a folded tree, rendered from its text: every digit stays as it came, and nothing of a payload is ever HTML.

use std::{collections::BTreeMap, fmt::Write as _};

use inlet_core::json::{self, Kind};

use super::{Html, copy::copy};
use crate::html::escape;

/// The values of one tree. The rest is left to the text, which a button copies whole.
const MAX_VALUES: usize = 4000;
/// The items of one object or list that are shown open.
const MAX_OPEN: usize = 60;
/// The characters of a text that are shown before it is folded.
const MAX_TEXT: usize = 240;

/// A tree of a JSON text.
pub struct JsonTree<'a> {
    text: &'a str,
    label: &'a str,
    open_depth: usize,
    marks: BTreeMap<String, Vec<Mark>>,
}

/// A note at a value of a tree: the field of the event that it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The name of the field.
    pub label: String,
    /// The place of the field, such as `#field-user_id`.
    pub href: Option<String>,
    /// The id of the mark, to which the field leads back.
    pub id: Option<String>,
}

struct Writer<'a> {
    html: String,
    values: usize,
    open_depth: usize,
    marks: &'a BTreeMap<String, Vec<Mark>>,
}

impl<'a> JsonTree<'a> {
    /// A tree of a JSON text. `label` names it to a screen reader: `the received item`.
    pub fn new(text: &'a str, label: &'a str) -> Self {
        Self { text, label, open_depth: 2, marks: BTreeMap::new() }
    }

    /// Opens objects and lists down to this depth; 2 if absent.
    pub fn open_depth(mut self, depth: usize) -> Self {
        self.open_depth = depth;
        self
    }

    /// Marks and highlights the value at a JSON pointer, such as `/properties/total`, and opens the tree down to it. A value may
    /// have several marks; an empty pointer is the whole text.
    pub fn mark(mut self, pointer: impl Into<String>, mark: Mark) -> Self {
        self.marks.entry(pointer.into()).or_default().push(mark);
        self
    }

    /// Returns the tree, with a field to search it and a button to copy its text.
    pub fn html(&self) -> Html {
        let mut writer = Writer { html: String::new(), values: 0, open_depth: self.open_depth, marks: &self.marks };
        writer.value(self.text.trim(), None, "", 0);
        let (label, rest) = (escape(self.label), writer.values.saturating_sub(MAX_VALUES));
        let rest = match rest {
            0 => String::new(),
            _ => r#"<p class="json-rest">The tree is cut here; the button copies the whole text.</p>"#.to_owned(),
        };
        Html::trusted(format!(
            r#"<div class="json" data-json><div class="json-tools"><input type="search" class="json-search" placeholder="Search" aria-label="Search {label}" data-json-search><span class="json-hits" aria-live="polite"></span><button type="button" class="quiet" data-json-open>Expand all</button>{}</div><div class="json-body" tabindex="0" role="group" aria-label="{label}">{}</div>{rest}</div>"#,
            copy(self.text, &format!("Copy {}", self.label)),
            writer.html
        ))
    }
}

impl Writer<'_> {
    /// Writes a value with its name. `pointer` is its JSON pointer.
    fn value(&mut self, text: &str, name: Option<&str>, pointer: &str, depth: usize) {
        self.values += 1;
        if self.values > MAX_VALUES {
            return;
        }
        match Kind::of(text) {
            Kind::Object => {
                let members = json::all_members(text).unwrap_or_default();
                self.folded(name, pointer, depth, ('{', '}'), members.len(), |writer| {
                    for (name, value) in &members {
                        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                        writer.value(value.trim(), Some(name), &pointer, depth + 1);
                    }
                });
            }
            Kind::Array => {
                let items = json::items(text).unwrap_or_default();
                self.folded(name, pointer, depth, ('[', ']'), items.len(), |writer| {
                    for (index, value) in items.iter().enumerate() {
                        let index = index.to_string();
                        writer.value(value.trim(), Some(&index), &format!("{pointer}/{index}"), depth + 1);
                    }
                });
            }
            kind => self.scalar(text, name, pointer, kind),
        }
    }

    fn folded(
        &mut self,
        name: Option<&str>,
        pointer: &str,
        depth: usize,
        (open, close): (char, char),
        count: usize,
        inner: impl FnOnce(&mut Self),
    ) {
        let (path, marked) = (escape(pointer).to_string(), self.class_of(pointer));
        if count == 0 {
            let _ = write!(self.html, r#"<div class="json-row{marked}" data-pointer="{path}">"#);
            self.name(name);
            let _ = write!(self.html, r#"<span class="json-empty">{open}{close}</span>"#);
            self.mark(pointer);
            self.html.push_str("</div>");
            return;
        }
        let is_open = depth < self.open_depth && count <= MAX_OPEN || self.holds_mark(pointer);
        let attribute = if is_open { " open" } else { "" };
        let has_marks = self.marks.contains_key(pointer);
        if has_marks {
            self.html.push_str(r#"<div class="json-marked">"#);
        }
        let _ = write!(self.html, r#"<details class="json-node{marked}" data-pointer="{path}"{attribute}><summary>"#);
        self.name(name);
        let noun = match (open, count) {
            ('{', 1) => "member",
            ('{', _) => "members",
            (_, 1) => "item",
            _ => "items",
        };
        let _ = write!(self.html, r#"<span class="json-count">{open} {count} {noun} {close}</span>"#);
        self.html.push_str(r#"</summary><div class="json-children">"#);
        inner(self);
        self.html.push_str("</div></details>");
        // A link has no place in a summary, which is a button itself.
        if has_marks {
            self.html.push_str(r#"<span class="json-marks">"#);
            self.mark(pointer);
            self.html.push_str("</span></div>");
        }
    }

    fn scalar(&mut self, text: &str, name: Option<&str>, pointer: &str, kind: Kind) {
        let class = match kind {
            Kind::String => "json-string",
            Kind::Number => "json-number",
            _ => "json-word",
        };
        let marked = self.class_of(pointer);
        let _ = write!(self.html, r#"<div class="json-row{marked}" data-pointer="{}">"#, escape(pointer));
        self.name(name);
        match text.char_indices().nth(MAX_TEXT) {
            Some((cut, _)) => {
                let _ = write!(
                    self.html,
                    r#"<details class="json-long"><summary><span class="{class}">{}…</span></summary><span class="{class}">{}</span></details>"#,
                    escape(&text[..cut]),
                    escape(text)
                );
            }
            None => {
                let _ = write!(self.html, r#"<span class="{class}">{}</span>"#, escape(text));
            }
        }
        self.mark(pointer);
        self.html.push_str("</div>");
    }

    fn name(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            let _ = write!(self.html, r#"<span class="json-name">{}</span>"#, escape(name));
        }
    }

    fn class_of(&self, pointer: &str) -> &'static str {
        if self.marks.contains_key(pointer) { " is-marked" } else { "" }
    }

    /// Returns true if a value inside the one at this pointer is marked.
    fn holds_mark(&self, pointer: &str) -> bool {
        let inside = format!("{pointer}/");
        self.marks.range(inside.clone()..).next().is_some_and(|(marked, _)| marked.starts_with(&inside))
    }

    fn mark(&mut self, pointer: &str) {
        for Mark { label, href, id } in self.marks.get(pointer).into_iter().flatten() {
            let label = escape(label);
            let id = id.as_deref().map(|id| format!(r#" id="{}""#, escape(id))).unwrap_or_default();
            let _ = match href {
                Some(href) => write!(self.html, r#"<a class="json-mark"{id} href="{}">{label}</a>"#, escape(href)),
                None => write!(self.html, r#"<span class="json-mark"{id}>{label}</span>"#),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_markup_stay_text() {
        let text = r#"{"id":12345678901234567890.10,"<b>":"</script><script>alert(1)</script>","n":[null,true,{}]}"#;
        let html = JsonTree::new(text, "the item").html().to_string();
        assert!(html.contains("12345678901234567890.10"), "{html}");
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains(r#"data-pointer="/n/2""#), "{html}");
    }

    #[test]
    fn a_value_is_marked_with_the_field_that_it_became() {
        let mark = Mark { label: "user_id".to_owned(), href: Some("#user".to_owned()), id: None };
        let html = JsonTree::new(r#"{"a/b":{"id":1}}"#, "the item").mark("/a~1b/id", mark).html().to_string();
        assert!(html.contains(r#"<div class="json-row is-marked" data-pointer="/a~1b/id">"#), "{html}");
        assert!(
            html.contains(r##"<span class="json-number">1</span><a class="json-mark" href="#user">user_id</a>"##),
            "{html}"
        );
    }

    #[test]
    fn the_tree_is_open_down_to_a_mark() {
        let mark = |label: &str| Mark { label: label.to_owned(), href: None, id: None };
        let text = r#"{"a":{"b":{"c":{"d":1}},"ab":{"x":{"y":1}}}}"#;
        let tree = JsonTree::new(text, "the item").mark("/a/b/c/d", mark("one")).mark("/a/b/c/d", mark("two"));
        let html = tree.html().to_string();
        assert!(html.contains(r#"data-pointer="/a/b/c" open"#), "{html}");
        assert!(html.contains(r#"data-pointer="/a/ab/x"><summary>"#), "{html}");
        assert!(html.contains("one</span>") && html.contains("two</span>"), "{html}");
        let html = JsonTree::new(text, "the item").mark("/a", mark("data")).html().to_string();
        assert!(
            html.contains(r#"</details><span class="json-marks"><span class="json-mark">data</span></span></div>"#),
            "{html}"
        );
    }

    #[test]
    fn a_large_text_is_cut() {
        let text = format!("[{}]", vec!["1"; MAX_VALUES * 2].join(","));
        let html = JsonTree::new(&text, "the item").html().to_string();
        assert!(html.contains("The tree is cut here"));
        assert_eq!(html.matches("json-number").count(), MAX_VALUES - 1);
    }
}
