//! JSON as a folded tree, rendered from its text: every digit stays as it came, and nothing of a payload is ever HTML.

use std::{collections::BTreeMap, fmt::Write as _};

use inlet_core::{
    json::{self, Kind},
    path,
};

use super::{Html, copy::copy};
use crate::html::{escape, url_part};

/// The values of one tree. The rest is left to the text, which a button copies whole.
const MAX_VALUES: usize = 4000;
/// The items of one object or list that are shown open.
const MAX_OPEN: usize = 60;
/// The characters of a text that are shown before it is folded.
const MAX_TEXT: usize = 240;
/// The bytes of objects and lists that one tree reads, each level anew. Those beyond are loaded on demand.
const MAX_READ: usize = 2 << 20;
/// The depth below which objects and lists are loaded on demand.
const MAX_DEPTH: usize = 32;
/// The longest text that a button copies; a longer one is a download.
const MAX_COPIED: usize = 256 << 10;

/// A tree of a JSON text.
pub struct JsonTree<'a> {
    text: &'a str,
    label: &'a str,
    open_depth: usize,
    marks: BTreeMap<String, Vec<Mark>>,
    /// The pointer of the text in the whole of which it is a part.
    base: String,
    /// The address of parts of the whole, which ends before the value of the parameter `pointer`.
    parts: Option<String>,
    picks: Option<&'a str>,
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
    /// True if an object or a list is left to be loaded.
    has_unread: bool,
    /// The bytes of objects and lists that were read.
    read: usize,
    open_depth: usize,
    marks: &'a BTreeMap<String, Vec<Mark>>,
    parts: Option<&'a str>,
    /// The path of the value that is written, as mappings write it, if values can be picked.
    path: Option<String>,
}

impl<'a> JsonTree<'a> {
    /// A tree of a JSON text. `label` names it to a screen reader: `the received item`.
    pub fn new(text: &'a str, label: &'a str) -> Self {
        Self { text, label, open_depth: 2, marks: BTreeMap::new(), base: String::new(), parts: None, picks: None }
    }

    /// Opens objects and lists down to this depth; 2 if absent.
    pub fn open_depth(mut self, depth: usize) -> Self {
        self.open_depth = depth;
        self
    }

    /// Loads objects and lists that are too much for one tree from an address, which takes `pointer` and `raw`.
    pub fn loading(self, address: &str) -> Self {
        Self { parts: Some(address.to_owned()), ..self }
    }

    /// The text is the value at a JSON pointer of a whole.
    pub fn at(self, pointer: &str) -> Self {
        Self { base: pointer.to_owned(), ..self }
    }

    /// Marks and highlights the value at a JSON pointer, such as `/properties/total`, and opens the tree down to it. A value may
    /// have several marks; an empty pointer is the whole text.
    pub fn mark(mut self, pointer: impl Into<String>, mark: Mark) -> Self {
        self.marks.entry(pointer.into()).or_default().push(mark);
        self
    }

    /// Makes every value a button that puts its path, which begins with `root`, into the field of a form that had the focus
    /// last. An empty root is an object whose members are roots.
    pub fn picks(self, root: &'a str) -> Self {
        Self { picks: Some(root), ..self }
    }

    /// Returns the tree, with a field to search it and a button to copy its text.
    pub fn html(&self) -> Html {
        let parts = self.parts.as_deref();
        let (open_depth, marks) = (self.open_depth, &self.marks);
        let path = self.picks.map(str::to_owned);
        let mut writer =
            Writer { html: String::new(), values: 0, has_unread: false, read: 0, open_depth, marks, parts, path };
        writer.value(self.text.trim(), None, &self.base, 0);
        let (label, rest) = (escape(self.label), writer.values.saturating_sub(MAX_VALUES));
        let rest = match rest {
            0 => String::new(),
            _ if parts.is_none() && self.text.len() > MAX_COPIED => {
                r#"<p class="json-rest">The tree is cut here.</p>"#.to_owned()
            }
            _ => r#"<p class="json-rest">The tree is cut here; the button has the whole text.</p>"#.to_owned(),
        };
        // What the tree leaves out is searched on the server.
        let (find, found) = match parts.filter(|_| writer.has_unread || !rest.is_empty()) {
            Some(parts) => (
                format!(r#" data-json-find="{}{}&amp;find=""#, escape(parts), url_part(&self.base)),
                r#"<div class="json-found" aria-live="polite"></div>"#,
            ),
            None => (String::new(), ""),
        };
        let whole = match parts {
            Some(parts) if self.text.len() > MAX_COPIED => format!(
                r#"<a class="button quiet" href="{}{}&amp;raw=true" download>Download {}</a>"#,
                escape(parts),
                url_part(&self.base),
                bytes(self.text.len())
            ),
            // As a value of an attribute it would make the page as long again.
            None if self.text.len() > MAX_COPIED => String::new(),
            _ => copy(self.text, &format!("Copy {}", self.label)).to_string(),
        };
        Html::trusted(format!(
            r#"<div class="json" data-json><div class="json-tools"><input type="search" class="json-search" placeholder="Search" aria-label="Search {label}" data-json-search{find}><span class="json-hits" aria-live="polite"></span><button type="button" class="quiet" data-json-open>Expand all</button>{whole}</div>{found}<div class="json-body" tabindex="0" role="group" aria-label="{label}">{}</div>{rest}</div>"#,
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
        let kind = Kind::of(text);
        if matches!(kind, Kind::Object | Kind::Array) {
            let is_needed = depth == 0 || self.marks.contains_key(pointer) || self.holds_mark(pointer);
            if !is_needed && (depth > MAX_DEPTH || self.read + text.len() > MAX_READ) {
                return self.unread(text, name, pointer);
            }
            // The text itself is read once in any case.
            if depth > 0 {
                self.read += text.len();
            }
        }
        match kind {
            Kind::Object => {
                let members = json::all_members(text).unwrap_or_default();
                self.folded(name, pointer, depth, ('{', '}'), members.len(), |writer| {
                    for (name, value) in &members {
                        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                        let path = writer.path.as_deref().map(|path| path::member(path, name));
                        writer.below(path, |writer| writer.value(value.trim(), Some(name), &pointer, depth + 1));
                    }
                });
            }
            Kind::Array => {
                let items = json::items(text).unwrap_or_default();
                self.folded(name, pointer, depth, ('[', ']'), items.len(), |writer| {
                    for (index, value) in items.iter().enumerate() {
                        let path = writer.path.as_deref().map(|path| path::item(path, index));
                        let (name, pointer) = (index.to_string(), format!("{pointer}/{index}"));
                        writer.below(path, |writer| writer.value(value.trim(), Some(&name), &pointer, depth + 1));
                    }
                });
            }
            kind => self.scalar(text, name, pointer, kind),
        }
    }

    /// Writes a value with its path.
    fn below(&mut self, path: Option<String>, write: impl FnOnce(&mut Self)) {
        let parent = std::mem::replace(&mut self.path, path);
        write(self);
        self.path = parent;
    }

    /// Returns the path that a button puts into a field, escaped. The root has none.
    fn picked(&self) -> Option<String> {
        self.path.as_deref().filter(|path| !path.is_empty()).map(|path| escape(path).to_string())
    }

    fn begin_pick(&mut self) {
        if let Some(path) = self.picked() {
            let _ = write!(self.html, r#"<button type="button" class="json-pick" data-path="{path}" title="{path}">"#);
        }
    }

    /// Ends the button, and shows the path, for those without the script.
    fn end_pick(&mut self) {
        if let Some(path) = self.picked() {
            let _ = write!(self.html, r#"</button><code class="json-path">{path}</code>"#);
        }
    }

    /// Writes the place of an object or a list that is loaded on demand.
    fn unread(&mut self, text: &str, name: Option<&str>, pointer: &str) {
        self.has_unread = true;
        let _ = write!(self.html, r#"<div class="json-row" data-pointer="{}">"#, escape(pointer));
        self.name(name);
        let size = bytes(text.len());
        let (open, close) = if text.starts_with('{') { ('{', '}') } else { ('[', ']') };
        let _ = match self.parts {
            Some(parts) => write!(
                self.html,
                r#"<a class="json-load" data-json-load href="{}{}">{open} {size}, show {close}</a>"#,
                escape(parts),
                url_part(pointer)
            ),
            None => write!(self.html, r#"<span class="json-count">{open} {size}, not shown {close}</span>"#),
        };
        self.html.push_str("</div>");
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
            self.begin_pick();
            self.name(name);
            let _ = write!(self.html, r#"<span class="json-empty">{open}{close}</span>"#);
            self.end_pick();
            self.mark(pointer);
            self.html.push_str("</div>");
            return;
        }
        let is_open = depth < self.open_depth && count <= MAX_OPEN || self.holds_mark(pointer);
        let attribute = if is_open { " open" } else { "" };
        let picked = self.picked();
        let has_marks = self.marks.contains_key(pointer) || picked.is_some();
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
        // A link or a button has no place in a summary, which is a button itself.
        if has_marks {
            self.html.push_str(r#"<span class="json-marks">"#);
            if let Some(path) = picked {
                let _ = write!(
                    self.html,
                    r#"<button type="button" class="json-pick json-pick-whole" data-path="{path}" title="{path}">use all<span class="sr-only"> of {path}</span></button><code class="json-path">{path}</code>"#
                );
            }
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
        self.begin_pick();
        self.name(name);
        match text.char_indices().nth(MAX_TEXT) {
            // A text that unfolds has no place in a button.
            Some((cut, _)) if self.path.is_some() => {
                let _ = write!(self.html, r#"<span class="{class}">{}…</span>"#, escape(&text[..cut]));
            }
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
        self.end_pick();
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

/// Returns a number of bytes in words.
fn bytes(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn megabytes_in_deep_levels_are_read_once_and_loaded_on_demand() {
        // Reading every level whole would read this a hundred times.
        let inner = format!("\"{}\"", "x".repeat(1 << 20));
        let text = format!("{}{inner}{}", r#"{"a":["#.repeat(50), "]}".repeat(50));
        let html = JsonTree::new(&text, "the item").loading("/value?pointer=").html().to_string();
        assert!(html.len() < 64 << 10, "{} bytes", html.len());
        assert!(html.contains(r#"data-json-load href="/value?pointer=%2Fa%2F0""#), "{html}");
        assert!(html.contains(r#"href="/value?pointer=&amp;raw=true" download>Download 1.0 MiB"#), "{html}");
        let part = JsonTree::new(r#"{"b":1}"#, "the item").at("/a/0").html().to_string();
        assert!(part.contains(r#"data-pointer="/a/0/b""#), "{part}");
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        let html = JsonTree::new(&deep, "the item").html().to_string();
        assert_eq!(html.matches("<details").count(), MAX_DEPTH + 1);
        assert!(html.contains("not shown"), "{html}");
    }

    #[test]
    fn a_value_that_can_be_picked_names_its_path() {
        let text = r#"{"a.b":[{"<i>":"x"}]}"#;
        let html = JsonTree::new(text, "the data").picks("data").html().to_string();
        let path = "data[&quot;a.b&quot;][0].&lt;i&gt;";
        assert!(html.contains(&format!(r#"data-path="{path}" title="{path}"><span class="json-name">"#)), "{html}");
        assert!(html.contains(&format!(r#"</button><code class="json-path">{path}</code>"#)), "{html}");
        assert!(html.contains(r#"data-path="data" title="data">use all"#), "{html}");
        let roots = JsonTree::new(r#"{"user_id":"u"}"#, "the event").picks("").html().to_string();
        assert!(roots.contains(r#"data-path="user_id""#) && !roots.contains(r#"data-path="""#), "{roots}");
    }

    #[test]
    fn sizes_are_words() {
        assert_eq!([12, 2048, 5 << 20, 1_600_000].map(bytes), ["12 bytes", "2 KiB", "5.0 MiB", "1.5 MiB"]);
    }

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
