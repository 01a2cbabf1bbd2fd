//! Request bodies as JSON: a single text, or one text per line (NDJSON).

use crate::{Body, Item, Node, Notice, Request, foreign_format, pointer};

/// Maximum number of items of a request, if the host does not name its own with the fact `max_items`, which is the
/// operator's setting. It is the host's default. More would be refused there, and a body of sixteen million `1`s could fill the sandbox before.
pub const MAX_ITEMS: usize = 20_000;

/// A request body parsed as JSON.
#[derive(Debug, Clone)]
pub enum Documents<'a> {
    /// A single JSON text.
    One(Node<'a>),
    /// Several JSON texts, one per line.
    Lines(Lines<'a>),
}

impl Request {
    /// Parses the body as one JSON text.
    ///
    /// # Errors
    ///
    /// A notice with the code `empty`, `not_utf8` or `not_json`.
    pub fn json(&self) -> Result<Node<'_>, Notice> {
        let text = self.text()?;
        Node::parse(text, "").map_err(|error| body_not_json(text, &error))
    }

    /// Parses the body as one JSON text or as NDJSON.
    ///
    /// The body is NDJSON if it is not one JSON text as a whole and its first non-blank line is.
    ///
    /// # Errors
    ///
    /// A notice with the code `empty`, `not_utf8` or `not_json`.
    pub fn documents(&self) -> Result<Documents<'_>, Notice> {
        let text = self.text()?;
        Node::parse(text, "").map(Documents::One).or_else(|error| {
            let lines = Lines { lines: text.split('\n'), index: 0 };
            match lines.clone().next() {
                Some(Ok(_)) => Ok(Documents::Lines(lines)),
                _ => Err(body_not_json(text, &error)),
            }
        })
    }

    /// Returns the most items that the host takes of one request.
    pub fn max_items(&self) -> usize {
        self.fact("max_items").and_then(|limit| limit.parse().ok()).unwrap_or(MAX_ITEMS)
    }

    /// Returns the body as text.
    ///
    /// # Errors
    ///
    /// `empty` if the body is blank, `not_utf8` if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Notice> {
        match &self.body {
            Body::Text(text) if is_blank(text) => {
                Err(Notice::new("empty", "The body is empty; expected an event as a JSON object."))
            }
            Body::Text(text) => Ok(text),
            Body::Bytes(bytes) => {
                if let Some(sentence) = foreign_format::binary(bytes) {
                    return Err(Notice::new("not_utf8", sentence));
                }
                let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
                Err(Notice::new(
                    "not_utf8",
                    format!("The body is not UTF-8: byte {valid} begins no character. Send JSON encoded as UTF-8."),
                ))
            }
        }
    }
}

/// Iterator over the non-blank lines of an NDJSON body. A line that is not JSON yields an error; the lines after it are
/// still read.
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

/// Translates each element of an array. An empty array becomes one ignored item that points at it.
///
/// # Errors
///
/// `too_many_items` if there are more than [`Request::max_items`]. Nothing is translated then.
pub fn translate_array<'a>(
    request: &Request,
    array: &Node<'a>,
    translate: impl FnMut(Node<'a>) -> Item,
) -> Result<Vec<Item>, Notice> {
    if array.has_more_than(request.max_items()) {
        return Err(too_many_items(request));
    }
    translate_each(request, array.items(), array.at(), translate)
}

/// Translates each element of a batch. An empty batch becomes one ignored item that points at `at`.
///
/// # Errors
///
/// `too_many_items` if there are more than [`Request::max_items`]. [`translate_array`] knows that before it begins.
pub fn translate_each<T>(
    request: &Request,
    elements: impl Iterator<Item = T>,
    at: &str,
    mut translate: impl FnMut(T) -> Item,
) -> Result<Vec<Item>, Notice> {
    let limit = request.max_items();
    let mut items = Vec::new();
    for element in elements {
        if items.len() == limit {
            return Err(too_many_items(request));
        }
        items.push(translate(element));
    }
    if items.is_empty() {
        items.push(empty_batch(at));
    }
    Ok(items)
}

/// Returns the item of an empty batch at `at`.
pub fn empty_batch(at: &str) -> Item {
    Item::Ignored(Notice::new("empty", "An empty batch: there is nothing to do.").at(at))
}

/// Returns the notice for a request with more than [`Request::max_items`].
pub fn too_many_items(request: &Request) -> Notice {
    let limit = match request.max_items() {
        1 => "1 item".to_owned(),
        limit => format!("{limit} items"),
    };
    let sentence = match request.fact("max_items") {
        Some(_) => {
            format!(
                "The request holds more than {limit}. Send smaller batches, or raise the source's setting max_items."
            )
        }
        None => {
            format!("The request holds more than {limit}, the most that this plugin reads. Send smaller batches.")
        }
    };
    Notice::new("too_many_items", sentence)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Returns the `not_json` notice of a whole body, which may be in another format.
fn body_not_json(text: &str, error: &serde_json::Error) -> Notice {
    match foreign_format::sentence(text.as_bytes()) {
        Some(sentence) => Notice::new("not_json", sentence),
        None => not_json("The body", error),
    }
}

/// Returns a `not_json` notice with the position and the violated rule. serde_json's syntax errors are fixed sentences
/// that quote nothing of the text.
fn not_json(what: &str, error: &serde_json::Error) -> Notice {
    let advice = if error.is_eof() { "It was probably cut off." } else { "Send valid JSON." };
    Notice::new("not_json", format!("{what} is not JSON: {error}. {advice}"))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
