//! The scheme of a platform that signs its requests, as its plugin's manifest describes it.

use serde::{Deserialize, Serialize};

use super::{Covers, SignedTemplate, Vector, place::Place};

/// A scheme in which the request holds a signature of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The header that holds the signature, in lower case, for example `x-signature`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that holds it instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The JSON Pointer to it in the body instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
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
    /// The SHA-256 of the body in the request, where the signature covers it and not the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<BodyHash>,
    /// The part of the request that signed members of the body prove. Without: the first item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
    /// A sentence for the operator about the parts that the signature does not cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<String>,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

impl Signature {
    /// Returns the place of the signature in a request: the header that the operator named, or the scheme's place.
    pub(super) fn place<'t>(&'t self, credential_header: Option<&'t str>) -> Option<Place<'t>> {
        let header = match (credential_header, &self.header) {
            (Some(named), Some(_)) => Some(named),
            (_, header) => header.as_deref(),
        };
        Place::of(header, self.query.as_deref(), self.body.as_deref())
    }

    /// Returns true if the scheme reads the query.
    pub(super) fn reads_query(&self) -> bool {
        let timestamp = self.timestamp.as_ref().and_then(Timestamp::place);
        let id = self.id.as_ref().and_then(Id::place);
        let hash = self.body_sha256.as_ref().and_then(BodyHash::place);
        let is_query = |place: Option<Place<'_>>| place.is_some_and(Place::is_query);
        let in_template = |template: &SignedTemplate| template.holds_query() || template.holds_address();
        self.query.is_some() || [timestamp, id, hash].into_iter().any(is_query) || self.signed.iter().any(in_template)
    }
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
    /// HMAC-SHA512.
    HmacSha512,
    /// Ed25519; the secret is the public key, 32 bytes.
    Ed25519,
    /// ECDSA on the curve P-256 over SHA-256; the secret is the public key, as PEM or the base64 of its DER form. Signatures
    /// are in DER or are 64 bytes.
    EcdsaP256,
    /// RSA with PKCS #1 v1.5 over SHA-256; the secret is the public key or the certificate of at least 2048 bits, as PEM or
    /// the base64 of its DER form.
    RsaSha256,
}

impl Algorithm {
    /// Returns true if the secret is a public key in PEM or DER.
    pub(super) fn takes_public_key(self) -> bool {
        matches!(self, Self::EcdsaP256 | Self::RsaSha256)
    }

    /// Returns true if the key that signs is not the one that verifies.
    pub(super) fn is_asymmetric(self) -> bool {
        self.takes_public_key() || self == Self::Ed25519
    }
}

/// The encoding of bytes in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal digits of either case.
    Hex,
    /// Base64 of the standard alphabet, padded or not.
    Base64,
    /// Base64 of the alphabet for URLs, padded or not.
    Base64url,
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
    pub(super) fn is_plain(&self) -> bool {
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
    /// Base64 of the alphabet for URLs, padded or not.
    Base64url,
    /// Hexadecimal digits.
    Hex,
}

/// The signed time of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    /// The header that holds it, in lower case. Without `header`, `query` and `body`, the list holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The JSON Pointer to it in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The unit that is counted since 1970, or the form of a date.
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
    /// A date with a time and an offset, as RFC 3339 has it.
    Rfc3339,
}

impl Timestamp {
    /// Returns the place that holds it; none if the list does.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        Place::of(self.header.as_deref(), self.query.as_deref(), self.body.as_deref())
    }
}

/// A delivery's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Id {
    /// The header that holds it, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The JSON Pointer to it in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Id {
    /// Returns the place that holds it.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        Place::of(self.header.as_deref(), self.query.as_deref(), self.body.as_deref())
    }
}

/// The place of a SHA-256 of the body, in hexadecimal digits or base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyHash {
    /// The header that holds it, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

impl BodyHash {
    /// Returns the place that holds it.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        Place::of(self.header.as_deref(), self.query.as_deref(), None)
    }
}
