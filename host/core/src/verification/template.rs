//! The verification scheme of a platform, as its plugin's manifest describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Covers, SignedTemplate};

/// The verification scheme of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum Template {
    /// The header holds the secret itself.
    SharedSecret(SharedSecret),
    /// The header holds a signature of the request.
    #[serde(alias = "hmac")]
    Signature(Box<Signature>),
}

/// A scheme in which the header holds the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedSecret {
    /// The header in lower case, for example `x-webhook-secret`. The operator's `verification_header` wins.
    pub header: String,
    /// The prefix of the secret in the header, for example `Bearer `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// A scheme in which the header holds a signature of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The header in lower case, for example `x-signature`.
    pub header: String,
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The encoding of the signature.
    pub encoding: Encoding,
    /// The prefix of each signature, for example `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The form of a header with several values; none if it holds one signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<List>,
    /// The form of the secret.
    #[serde(default, skip_serializing_if = "SecretForm::is_plain")]
    pub secret: SecretForm,
    /// The time of signing, where it is signed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The delivery's id, where it is signed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// The signed content; one of these templates must match.
    pub signed: Vec<SignedTemplate>,
    /// A sentence for the operator about the parts that the signature does not cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<String>,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// The algorithm of a signature.
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

/// The encoding of bytes in a header.
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
    /// The separator of two entries, for example `,`. Space around it does not count.
    pub separator: String,
    /// The sign between name and value, for example `=`.
    pub assign: String,
    /// The name of a signature, for example `v1`; there may be several, and others are ignored.
    pub signature: String,
    /// The name of the timestamp, for example `t`; it must be there once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// The form of a secret that a key is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretForm {
    /// The encoding of the key in the secret.
    #[serde(default)]
    pub encoding: TextEncoding,
    /// An optional prefix to strip, for example `whsec_`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl SecretForm {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The encoding of bytes in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// The bytes of the text itself.
    #[default]
    Text,
    /// Base64 of the standard alphabet, padded or not.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// The signed time of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    /// The header that holds it, in lower case; none if the list holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The unit that is counted since 1970.
    pub unit: Unit,
    /// The largest difference from the server's clock, in both directions.
    pub tolerance_seconds: u32,
}

/// The unit of a timestamp.
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

impl Template {
    /// Returns the header that holds the credential unless the operator named another, in lower case.
    pub fn header(&self) -> &str {
        match self {
            Template::SharedSecret(scheme) => &scheme.header,
            Template::Signature(scheme) => &scheme.header,
        }
    }

    /// Returns the headers that verification reads besides the credential's, each once, in lower case.
    pub fn headers(&self) -> Vec<&str> {
        let Template::Signature(scheme) = self else { return Vec::new() };
        let timestamp = scheme.timestamp.iter().filter_map(|timestamp| timestamp.header.as_deref());
        let id = scheme.id.iter().map(|id| id.header.as_str());
        let named = timestamp.chain(id).chain(scheme.signed.iter().flat_map(SignedTemplate::headers));
        let mut headers = Vec::new();
        for name in named.filter(|name| *name != scheme.header) {
            // A header that is read twice would look like one that was sent twice.
            if !headers.contains(&name) {
                headers.push(name);
            }
        }
        headers
    }

    /// Returns the test vectors.
    pub fn vectors(&self) -> &[Vector] {
        match self {
            Template::SharedSecret(scheme) => &scheme.vectors,
            Template::Signature(scheme) => &scheme.vectors,
        }
    }
}
