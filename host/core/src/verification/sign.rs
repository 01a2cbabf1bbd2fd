//! Signing test requests as the platform does.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::{
    Encoding, Sent, Signature, SignedTemplate, Target, Template,
    header::{Claim, SignedAt},
    key::BadSecret,
    place::{self, Place},
};
use crate::{contract::Field, json};

/// The characters that are escaped in a query: all but the unreserved ones (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to sign.
#[derive(Debug, Clone, Copy)]
pub struct ToSign<'a> {
    /// The header for the credential that the operator named; the template's if there is none.
    pub credential_header: Option<&'a str>,
    /// True if the secret is the private key where the platform signs with one. A server has the public one only.
    pub has_private_key: bool,
    /// The method in upper case.
    pub method: &'a str,
    /// The other headers of the request, names in lower case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The delivery's id, where the platform signs one.
    pub id: &'a str,
    /// The time of sending, in milliseconds since 1970.
    pub at_ms: i64,
    /// The address that the request is sent to.
    pub target: Target<'a>,
    /// The plugin's own settings, a JSON object.
    pub options: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The parts of a request that signing writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignedParts {
    /// Headers, in place of those of these names.
    pub headers: Vec<Field>,
    /// The whole query, without the question mark, if something is written into it.
    pub query: Option<String>,
    /// The whole body, if something is written into it.
    pub body: Option<Vec<u8>>,
}

/// The reason why a request cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// No key can be made from the secret.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// The request holds nothing that the templates sign.
    #[error("nothing of what the platform signs ({signed}) is in this request; send another body")]
    Nothing {
        /// The templates.
        signed: String,
    },
    /// The body has no place for a value.
    #[error(
        "the platform writes its signature into the body, at {pointer}, and this body has no place for it; send a JSON object, \
         as the platform does"
    )]
    NoPlace {
        /// The JSON Pointer.
        pointer: String,
    },
    /// Only the platform can sign so.
    #[error(
        "the platform signs with a private key that it alone has, and the secret here is the public one; send a request without a \
         signature, or let the platform send one"
    )]
    PrivateKey,
}

impl Template {
    /// Signs a request as a sender does that holds the secret (for Ed25519: the private key).
    pub fn sign(&self, secret: &str, request: &ToSign<'_>) -> Result<SignedParts, CannotSign> {
        match self {
            Template::SharedSecret(scheme) => {
                let header = request.credential_header.unwrap_or(&scheme.header);
                Ok(SignedParts {
                    headers: vec![Field::new(header, scheme.credential(secret))],
                    ..SignedParts::default()
                })
            }
            Template::Signature(scheme) => scheme.sign(secret, request),
            Template::Jwt(scheme) => {
                let token = scheme.token(secret, request)?;
                let mut draft = Draft::new(request);
                draft.write(scheme.place(request.credential_header), &token)?;
                Ok(draft.parts)
            }
            // The first one that can.
            Template::AnyOf(scheme) => {
                let mut signed = scheme.any_of.iter().map(|alternative| alternative.sign(secret, request));
                let first = signed.next().unwrap_or(Err(CannotSign::PrivateKey));
                first.or_else(|error| signed.find_map(Result::ok).ok_or(error))
            }
        }
    }
}

impl Signature {
    fn sign(&self, secret: &str, request: &ToSign<'_>) -> Result<SignedParts, CannotSign> {
        let is_private =
            self.algorithm.takes_public_key() || self.algorithm.is_asymmetric() && !request.has_private_key;
        if is_private {
            return Err(CannotSign::PrivateKey);
        }
        let mut draft = Draft::new(request);
        let timestamp = self.timestamp.as_ref().map(|timestamp| timestamp.unit.write(request.at_ms));
        let time_place = self.timestamp.as_ref().and_then(super::Timestamp::place);
        if let Some(text) = &timestamp {
            draft.write(time_place, text)?;
        }
        draft.write(self.id.as_ref().and_then(super::Id::place), request.id)?;
        let mut templates = self.in_the_platforms_order(request.body);
        // A signature without the body covers a hash of it.
        let needs_hash = |template: &&SignedTemplate| !template.holds_body();
        let is_hashed = templates.iter().any(needs_hash) && (is_json(request.body) || templates.iter().all(needs_hash));
        if is_hashed {
            templates.sort_by_key(|template| template.holds_body());
            let hash = hex::encode(Sha256::digest(request.body));
            draft.write(self.body_sha256.as_ref().and_then(super::BodyHash::place), &hash)?;
        } else {
            templates.retain(|template| template.holds_body());
        }
        let signature = {
            let claim = Claim {
                signatures: Vec::new(),
                timestamp: timestamp
                    .as_deref()
                    .map(|text| SignedAt { text: Cow::Borrowed(text), at_ms: request.at_ms }),
                id: self.id.as_ref().map(|_| Cow::Borrowed(request.id)),
            };
            let headers = draft.headers();
            let sent = draft.sent(&headers);
            let content = templates.into_iter().find_map(|template| template.content(self, &sent, &claim));
            let content = content.ok_or_else(|| CannotSign::Nothing {
                signed: self.signed.iter().map(SignedTemplate::as_str).collect::<Vec<_>>().join(" or "),
            })?;
            self.signature(secret, &content.parts)?
        };
        let place = self.place(request.credential_header);
        draft.write(place, &self.write_value(self.encoding, &signature, timestamp.as_deref()))?;
        Ok(draft.parts)
    }

    /// Orders the templates as the platform uses them: for a batch, the partial template, which comes last in `signed`, is
    /// first.
    fn in_the_platforms_order(&self, body: &[u8]) -> Vec<&SignedTemplate> {
        let mut templates: Vec<&SignedTemplate> = self.signed.iter().collect();
        if body.trim_ascii_start().starts_with(b"[") {
            templates.reverse();
        }
        templates
    }

    fn write_value(&self, encoding: Encoding, signature: &[u8], timestamp: Option<&str>) -> String {
        let signature = format!("{}{}", self.prefix, encoding.write(signature));
        let Some(list) = &self.list else { return signature };
        let timestamp = list.timestamp.as_ref().zip(timestamp);
        let timestamp = timestamp.map(|(name, text)| format!("{name}{}{text}{}", list.assign, list.separator));
        format!("{}{}{}{signature}", timestamp.unwrap_or_default(), list.signature, list.assign)
    }
}

/// Returns true if a body is a JSON object or array and no form.
fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// A request that is being signed.
struct Draft<'r> {
    request: &'r ToSign<'r>,
    /// The address with the query that was written.
    url: Option<String>,
    parts: SignedParts,
}

impl<'r> Draft<'r> {
    fn new(request: &'r ToSign<'r>) -> Self {
        Self { request, url: None, parts: SignedParts::default() }
    }

    /// Writes a value at a place, if there is one, in place of the value there.
    fn write(&mut self, place: Option<Place<'_>>, value: &str) -> Result<(), CannotSign> {
        match place {
            None => {}
            Some(Place::Header(name)) => self.parts.headers.push(Field::new(name, value)),
            Some(Place::Query(name)) => self.write_parameter(name, value),
            Some(Place::Body(pointer)) => self.write_member(pointer, value)?,
        }
        Ok(())
    }

    fn write_parameter(&mut self, name: &str, value: &str) {
        let before = self.query();
        let is_other = |pair: &&str| place::pairs(pair).all(|(found, _)| *place::decode(found) != *name.as_bytes());
        let mut pairs: Vec<&str> = before.split('&').filter(|pair| !pair.is_empty()).filter(is_other).collect();
        let encoded = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        let written = format!("{}={}", encoded(name), encoded(value));
        pairs.push(&written);
        let query = pairs.join("&");
        self.url = self.request.target.url.map(|url| format!("{}?{query}", url.split('?').next().unwrap_or(url)));
        self.parts.query = Some(query);
    }

    fn write_member(&mut self, pointer: &str, value: &str) -> Result<(), CannotSign> {
        let body = std::str::from_utf8(self.body()).ok();
        let written = body.and_then(|body| {
            // A number stays one.
            let is_number = json::point(body, pointer).is_some_and(|found| json::Kind::of(found) == json::Kind::Number);
            let is_count = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let text = if is_number && is_count { value.to_owned() } else { json::quote(value) };
            json::set(body, pointer, &text)
        });
        let written = written.ok_or_else(|| CannotSign::NoPlace { pointer: pointer.to_owned() })?;
        self.parts.body = Some(written.into_bytes());
        Ok(())
    }

    fn query(&self) -> &str {
        self.parts.query.as_deref().unwrap_or(self.request.target.query)
    }

    fn body(&self) -> &[u8] {
        self.parts.body.as_deref().unwrap_or(self.request.body)
    }

    /// Returns the headers of the request and those that were written.
    fn headers(&self) -> Vec<(&str, &[u8])> {
        let is_kept = |(name, _): &&(&str, &[u8])| self.parts.headers.iter().all(|field| field.name != *name);
        let written = self.parts.headers.iter().map(|field| (field.name.as_str(), field.value.as_bytes()));
        self.request.headers.iter().filter(is_kept).copied().chain(written).collect()
    }

    /// Returns the request as it is so far.
    fn sent<'s>(&'s self, headers: &'s [(&'s str, &'s [u8])]) -> Sent<'s> {
        let ToSign { credential_header, method, target, options, at_ms, .. } = *self.request;
        let target = Target { url: self.url.as_deref().or(target.url), query: self.query() };
        Sent { method, headers, credential_header, target, options, body: self.body(), at_ms }
    }
}
