//! Test vectors of a manifest: requests with a known verdict, checked when a plugin is loaded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    CannotSign, Covers, Sent, Signature, SignedParts, SignedTemplate, Target, Template, ToSign, Verdict,
    header::Claim,
    place::{Found, Place},
};
use crate::json;

/// A test vector: a request with a known verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The name, which says what the vector shows.
    pub name: String,
    /// A secret made for this vector.
    pub secret: String,
    /// For Ed25519, the private key that belongs to the secret, in the same form; with it, signing is checked too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
    /// The method; POST if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The whole URL that the sender was given and calls, with its query, where the scheme reads any of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The query of the URL as sent, without the question mark, where there is no `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The plugin's own settings, where the scheme reads any of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// The headers sent.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The exact body.
    pub body: String,
    /// The time of arrival, in milliseconds since 1970; the time of signing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// True if the request is verified.
    pub verified: bool,
    /// The part that the signature covers, if verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

/// A failed check of a manifest's verification template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// A vector has another verdict.
    #[error(
        "verification vector {name:?}: expected {expected}, found {found}; correct the vector or the template in the \
         manifest"
    )]
    Verdict {
        /// The name of the vector.
        name: String,
        /// The verdict in the manifest.
        expected: String,
        /// The verdict of the template.
        found: String,
    },
    /// The template does not verify a request that it signed.
    #[error("verification vector {name:?}: what the template signs with its secret does not verify: {found}")]
    Signing {
        /// The name of the vector.
        name: String,
        /// The cause that was found instead.
        found: String,
    },
    /// The parts of the template contradict each other.
    #[error("verification: {0}")]
    Template(&'static str),
}

impl Template {
    /// Checks that the parts of the template fit together, that every vector has its verdict, and that requests signed by
    /// the template verify.
    pub fn check_vectors(&self) -> Result<(), VectorError> {
        self.check_parts().map_err(VectorError::Template)?;
        if let Template::AnyOf(scheme) = self {
            scheme.any_of.iter().try_for_each(Template::check_vectors)?;
        }
        self.vectors().iter().try_for_each(|vector| self.check_vector(vector))
    }

    fn check_parts(&self) -> Result<(), &'static str> {
        match self {
            Template::SharedSecret(_) => Ok(()),
            Template::Signature(scheme) => scheme.check(),
            Template::Jwt(scheme) => scheme.check(),
            Template::AnyOf(scheme) => scheme.check(),
        }
    }

    fn check_vector(&self, vector: &Vector) -> Result<(), VectorError> {
        let names: Vec<String> = vector.headers.keys().map(|name| name.to_ascii_lowercase()).collect();
        let headers: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(vector.headers.values().map(String::as_bytes)).collect();
        let method = vector.method.as_deref().unwrap_or("POST");
        let in_url = vector.url.as_deref().and_then(|url| url.split_once('?')).map(|(_, query)| query);
        let query = vector.query.as_deref().or(in_url).unwrap_or_default();
        let options: Vec<(&str, String)> =
            vector.options.iter().map(|(name, value)| (name.as_str(), json::quote(value))).collect();
        let options = json::object(options.iter().map(|(name, value)| (*name, value.as_str())));
        let sent = Sent {
            method,
            headers: &headers,
            credential_header: self.header(),
            target: Target { url: vector.url.as_deref(), query },
            options: &options,
            body: vector.body.as_bytes(),
            at_ms: vector.at_ms.unwrap_or(0),
        };
        let signed_at = self.claim(&sent).and_then(|claim| Some(claim.timestamp?.at_ms));
        let sent = Sent { at_ms: vector.at_ms.or(signed_at).unwrap_or(0), ..sent };
        let found = self.verify(&sent, [vector.secret.as_str()]);
        let as_expected = match found.verdict {
            Verdict::Verified(covers) => vector.verified && vector.covers.is_none_or(|expected| expected == covers),
            _ => !vector.verified,
        };
        if !as_expected {
            return Err(VectorError::Verdict {
                name: vector.name.clone(),
                expected: format!("verified = {}, covers = {}", vector.verified, named(vector.covers)),
                found: match found.verdict {
                    Verdict::Verified(covers) => format!("verified = true, covers = {}", named(Some(covers))),
                    _ => format!("verified = false ({}){}", found.cause, self.own_signature(vector, &sent)),
                },
            });
        }
        if vector.verified { self.check_signing(vector, &sent) } else { Ok(()) }
    }

    /// Signs the vector's request with its own secret and time, and verifies the result.
    fn check_signing(&self, vector: &Vector, sent: &Sent<'_>) -> Result<(), VectorError> {
        let failed = |found: String| VectorError::Signing { name: vector.name.clone(), found };
        let Some(signed) = self.sign_vector(vector, sent) else { return Ok(()) };
        let signed = signed.map_err(|error| failed(error.to_string()))?;
        let Sent { target, body, .. } = *sent;
        let others = self.unsigned_headers(sent);
        let written = signed.headers.iter().map(|field| (field.name.as_str(), field.value.as_bytes()));
        let headers: Vec<(&str, &[u8])> = others.iter().copied().chain(written).collect();
        let query = signed.query.as_deref().unwrap_or(target.query);
        let url = target.url.map(|url| match &signed.query {
            None => url.to_owned(),
            Some(query) => format!("{}?{query}", url.split('?').next().unwrap_or(url)),
        });
        let target = Target { url: url.as_deref(), query };
        let body = signed.body.as_deref().unwrap_or(body);
        let again = self.verify(&Sent { headers: &headers, target, body, ..*sent }, [vector.secret.as_str()]);
        match again.verdict {
            Verdict::Verified(_) => Ok(()),
            _ => Err(failed(again.cause.to_owned())),
        }
    }

    /// Signs the vector's request with its own secret and time; none if only the platform can.
    fn sign_vector(&self, vector: &Vector, sent: &Sent<'_>) -> Option<Result<SignedParts, CannotSign>> {
        let secret = self.signing_secret(vector)?;
        let claim = self.claim(sent);
        let id = claim.as_ref().and_then(|claim| claim.id.as_deref()).unwrap_or("msg_1");
        let Sent { method, credential_header, target, options, body, at_ms, .. } = *sent;
        let (headers, has_private_key) = (&self.unsigned_headers(sent), vector.signing_key.is_some());
        let request = ToSign { credential_header, has_private_key, method, headers, id, at_ms, target, options, body };
        match self.sign(secret, &request) {
            Err(CannotSign::PrivateKey) => None,
            signed => Some(signed),
        }
    }

    /// Returns the headers that the template reads and that signing does not write.
    fn unsigned_headers<'a>(&self, sent: &Sent<'a>) -> Vec<(&'a str, &'a [u8])> {
        let (own, credentials): (Vec<&str>, Vec<&str>) = (self.headers(), self.credential_headers().collect());
        let is_other = |name: &str| !credentials.contains(&name) && !self.is_written(name) && own.contains(&name);
        sent.headers.iter().filter(|(name, _)| is_other(name)).copied().collect()
    }

    /// Tells what the template would have signed, for who compares the two; empty if it cannot sign the vector's request.
    fn own_signature(&self, vector: &Vector, sent: &Sent<'_>) -> String {
        let Some(Ok(signed)) = self.sign_vector(vector, sent) else { return String::new() };
        // A manifest is anybody's, and the sentence goes to terminals and logs.
        let headers =
            signed.headers.iter().map(|field| format!("{}: {}", field.name.escape_debug(), field.value.escape_debug()));
        let query = signed.query.iter().map(|query| format!("?{}", query.escape_debug()));
        let parts: Vec<String> = headers.chain(query).collect();
        if parts.is_empty() { String::new() } else { format!(", where the template makes {}", parts.join(", ")) }
    }

    /// Returns the claim of a vector's request: by the first of several schemes whose signature is there.
    fn claim<'a>(&'a self, sent: &Sent<'a>) -> Option<Claim<'a>> {
        match self {
            Template::SharedSecret(_) | Template::Jwt(_) => None,
            Template::Signature(scheme) => match sent.find(scheme.place(sent.credential_header)?) {
                Found::Once(value) => scheme.read_claim(sent, value).ok(),
                Found::Missing => None,
                // A vector names a header once; several spellings of its name are several headers.
                Found::Doubled => {
                    let value = sent.headers.iter().find(|(name, _)| Some(*name) == sent.credential_header)?.1;
                    scheme.read_claim(sent, value.into()).ok()
                }
            },
            Template::AnyOf(scheme) => scheme.any_of.iter().find_map(|scheme| scheme.claim(sent)),
        }
    }

    fn signing_secret<'v>(&self, vector: &'v Vector) -> Option<&'v str> {
        match self {
            Template::Signature(scheme) if scheme.algorithm.is_asymmetric() => vector.signing_key.as_deref(),
            _ => Some(&vector.secret),
        }
    }

    /// Returns true if signing writes this header.
    fn is_written(&self, name: &str) -> bool {
        self.alternatives().iter().any(|scheme| {
            let Template::Signature(scheme) = scheme else { return false };
            let timestamp = scheme.timestamp.as_ref().and_then(|timestamp| timestamp.header.as_deref());
            let id = scheme.id.as_ref().and_then(|id| id.header.as_deref());
            let hash = scheme.body_sha256.as_ref().and_then(|hash| hash.header.as_deref());
            [timestamp, id, hash].contains(&Some(name))
        })
    }
}

impl Signature {
    /// Checks the constraints that the types do not express.
    fn check(&self) -> Result<(), &'static str> {
        let holds = |test: fn(&SignedTemplate) -> bool| self.signed.iter().any(test);
        let in_list = self.list.as_ref().is_some_and(|list| list.timestamp.is_some());
        if self.signed.is_empty() {
            return Err("`signed` is empty; expected a template such as \"{body}\"");
        }
        if self
            .list
            .as_ref()
            .is_some_and(|list| [&list.separator, &list.assign, &list.signature].iter().any(|it| it.is_empty()))
        {
            return Err("`list` needs a separator, an assign and the name of a signature that are not empty");
        }
        self.check_places()?;
        let signs_timestamp = self.signed.iter().any(|template| self.signs_timestamp(template));
        match &self.timestamp {
            None if holds(SignedTemplate::holds_timestamp) => {
                Err("`signed` holds {timestamp}, and `timestamp` is missing")
            }
            None if in_list => Err("`list` names a timestamp, and `timestamp` is missing"),
            // An unsigned time proves nothing: the sender of a captured request can write a new one.
            Some(_) if !signs_timestamp => {
                Err("`timestamp` is there, and no `signed` holds {timestamp}: one that is not signed proves nothing")
            }
            Some(timestamp) if timestamp.place().is_some() == in_list => {
                Err("the timestamp is either in a `header` of its own or named in the `list`; give one of them")
            }
            _ if self.id.is_none() && holds(SignedTemplate::holds_id) => {
                Err("`signed` holds {id}, and `id` is missing")
            }
            _ => Ok(()),
        }
    }

    /// Checks where values are read from.
    fn check_places(&self) -> Result<(), &'static str> {
        let (header, query, body) = (self.header.as_deref(), self.query.as_deref(), self.body.as_deref());
        let Some(place) = Place::of(header, query, body) else {
            return Err("the signature is in a `header`, in a `query` parameter or in the `body`; name one of them");
        };
        let timestamp = self.timestamp.as_ref();
        let count = |names: [&Option<String>; 3]| names.into_iter().flatten().count();
        if timestamp.is_some_and(|it| count([&it.header, &it.query, &it.body]) > 1) {
            return Err("the timestamp is in one of `header`, `query` and `body`; name one of them");
        }
        if self.id.as_ref().is_some_and(|id| id.place().is_none()) {
            return Err("the id is in a `header`, in a `query` parameter or in the `body`; name one of them");
        }
        let id = self.id.as_ref().and_then(super::Id::place);
        let places = [Some(place), id, timestamp.and_then(super::Timestamp::place)];
        if places.into_iter().flatten().any(|place| matches!(place, Place::Body(at) if !is_pointer(at))) {
            return Err("`body` is a JSON Pointer of at most 16 parts, which begins with /");
        }
        if matches!(place, Place::Body(_)) && self.signed.iter().any(SignedTemplate::holds_whole_body) {
            return Err(
                "the signature is in the body, so it cannot sign {body}; name the signed members with {text:…}",
            );
        }
        if self.algorithm.takes_public_key() && !self.secret.is_plain() {
            return Err("`secret` says how a shared key is written; a public key is PEM or DER, so leave it out");
        }
        let is_without_body = |template: &SignedTemplate| !template.holds_body();
        match &self.body_sha256 {
            None if self.signed.iter().any(is_without_body) => {
                Err("a `signed` holds nothing of the body; add {body}, or name the place of its hash in `body_sha256`")
            }
            Some(hash) => match hash.place() {
                None => Err("the hash of the body is in a `header` or in a `query` parameter; name one of them"),
                // An unsigned hash proves nothing.
                Some(place) if self.signed.iter().any(|it| !it.holds_body() && !it.holds(place)) => Err(
                    "a `signed` holds neither the body nor the place that `body_sha256` names; an unsigned hash proves \
                         nothing",
                ),
                Some(_) => Ok(()),
            },
            None => Ok(()),
        }
    }
}

/// Returns true if a text is a JSON Pointer that is cheap to follow.
fn is_pointer(text: &str) -> bool {
    const MOST_PARTS: usize = 16;
    text.starts_with('/') && text.split('/').count() <= MOST_PARTS + 1
}

fn named(covers: Option<Covers>) -> &'static str {
    match covers {
        None => "any",
        Some(Covers::All) => "all",
        Some(Covers::First) => "first",
    }
}
