//! A body as JSON: one text, or several of them, one on each line (NDJSON).

use crate::{Body, Item, Node, Notice, Request, pointer};

/// More items than this are not translated. The host's own limit is lower; this one keeps a body of sixteen million
/// `1`s from filling the sandbox before the host can say so.
pub const MAX_ITEMS: usize = 50_000;

/// What a body holds.
#[derive(Debug, Clone)]
pub enum Documents<'a> {
    /// One JSON text.
    One(Node<'a>),
    /// Several, each on its own line.
    Lines(Lines<'a>),
}

impl Request {
    /// The body as one JSON text.
    pub fn json(&self) -> Result<Node<'_>, Notice> {
        let text = self.text()?;
        Node::parse(text, "").map_err(|error| not_json("The body", &error))
    }

    /// The body as one JSON text or, when it is none and its first line that is not blank is, as one JSON text for each
    /// line.
    pub fn documents(&self) -> Result<Documents<'_>, Notice> {
        let text = self.text()?;
        Node::parse(text, "").map(Documents::One).or_else(|error| {
            let lines = Lines { lines: text.split('\n'), index: 0 };
            match lines.clone().next() {
                Some(Ok(_)) => Ok(Documents::Lines(lines)),
                _ => Err(not_json("The body", &error)),
            }
        })
    }

    /// The body as text that is not blank.
    pub fn text(&self) -> Result<&str, Notice> {
        match &self.body {
            Body::Text(text) if is_blank(text) => {
                Err(Notice::new("empty", "The body is empty; expected an event as a JSON object."))
            }
            Body::Text(text) => Ok(text),
            Body::Bytes(bytes) => {
                let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
                Err(Notice::new(
                    "not_utf8",
                    format!("The body is not UTF-8: byte {valid} begins no character. Send JSON encoded as UTF-8."),
                ))
            }
        }
    }
}

/// The lines of an NDJSON body, blank ones left out. A line that is not JSON is an error in its place, and its
/// neighbours go on.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    lines: std::str::Split<'a, char>,
    index: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Node<'a>, Notice>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.find(|line| !is_blank(line))?;
        let at = pointer::element("", self.index);
        self.index += 1;
        Some(Node::parse(line, at.as_str()).map_err(|error| not_json("This line", &error).at(at)))
    }
}

/// Translates each element of a batch; nothing to translate is one ignored item that says so, at `at`.
pub fn translate_each<T>(
    elements: impl Iterator<Item = T>,
    at: &str,
    mut translate: impl FnMut(T) -> Item,
) -> Result<Vec<Item>, Notice> {
    let mut items = Vec::new();
    for element in elements {
        if items.len() == MAX_ITEMS {
            return Err(Notice::new(
                "too_long",
                format!("The body holds more than {MAX_ITEMS} items. Send smaller batches."),
            ));
        }
        items.push(translate(element));
    }
    if items.is_empty() {
        items.push(Item::Ignored(Notice::new("empty", "An empty batch: there is nothing to do.").at(at)));
    }
    Ok(items)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Names the place and the rule. serde_json's syntax errors are fixed sentences that quote nothing of the text.
fn not_json(what: &str, error: &serde_json::Error) -> Notice {
    let advice = if error.is_eof() { "It was probably cut off." } else { "Send valid JSON." };
    Notice::new("not_json", format!("{what} is not JSON: {error}. {advice}"))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
