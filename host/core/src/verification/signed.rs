//! Templates of the signed content: `{timestamp}.{body}`, `{id}.{timestamp}.{body}`, `{body:/0}`.

use serde::{Deserialize, Serialize};

use super::{Covers, Sent, header::Claim};
use crate::json;

/// A template of the signed content. In braces: `{body}` (the bytes of the body, inflated), `{body:/0}` (the bytes of the
/// value at that JSON Pointer; then item 0 alone is covered), `{timestamp}` and `{id}` as sent, `{method}`,
/// `{header:<name>}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignedTemplate {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Body,
    At(String),
    Timestamp,
    Id,
    Method,
    Header(String),
}

/// A `signed` template that this version does not understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "verification.signed holds {found:?}; expected a template with {{body}} or {{body:<JSON Pointer>}} and, if they are \
     signed too, {{timestamp}}, {{id}}, {{method}} and {{header:<name>}}"
)]
pub struct UnknownSigned {
    /// The template as written.
    pub found: String,
}

impl TryFrom<String> for SignedTemplate {
    type Error = UnknownSigned;

    fn try_from(text: String) -> Result<Self, UnknownSigned> {
        match parse(&text) {
            Some(pieces) => Ok(Self { text, pieces }),
            None => Err(UnknownSigned { found: text }),
        }
    }
}

impl From<SignedTemplate> for String {
    fn from(template: SignedTemplate) -> String {
        template.text
    }
}

fn parse(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(inner) = rest.strip_prefix('{') else {
            let end = rest.find(['{', '}']).unwrap_or(rest.len());
            let (literal, after) = rest.split_at(end);
            // An empty literal here is a closing brace that nothing opened.
            (!literal.is_empty()).then_some(())?;
            pieces.push(Piece::Literal(literal.to_owned()));
            rest = after;
            continue;
        };
        let (inner, after) = inner.split_once('}')?;
        pieces.push(match inner.split_once(':') {
            None if inner == "body" => Piece::Body,
            None if inner == "timestamp" => Piece::Timestamp,
            None if inner == "id" => Piece::Id,
            None if inner == "method" => Piece::Method,
            Some(("body", pointer)) if pointer.starts_with('/') => Piece::At(pointer.to_owned()),
            Some(("header", name)) if !name.is_empty() && !name.contains(char::is_uppercase) => {
                Piece::Header(name.to_owned())
            }
            _ => return None,
        });
        rest = after;
    }
    // Exactly one piece must come from the body, or the signature says nothing about the content.
    let of_the_body = pieces.iter().filter(|piece| matches!(piece, Piece::Body | Piece::At(_))).count();
    (of_the_body == 1).then_some(pieces)
}

/// The bytes that a template names in a request.
pub(super) struct Content<'a> {
    pub(super) parts: Vec<&'a [u8]>,
    pub(super) covers: Covers,
}

impl SignedTemplate {
    /// Returns the template as the manifest writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Header(name) => Some(name.as_str()),
            _ => None,
        })
    }

    pub(super) fn holds_timestamp(&self) -> bool {
        self.pieces.contains(&Piece::Timestamp)
    }

    pub(super) fn holds_id(&self) -> bool {
        self.pieces.contains(&Piece::Id)
    }

    /// Returns the bytes that are signed by this template; none if a part of them is absent.
    pub(super) fn content<'a>(&'a self, sent: &Sent<'a>, claim: &Claim<'a>) -> Option<Content<'a>> {
        let mut covers = Covers::All;
        let mut parts: Vec<&'a [u8]> = Vec::with_capacity(self.pieces.len());
        for (at, piece) in self.pieces.iter().enumerate() {
            let variable = match piece {
                Piece::Literal(text) => {
                    parts.push(text.as_bytes());
                    continue;
                }
                Piece::Body => {
                    parts.push(sent.body);
                    continue;
                }
                Piece::At(pointer) => {
                    let (bytes, found) = value_at(sent.body, pointer)?;
                    covers = found;
                    parts.push(bytes);
                    continue;
                }
                Piece::Timestamp => claim.timestamp.as_ref()?.text,
                Piece::Id => claim.id?,
                Piece::Method => sent.method,
                Piece::Header(name) => sent.text(name)?,
            };
            // A value must not contain the separator behind it, or the border could be moved: "a.b" and "c" reads like
            // "a" and "b.c". Before a time the border is known by the time, unless a part of the value could be one.
            match (self.pieces.get(at + 1), self.pieces.get(at + 2)) {
                (Some(Piece::Literal(next)), Some(Piece::Timestamp)) if holds_a_time(variable, next) => return None,
                (Some(Piece::Literal(_)), Some(Piece::Timestamp)) => parts.push(variable.as_bytes()),
                (Some(Piece::Literal(next)), _) if variable.contains(next.as_str()) => return None,
                _ => parts.push(variable.as_bytes()),
            }
        }
        Some(Content { parts, covers })
    }
}

/// Returns true if a part of a value behind a separator could be a time. Nobody has signed a time of fewer than nine digits:
/// that was before 1974.
fn holds_a_time(value: &str, separator: &str) -> bool {
    value.split(separator).skip(1).any(|part| part.len() >= 9 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns the bytes of a value of the body, and the part of the body that a signature over them covers.
fn value_at<'a>(body: &'a [u8], pointer: &str) -> Option<(&'a [u8], Covers)> {
    let text = std::str::from_utf8(body).ok()?;
    // `/0` means the first item of a batch. In an object it would be a member of that name, and the holder of one signed
    // event could wrap a forged one around it.
    let names_an_item = pointer[1..].starts_with(|first: char| first.is_ascii_digit());
    if names_an_item && json::Kind::of(text) != json::Kind::Array {
        return None;
    }
    let slice = json::point(text, pointer)?;
    // A batch of one is covered whole: nothing around the item becomes an event.
    let covers = match (json::array_len(text), pointer) {
        (Some(1), "/0") => Covers::All,
        _ => Covers::First,
    };
    Some((slice.as_bytes(), covers))
}
