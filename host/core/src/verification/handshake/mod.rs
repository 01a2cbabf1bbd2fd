//! Handshakes: what a platform asks before it sends events, answered by the host from the manifest's data.
//!
//! A platform that is given an address asks it for a proof that somebody wants its events: it sends a challenge to be echoed,
//! sometimes with its HMAC. No plugin runs, and no secret leaves the host. What is echoed is bounded and never HTML. An HMAC
//! with the source's secret is computed over what a signature proved, or else over at most 128 letters, digits, `_` and `-`:
//! over anything else it would sign forged events.

mod answer;
mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use answer::Proof;
pub use check::{BadHandshake, check};

use super::{
    Algorithm, Encoding, SecretForm, Sent, equal,
    place::{Found, Place},
};
use crate::json;

/// The longest challenge, in bytes.
pub const MAX_CHALLENGE: usize = 1024;
/// The code of the ignored item that stands for a handshake in the log.
pub const CODE: &str = "handshake";

/// A handshake of a platform, as a manifest describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handshake {
    /// The methods by which the platform asks, in upper case.
    pub methods: Vec<String>,
    /// The values that the request must have.
    #[serde(default, skip_serializing_if = "When::is_empty")]
    pub when: When,
    /// True if it is answered before the request is verified, because the platform does not sign it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// The token by which the platform shows that it was told about the endpoint. A wrong one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<VerifyToken>,
    /// The value that the answer repeats. Without it in the request, the handshake is not meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Source>,
    /// The HMAC of the challenge with the source's signing secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac: Option<ChallengeHmac>,
    /// The answer.
    #[serde(default)]
    pub answer: AnswerTemplate,
}

/// The values that a request must have to be a handshake: names or JSON Pointers with texts. An empty text stands for any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Headers, in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Query parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// JSON Pointers to strings or numbers of the body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub body: BTreeMap<String, String>,
}

/// The place of a value in a request: one of the three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A header, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// A JSON Pointer to a string or a number of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A verify token: its place in the request, and what it is compared with. Without `variable` and `option`, that is the
/// source's signing secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyToken {
    /// A header, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// A JSON Pointer to a string of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// A public variable of the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// A setting of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
}

/// The HMAC of a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeHmac {
    /// One of the algorithms of HMAC.
    pub algorithm: Algorithm,
    /// The encoding of the result.
    pub encoding: Encoding,
    /// The form of the secret.
    #[serde(default, skip_serializing_if = "SecretForm::is_plain")]
    pub secret: SecretForm,
}

/// The form of an answer. In its texts `{challenge}` stands for the challenge and `{hmac}` for its HMAC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerTemplate {
    /// A status that says success: 200, 201 or 204. Without: 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// A plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A JSON value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<serde_json::Value>,
    /// Headers whose names begin with `x-` or `webhook-`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// A challenge that a request holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The value; empty if the handshake has none.
    value: String,
    /// The verify token that the request gives; empty if there is none.
    token: Vec<u8>,
}

impl When {
    fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_empty() && self.body.is_empty()
    }

    fn places(&self) -> impl Iterator<Item = (Place<'_>, &str)> {
        let headers = self.headers.iter().map(|(name, value)| (Place::Header(name), value.as_str()));
        let query = self.query.iter().map(|(name, value)| (Place::Query(name), value.as_str()));
        let body = self.body.iter().map(|(name, value)| (Place::Body(name), value.as_str()));
        headers.chain(query).chain(body)
    }
}

impl Source {
    fn place(&self) -> Option<Place<'_>> {
        Place::of(self.header.as_deref(), self.query.as_deref(), self.body.as_deref())
    }
}

impl VerifyToken {
    fn place(&self) -> Option<Place<'_>> {
        Place::of(self.header.as_deref(), self.query.as_deref(), self.body.as_deref())
    }

    /// Returns the token that the request must give; none if it is not set.
    fn expected(&self, proof: &Proof<'_>) -> Option<String> {
        let member = |object: &str, name: &str| json::member(object, name).and_then(json::string);
        let expected = match (&self.variable, &self.option) {
            (Some(name), _) => member(proof.variables, name),
            (None, Some(name)) => member(proof.options, name),
            (None, None) => proof.secret.map(str::to_owned),
        };
        expected.filter(|expected| !expected.is_empty())
    }
}

impl Handshake {
    /// Returns the headers that the handshake reads, in lower case.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let challenge = self.challenge.as_ref().and_then(Source::place);
        let token = self.verify_token.as_ref().and_then(VerifyToken::place);
        let when = self.when.places().map(|(place, _)| place);
        challenge.into_iter().chain(token).chain(when).filter_map(Place::header)
    }

    /// Returns the query parameter and the header that hold a verify token, which is a credential.
    pub fn token_names(&self) -> (Option<&str>, Option<&str>) {
        let token = self.verify_token.as_ref();
        (token.and_then(|token| token.query.as_deref()), token.and_then(|token| token.header.as_deref()))
    }

    /// Returns the challenge of a request if the request is this handshake.
    pub fn meet(&self, sent: &Sent<'_>) -> Option<Challenge> {
        if !self.methods.iter().any(|method| method == sent.method) {
            return None;
        }
        let is_met = |(place, expected): (Place<'_>, &str)| {
            sent.text(place).is_some_and(|found| expected.is_empty() || found == expected)
        };
        if !self.when.places().all(is_met) {
            return None;
        }
        let value = match &self.challenge {
            None => String::new(),
            Some(source) => {
                let value = sent.text(source.place()?)?.into_owned();
                Some(value).filter(|value| (1..=MAX_CHALLENGE).contains(&value.len()))?
            }
        };
        let token = match self.verify_token.as_ref().and_then(VerifyToken::place).map(|place| sent.find(place)) {
            Some(Found::Once(token)) => token.into_owned(),
            _ => Vec::new(),
        };
        Some(Challenge { value, token })
    }

    /// Returns true if the request gives the right verify token, or needs none. Without an expected token none is right.
    pub fn admits(&self, challenge: &Challenge, proof: &Proof<'_>) -> bool {
        match &self.verify_token {
            None => true,
            Some(token) => token.expected(proof).is_some_and(|expected| equal(&challenge.token, expected.as_bytes())),
        }
    }
}

/// Returns true if a text may be signed for anybody: 1 to 128 letters, digits, `_` and `-`.
fn may_be_signed_unproven(text: &str) -> bool {
    const LONGEST: usize = 128;
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(super::signed::is_plain)
}

#[cfg(test)]
mod tests;
