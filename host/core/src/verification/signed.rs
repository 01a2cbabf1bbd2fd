//! What is signed, as a template: `{timestamp}.{body}`, `{id}.{timestamp}.{body}`, `{body:/0}`.

use std::hash::Hasher as _;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::{Covers, Header, Sent, Signature, Template, header::Claim};
use crate::{idempotency::HashKey, json};

/// What is signed. In braces: `{body}` (the bytes of the body, inflated), `{body:/0}` (the bytes of the value at that JSON
/// Pointer; then item 0 alone is covered), `{timestamp}` and `{id}` as sent, `{method}`, `{header:<name>}`.
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
            // A closing brace that nothing opened.
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
    // One of the body, or what is signed says nothing about what is sent.
    let of_the_body = pieces.iter().filter(|piece| matches!(piece, Piece::Body | Piece::At(_))).count();
    (of_the_body == 1).then_some(pieces)
}

/// The bytes that a template names in a request.
pub(super) struct Content<'a> {
    pub(super) parts: Vec<&'a [u8]>,
    pub(super) covers: Covers,
}

impl SignedTemplate {
    /// As written in the manifest.
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

    /// The bytes that were signed if this is how; none when a part of them is not there.
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
            // What ends a value must not be in it, or the border could be moved: "a.b" and "c" reads like "a" and "b.c".
            match self.pieces.get(at + 1) {
                Some(Piece::Literal(next)) if variable.contains(next.as_str()) => return None,
                _ => parts.push(variable.as_bytes()),
            }
        }
        Some(Content { parts, covers })
    }
}

/// The bytes of a value of the body, and what a signature over them covers.
fn value_at<'a>(body: &'a [u8], pointer: &str) -> Option<(&'a [u8], Covers)> {
    let text = std::str::from_utf8(body).ok()?;
    // `/0` means the first item of a batch. In an object it would be a member of that name, and whoever holds one
    // signed event could wrap a forged one around it.
    let names_an_item = pointer[1..].starts_with(|first: char| first.is_ascii_digit());
    if names_an_item && json::Kind::of(text) != json::Kind::Array {
        return None;
    }
    let slice = json::point(text, pointer)?;
    // A batch of one is covered whole: what surrounds the item holds nothing that becomes an event.
    let covers = match (json::array_len(text), pointer) {
        (Some(1), "/0") => Covers::All,
        _ => Covers::First,
    };
    Some((slice.as_bytes(), covers))
}

/// What makes a signed request one that is taken once: who sees it a second time sees a captured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// A keyed hash of the source environment and of what was signed.
    pub digest: [u8; 16],
    /// From when on its timestamp refuses it by itself, in milliseconds since 1970.
    pub until_ms: i64,
}

/// How long a signed id is remembered where no timestamp is signed: 24 hours.
const ID_ALONE_MS: i64 = 24 * 60 * 60 * 1000;

impl Signature {
    /// For a request that was verified: what it is remembered by. None where neither an id nor a time is signed, since a
    /// sender's own retry then looks just the same.
    ///
    /// Over what was signed and not over the signature: a header with two signatures could be sent once with each.
    pub(super) fn once(&self, sent: &Sent<'_>, hash_key: &HashKey, source_environment: i64) -> Option<Once> {
        let Header::Once(value) = sent.header(sent.credential_header) else { return None };
        let claim = self.read_claim(sent, value).ok()?;
        let template = self.signed.iter().filter(|template| template.holds_timestamp() || template.holds_id());
        let (template, content) = template.filter_map(|it| Some((it, it.content(sent, &claim)?))).next()?;
        let mut hasher = SipHasher24::new_with_key(&hash_key.0);
        hasher.write(&source_environment.to_le_bytes());
        for part in content.parts {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        let until_ms = match (&self.timestamp, &claim.timestamp) {
            (Some(timestamp), Some(found)) if template.holds_timestamp() => {
                found.at_ms.saturating_add(i64::from(timestamp.tolerance_seconds) * 1000)
            }
            _ => sent.at_ms.saturating_add(ID_ALONE_MS),
        };
        Some(Once { digest: hasher.finish128().as_bytes(), until_ms })
    }
}

impl Template {
    /// For a request that was verified: what it is remembered by, so that it is taken once. See [`Once`].
    pub fn once(&self, sent: &Sent<'_>, hash_key: &HashKey, source_environment: i64) -> Option<Once> {
        match self {
            Template::SharedSecret(_) => None,
            Template::Signature(scheme) => scheme.once(sent, hash_key, source_environment),
        }
    }
}
