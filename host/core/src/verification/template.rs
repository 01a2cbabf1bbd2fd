//! What a manifest says about how its platform proves itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Covers, SignedTemplate};

/// How a platform proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum Template {
    /// The header holds the secret itself.
    SharedSecret(SharedSecret),
    /// The header holds a signature of what was sent.
    #[serde(alias = "hmac")]
    Signature(Box<Signature>),
}

/// The header holds the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedSecret {
    /// Lower case, for example `x-webhook-secret`. The operator's `verification_header` wins.
    pub header: String,
    /// What precedes the secret in the header, for example `Bearer `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Requests whose verdict is known; checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// The header holds a signature of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Lower case, for example `x-signature`.
    pub header: String,
    /// How it is made.
    pub algorithm: Algorithm,
    /// How it is written.
    pub encoding: Encoding,
    /// What precedes each signature, for example `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// How the header holds several things; none: it holds one signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<List>,
    /// How a key is made of the secret.
    #[serde(default, skip_serializing_if = "SecretForm::is_plain")]
    pub secret: SecretForm,
    /// When it was signed, where that is signed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The delivery's id, where it is signed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// What is signed; one of these must match.
    pub signed: Vec<SignedTemplate>,
    /// What the signature does not cover, in a sentence for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<String>,
    /// Requests whose verdict is known; checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// HMAC-SHA1 (Segment).
    #[serde(alias = "sha1")]
    HmacSha1,
    /// HMAC-SHA256.
    #[serde(alias = "sha256")]
    HmacSha256,
    /// Ed25519; the secret is the public key, 32 bytes.
    Ed25519,
}

/// How bytes are written in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal digits of either case.
    Hex,
    /// Base64 of the standard alphabet, padded or not.
    Base64,
}

/// A header that is a list of `name assign value`, for example `t=1767323045,v1=7b62…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What stands between two, for example `,`. Space around them does not count.
    pub separator: String,
    /// What stands between name and value, for example `=`.
    pub assign: String,
    /// The name of a signature, for example `v1`; there may be several, and others are ignored.
    pub signature: String,
    /// The name of the timestamp, for example `t`; it must be there once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// How a key is made of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretForm {
    /// How the key is written in it.
    #[serde(default)]
    pub encoding: TextEncoding,
    /// What is taken off its beginning if it is there, for example `whsec_`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl SecretForm {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// How bytes are written in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// They are the text.
    #[default]
    Text,
    /// Base64 of the standard alphabet, padded or not.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// When a request was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    /// The header that holds it, in lower case; none: the list does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What it counts since 1970.
    pub unit: Unit,
    /// How far it may be from our clock, before or after.
    pub tolerance_seconds: u32,
}

/// What a timestamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970 (WorkOS).
    Milliseconds,
}

/// A delivery's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Id {
    /// The header that holds it, in lower case.
    pub header: String,
}

/// A request whose verdict is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// What it shows.
    pub name: String,
    /// A secret made for this vector.
    pub secret: String,
    /// For Ed25519, the private key that belongs to it, in the same form: then what the template signs is checked too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
    /// The method; POST if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The headers sent.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, exactly.
    pub body: String,
    /// When it arrived, in milliseconds since 1970; none: when it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// The verdict.
    pub verified: bool,
    /// What the signature covers, when verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

impl Template {
    /// The header that holds the credential, unless the operator named another. Lower case.
    pub fn header(&self) -> &str {
        match self {
            Template::SharedSecret(scheme) => &scheme.header,
            Template::Signature(scheme) => &scheme.header,
        }
    }

    /// The headers that verification reads besides the credential's, each once. Lower case.
    pub fn headers(&self) -> Vec<&str> {
        let Template::Signature(scheme) = self else { return Vec::new() };
        let timestamp = scheme.timestamp.iter().filter_map(|timestamp| timestamp.header.as_deref());
        let id = scheme.id.iter().map(|id| id.header.as_str());
        let named = timestamp.chain(id).chain(scheme.signed.iter().flat_map(SignedTemplate::headers));
        let mut headers = Vec::new();
        for name in named.filter(|name| *name != scheme.header) {
            // Read twice, it would look like one that was sent twice.
            if !headers.contains(&name) {
                headers.push(name);
            }
        }
        headers
    }

    /// The vectors of the manifest.
    pub fn vectors(&self) -> &[Vector] {
        match self {
            Template::SharedSecret(scheme) => &scheme.vectors,
            Template::Signature(scheme) => &scheme.vectors,
        }
    }
}
