//! Templates of the signed content: `{timestamp}.{body}`, `{id}.{timestamp}.{body}`, `{body:/0}`, `{url}{form:sorted}`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Covers, Sent, Signature, Unit,
    header::Claim,
    place::{self, Place},
};
use crate::{
    contract::MAX_FORM_FIELDS,
    json::{self, Kind},
};

/// A template of the signed content. In braces, of the body: `{body}` (its bytes, inflated), `{body:/0}` (the bytes of the
/// value at that JSON Pointer), `{text:/a}` (the text of a string, a number or a boolean), `{text_or_empty:/a}` (the same,
/// empty if it is absent or null), `{absent:/a}` (nothing, and the value must be absent or null), `{form:sorted}` (the names and values of a form, sorted) and `{crc32:body}`; and of the
/// rest: `{timestamp}` and `{id}` as sent, `{method}`, `{header:<name>}`, `{url}`, `{path}`, `{query:<name>}` and
/// `{option:<name>}`.
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
    Text { pointer: String, is_optional: bool },
    Absent(String),
    SortedForm,
    Crc32,
    Timestamp,
    Id,
    Method,
    Header(String),
    Url,
    Path,
    Query(String),
    Option(String),
}

/// A `signed` template that this version does not understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "verification.signed holds {found:?}; expected a template with {{body}} or {{body:<JSON Pointer>}} and, if they are \
     signed too, {{timestamp}}, {{id}}, {{method}} and {{header:<name>}}; a manifest of version 2 may also hold \
     {{text:<JSON Pointer>}}, {{text_or_empty:<JSON Pointer>}}, {{absent:<JSON Pointer>}}, {{form:sorted}}, {{crc32:body}}, {{url}}, {{path}}, \
     {{query:<name>}} and {{option:<name>}}"
)]
pub struct UnknownSigned {
    /// The template as written.
    pub found: String,
}

/// The longest template, in bytes.
const MAX_TEMPLATE: usize = 1024;
/// The most parts of a template.
const MAX_PIECES: usize = 64;

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
        pieces.push(parse_piece(inner)?);
        rest = after;
    }
    // A piece must come from the body, or the signature says nothing about the content. The URL may hold its hash instead.
    let count = |test: fn(&Piece) -> bool| pieces.iter().filter(|piece| test(piece)).count();
    let is_bound = count(Piece::is_of_body) > 0 || pieces.contains(&Piece::Url);
    let is_bounded = text.len() <= MAX_TEMPLATE && pieces.len() <= MAX_PIECES;
    (is_bound && is_bounded && count(|piece| *piece == Piece::Body) <= 1).then_some(pieces)
}

fn parse_piece(inner: &str) -> Option<Piece> {
    Some(match inner.split_once(':') {
        None => match inner {
            "body" => Piece::Body,
            "timestamp" => Piece::Timestamp,
            "id" => Piece::Id,
            "method" => Piece::Method,
            "url" => Piece::Url,
            "path" => Piece::Path,
            _ => return None,
        },
        Some(("form", "sorted")) => Piece::SortedForm,
        Some(("crc32", "body")) => Piece::Crc32,
        Some(("body", pointer)) if pointer.starts_with('/') => Piece::At(pointer.to_owned()),
        Some((name @ ("text" | "text_or_empty"), pointer)) if pointer.starts_with('/') => {
            Piece::Text { pointer: pointer.to_owned(), is_optional: name == "text_or_empty" }
        }
        Some(("absent", pointer)) if pointer.starts_with('/') => Piece::Absent(pointer.to_owned()),
        Some(("header", name)) if !name.is_empty() && !name.contains(char::is_uppercase) => {
            Piece::Header(name.to_owned())
        }
        Some(("query", name)) if !name.is_empty() => Piece::Query(name.to_owned()),
        Some(("option", name)) if !name.is_empty() => Piece::Option(name.to_owned()),
        _ => return None,
    })
}

impl Piece {
    fn is_of_body(&self) -> bool {
        matches!(self, Self::Body | Self::At(_) | Self::Text { .. } | Self::SortedForm | Self::Crc32)
    }

    /// Returns true if manifests of version 0.1 know the piece.
    fn is_first(&self) -> bool {
        use Piece::{At, Body, Header, Id, Literal, Method, Timestamp};
        matches!(self, Literal(_) | Body | At(_) | Timestamp | Id | Method | Header(_))
    }
}

/// The bytes that a template names in a request.
pub(super) struct Content<'a> {
    pub(super) parts: Vec<Cow<'a, [u8]>>,
    pub(super) covers: Covers,
}

impl SignedTemplate {
    /// Returns the template as the manifest writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true if manifests of version 0.1 may hold the template: it names the body once, and nothing that came later.
    pub fn is_of_first_version(&self) -> bool {
        let of_body = self.pieces.iter().filter(|piece| piece.is_of_body()).count();
        of_body == 1 && self.pieces.iter().all(Piece::is_first)
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Header(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns true if the template holds the address that the sender was given.
    pub(super) fn holds_address(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Url | Piece::Path))
    }

    /// Returns true if the template reads the query.
    pub(super) fn holds_query(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Query(_)))
    }

    /// Returns true if the template holds anything of the body.
    pub(super) fn holds_body(&self) -> bool {
        self.pieces.iter().any(Piece::is_of_body)
    }

    /// Returns true if the template holds all bytes of the body.
    pub(super) fn holds_whole_body(&self) -> bool {
        self.pieces.contains(&Piece::Body)
    }

    pub(super) fn holds_timestamp(&self) -> bool {
        self.pieces.contains(&Piece::Timestamp)
    }

    pub(super) fn holds_id(&self) -> bool {
        self.pieces.contains(&Piece::Id)
    }

    /// Returns true if the template holds the value at a place, which it may name by another name.
    pub(super) fn holds(&self, place: Place<'_>) -> bool {
        self.pieces.iter().any(|piece| match (piece, place) {
            (Piece::Body, Place::Body(_)) | (Piece::Url, Place::Query(_)) => true,
            (Piece::Text { pointer, .. } | Piece::At(pointer), Place::Body(other)) => pointer == other,
            (Piece::Query(name), Place::Query(other)) => name == other,
            (Piece::Header(name), Place::Header(other)) => name == other,
            _ => false,
        })
    }

    /// Returns true if no text of only letters, digits, `_` and `-` can be what this template signs as an event: it needs
    /// the address, all of a body, or a character that is none of these.
    pub(super) fn needs_other_characters(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Url | Piece::Path | Piece::Body => true,
            Piece::Literal(text) => !text.bytes().all(is_plain),
            _ => false,
        })
    }

    /// Returns the bytes that are signed by this template; none if a part of them is absent.
    pub(super) fn content<'a>(&'a self, scheme: &Signature, sent: &Sent<'a>, claim: &Claim<'a>) -> Option<Content<'a>> {
        let mut reach = Reach::default();
        let mut parts: Vec<Cow<'a, [u8]>> = Vec::with_capacity(self.pieces.len());
        let is_counted_time = scheme.timestamp.as_ref().is_none_or(|timestamp| timestamp.unit != Unit::Rfc3339);
        for (at, piece) in self.pieces.iter().enumerate() {
            let variable: Cow<'a, str> = match piece {
                Piece::Literal(text) => {
                    parts.push(Cow::Borrowed(text.as_bytes()));
                    continue;
                }
                Piece::Body => {
                    reach.is_whole = true;
                    parts.push(Cow::Borrowed(sent.body));
                    continue;
                }
                Piece::SortedForm => {
                    reach.is_whole = true;
                    parts.push(Cow::Owned(sorted_form(sent.body)?));
                    continue;
                }
                // Another body with the same sum is easily made, so that this covers what the manifest says.
                Piece::Crc32 => {
                    parts.push(Cow::Owned(crc32fast::hash(sent.body).to_string().into_bytes()));
                    continue;
                }
                Piece::At(pointer) => {
                    parts.push(Cow::Borrowed(reach.value_at(sent.body, pointer)?.as_bytes()));
                    continue;
                }
                Piece::Absent(pointer) => {
                    let found = reach.value_at(sent.body, pointer).map(Kind::of);
                    found.is_none_or(|kind| kind == Kind::Null).then_some(())?;
                    continue;
                }
                Piece::Text { pointer, is_optional } => reach.text_at(sent.body, pointer, *is_optional)?,
                Piece::Timestamp => claim.timestamp.as_ref()?.text.clone(),
                Piece::Id => claim.id.clone()?,
                Piece::Method => Cow::Borrowed(sent.method),
                Piece::Header(name) => sent.text(Place::Header(name))?,
                Piece::Url => Cow::Borrowed(sent.target.url?),
                Piece::Path => Cow::Borrowed(path_of(sent.target.url?)),
                Piece::Query(name) => sent.text(Place::Query(name))?,
                Piece::Option(name) => Cow::Owned(json::string(json::member(sent.options, name)?)?),
            };
            // A value must not contain the separator behind it, or the border could be moved: "a.b" and "c" reads like
            // "a" and "b.c". Before a time the border is known by the time, unless a part of the value could be one.
            match (self.pieces.get(at + 1), self.pieces.get(at + 2)) {
                (Some(Piece::Literal(next)), Some(Piece::Timestamp)) if is_counted_time => {
                    (!holds_a_time(&variable, next)).then_some(())?;
                }
                (Some(Piece::Literal(next)), _) if variable.contains(next.as_str()) => return None,
                _ => {}
            }
            parts.push(bytes_of(variable));
        }
        Some(Content { parts, covers: reach.covers(scheme) })
    }
}

/// Returns true for a letter, a digit, `_` or `-`.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn bytes_of(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// Returns the path of an absolute URL, without its query.
fn path_of(url: &str) -> &str {
    let behind_host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = behind_host.find('/').map_or("/", |start| &behind_host[start..]);
    path.split('?').next().unwrap_or(path)
}

/// Returns the names and values of a form without anything between them, in the order of the names and then of the values,
/// each pair once; none if the body is not text, or has more than [`MAX_FORM_FIELDS`] pairs.
fn sorted_form(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    if place::pairs(text).nth(MAX_FORM_FIELDS).is_some() {
        return None;
    }
    let mut pairs: Vec<_> =
        place::pairs(text).map(|(name, value)| (place::decode(name), place::decode(value))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut sorted = Vec::with_capacity(body.len());
    for (name, value) in pairs {
        sorted.extend_from_slice(&name);
        sorted.extend_from_slice(&value);
    }
    Some(sorted)
}

/// Returns true if a part of a value behind a separator could be a time. Nobody has signed a time of fewer than nine digits:
/// that was before 1974.
fn holds_a_time(value: &str, separator: &str) -> bool {
    value.split(separator).skip(1).any(|part| part.len() >= 9 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The reach of a template into the body.
#[derive(Default)]
struct Reach {
    /// All bytes are signed.
    is_whole: bool,
    /// A signed value is one of several items of an array.
    is_one_of_several: bool,
    /// The signed value is the only item of the body, and nothing around it becomes an event.
    is_sole_item: bool,
}

impl Reach {
    /// Returns the value at a JSON Pointer of the body.
    fn value_at<'a>(&mut self, body: &'a [u8], pointer: &str) -> Option<&'a str> {
        let mut value = std::str::from_utf8(body).ok()?.trim();
        for (level, token) in pointer.split('/').skip(1).enumerate() {
            value = match Kind::of(value) {
                Kind::Array => {
                    let items = json::array_len(value)?;
                    self.is_one_of_several |= items > 1;
                    self.is_sole_item = items == 1 && pointer == "/0";
                    json::item_of(value, token)?
                }
                // `/0` means the first item of a batch. In an object it would be a member of that name, and the holder of
                // one signed event could wrap a forged one around it.
                Kind::Object if level == 0 && token.starts_with(|first: char| first.is_ascii_digit()) => return None,
                Kind::Object => json::member_of(value, token)?,
                _ => return None,
            };
        }
        Some(value)
    }

    fn text_at<'a>(&mut self, body: &'a [u8], pointer: &str, is_optional: bool) -> Option<Cow<'a, str>> {
        let value = self.value_at(body, pointer).unwrap_or("null");
        match Kind::of(value) {
            Kind::String => json::string(value).map(Cow::Owned),
            Kind::Number | Kind::Bool => Some(Cow::Borrowed(value)),
            Kind::Null if is_optional => Some(Cow::Borrowed("")),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    fn covers(&self, scheme: &Signature) -> Covers {
        match scheme.covers {
            _ if self.is_whole || self.is_sole_item || scheme.body_sha256.is_some() => Covers::All,
            Some(covers) if !self.is_one_of_several => covers,
            _ => Covers::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_very_many_fields_is_not_read() {
        let form = |fields: usize| sorted_form(vec!["a=1"; fields].join("&").as_bytes());
        assert_eq!(form(MAX_FORM_FIELDS).as_deref(), Some(&b"a1"[..]), "each pair once");
        assert_eq!(form(MAX_FORM_FIELDS + 1), None);
    }
}
