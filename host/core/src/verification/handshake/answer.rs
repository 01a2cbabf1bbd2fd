//! Writing the answer of a handshake.

use std::borrow::Cow;

use serde_json::Value;

use super::{Challenge, ChallengeHmac, Handshake, may_be_signed_unproven};
use crate::{
    contract::{Field, Reply, is_reply_header_value},
    json,
    verification::{Covers, Template, Verdict},
};

/// The facts about the source environment and the request.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// The signing secret, if there is one.
    pub secret: Option<&'a str>,
    /// The verification scheme in force.
    pub scheme: Option<&'a Template>,
    /// The public variables of the environment, a JSON object.
    pub variables: &'a str,
    /// The plugin's own settings, a JSON object.
    pub options: &'a str,
    /// The verdict about the request; none before it is verified.
    pub verdict: Option<Verdict>,
}

/// The texts that stand for the challenge and its HMAC.
const CHALLENGE: &str = "{challenge}";
const HMAC: &str = "{hmac}";

/// The values that an answer repeats.
struct Values<'v> {
    challenge: &'v str,
    hmac: String,
}

impl Handshake {
    /// Returns the answer to a challenge that is admitted; none if its HMAC must not be computed, there is no secret for it, or
    /// a header cannot hold it.
    pub fn answer(&self, challenge: &Challenge, proof: &Proof<'_>) -> Option<Reply> {
        let hmac = match &self.hmac {
            None => String::new(),
            Some(hmac) => hmac.of(&challenge.value, proof)?,
        };
        let values = Values { challenge: &challenge.value, hmac };
        let (content_type, body) = match (&self.answer.json, &self.answer.text) {
            (Some(value), _) => ("application/json", values.write_json(value)),
            (None, text) => {
                ("text/plain", text.as_deref().map(|text| values.fill(text).into_owned()).unwrap_or_default())
            }
        };
        let headers = self.answer.headers.iter().map(|(name, value)| {
            let value = values.fill(value).into_owned();
            is_reply_header_value(&value).then(|| Field::new(name.as_str(), value))
        });
        let headers = headers.collect::<Option<Vec<_>>>()?;
        Some(Reply { status: self.answer.status.unwrap_or(200), headers, ..Reply::new(content_type, body) })
    }
}

impl ChallengeHmac {
    /// Returns the HMAC of a challenge as it is written; none if it must not be computed.
    fn of(&self, challenge: &str, proof: &Proof<'_>) -> Option<String> {
        let is_proven = matches!(proof.verdict, Some(Verdict::Verified(Covers::All)));
        let is_harmless =
            || may_be_signed_unproven(challenge) && proof.scheme.is_none_or(Template::needs_other_characters);
        if !is_proven && !is_harmless() {
            return None;
        }
        let key = self.secret.key_bytes(proof.secret?)?;
        let code = self.algorithm.mac(&key, &[Cow::Borrowed(challenge.as_bytes())]);
        (!code.is_empty()).then(|| self.encoding.write(&code))
    }
}

impl Values<'_> {
    /// Fills a text. What a value holds is not filled again.
    fn fill<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some(start) = rest.find('{') {
            let (before, at) = rest.split_at(start);
            let (value, behind) = match (at.strip_prefix(CHALLENGE), at.strip_prefix(HMAC)) {
                (Some(behind), _) => (self.challenge, behind),
                (None, Some(behind)) => (self.hmac.as_str(), behind),
                (None, None) => ("{", &at[1..]),
            };
            filled.push_str(before);
            filled.push_str(value);
            rest = behind;
        }
        match filled.is_empty() && rest.len() == text.len() {
            true => Cow::Borrowed(text),
            false => Cow::Owned(filled + rest),
        }
    }

    /// Writes a JSON value with its texts filled. Names of members stay.
    fn write_json(&self, value: &Value) -> String {
        match value {
            Value::String(text) => json::quote(&self.fill(text)),
            Value::Array(items) => json::array(items.iter().map(|item| self.write_json(item))),
            Value::Object(members) => {
                let members: Vec<_> = members.iter().map(|(name, value)| (name, self.write_json(value))).collect();
                json::object(members.iter().map(|(name, value)| (name, value.as_str())))
            }
            other => other.to_string(),
        }
    }
}
