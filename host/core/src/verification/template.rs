//! The verification scheme of a platform, as its plugin's manifest describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AnyOf, Covers, Jwt, SignedTemplate, place::Place};

/// The verification scheme of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Template {
    /// The header holds the secret itself.
    SharedSecret(SharedSecret),
    /// The request holds a signature of itself.
    Signature(Box<Signature>),
    /// The request holds a JSON Web Token.
    Jwt(Box<Jwt>),
    /// The request holds what one of several schemes expects.
    AnyOf(AnyOf),
}

/// A scheme as manifests write it. `bearer` and `basic` are shared secrets in the header `authorization`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
enum Written {
    SharedSecret(SharedSecret),
    Bearer(Authorization),
    Basic(Authorization),
    #[serde(alias = "hmac")]
    Signature(Box<Signature>),
    Jwt(Box<Jwt>),
    AnyOf(AnyOf),
}

/// A scheme of HTTP authentication. Its secret is the token or, for `basic`, `name:password`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorization {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vectors: Vec<Vector>,
}

impl From<Written> for Template {
    fn from(written: Written) -> Self {
        let authorization = |prefix: &str, encoding, it: Authorization| {
            let (header, prefix) = ("authorization".to_owned(), prefix.to_owned());
            Self::SharedSecret(SharedSecret { header, prefix, encoding, vectors: it.vectors })
        };
        match written {
            Written::SharedSecret(scheme) => Self::SharedSecret(scheme),
            Written::Bearer(scheme) => authorization("Bearer ", SecretEncoding::Plain, scheme),
            Written::Basic(scheme) => authorization("Basic ", SecretEncoding::Base64, scheme),
            Written::Signature(scheme) => Self::Signature(scheme),
            Written::Jwt(scheme) => Self::Jwt(scheme),
            Written::AnyOf(scheme) => Self::AnyOf(scheme),
        }
    }
}

impl From<Template> for Written {
    fn from(template: Template) -> Self {
        match template {
            Template::SharedSecret(scheme) => Self::SharedSecret(scheme),
            Template::Signature(scheme) => Self::Signature(scheme),
            Template::Jwt(scheme) => Self::Jwt(scheme),
            Template::AnyOf(scheme) => Self::AnyOf(scheme),
        }
    }
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
    /// The form of the secret in the header.
    #[serde(default, skip_serializing_if = "SecretEncoding::is_plain")]
    pub encoding: SecretEncoding,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// The form in which a shared secret is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretEncoding {
    /// The secret as it is.
    #[default]
    Plain,
    /// Its base64 text, padded, as HTTP Basic sends `name:password`.
    Base64,
}

impl SecretEncoding {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

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

impl Template {
    /// Returns the header that holds the credential unless the operator named another, in lower case. None if the credential
    /// is in the query or in the body, or in one of several headers.
    pub fn header(&self) -> Option<&str> {
        match self {
            Template::SharedSecret(scheme) => Some(&scheme.header),
            Template::Signature(scheme) => scheme.header.as_deref(),
            Template::Jwt(scheme) => scheme.header.as_deref(),
            Template::AnyOf(_) => None,
        }
    }

    /// Returns the schemes of which one verifies a request: itself, or its alternatives.
    pub fn alternatives(&self) -> &[Template] {
        match self {
            Template::AnyOf(scheme) => &scheme.any_of,
            _ => std::slice::from_ref(self),
        }
    }

    /// Returns every header that may hold a credential unless the operator named another, in lower case.
    pub fn credential_headers(&self) -> impl Iterator<Item = &str> + Clone {
        self.alternatives().iter().filter_map(Template::header)
    }

    /// Returns the headers that verification reads besides the one of [`Template::header`], each once, in lower case.
    pub fn headers(&self) -> Vec<&str> {
        let mut headers = Vec::new();
        for name in self.alternatives().iter().flat_map(Template::named_headers) {
            // A header that is read twice would look like one that was sent twice.
            if self.header() != Some(name) && !headers.contains(&name) {
                headers.push(name);
            }
        }
        headers
    }

    /// Returns the headers that one scheme names, the credential's last.
    fn named_headers(&self) -> Vec<&str> {
        let Template::Signature(scheme) = self else { return self.header().into_iter().collect() };
        let timestamp = scheme.timestamp.as_ref().and_then(Timestamp::place);
        let id = scheme.id.as_ref().and_then(Id::place);
        let hash = scheme.body_sha256.as_ref().and_then(BodyHash::place);
        let places = [timestamp, id, hash].into_iter().flatten().filter_map(Place::header);
        places.chain(scheme.signed.iter().flat_map(SignedTemplate::headers)).chain(scheme.header.as_deref()).collect()
    }

    /// Returns the query parameters that hold a signature, decoded.
    pub fn signature_parameters(&self) -> impl Iterator<Item = &str> {
        self.alternatives().iter().filter_map(|scheme| match scheme {
            Template::Signature(scheme) => scheme.query.as_deref(),
            _ => None,
        })
    }

    /// Returns the query parameters that hold a token, which is a credential by itself, decoded.
    pub fn token_parameters(&self) -> impl Iterator<Item = &str> {
        self.alternatives().iter().filter_map(|scheme| match scheme {
            Template::Jwt(scheme) => scheme.query.as_deref(),
            _ => None,
        })
    }

    /// Returns the scheme without its test vectors and those of its alternatives.
    pub fn without_vectors(&self) -> Self {
        let mut scheme = self.clone();
        match &mut scheme {
            Template::SharedSecret(scheme) => scheme.vectors.clear(),
            Template::Signature(scheme) => scheme.vectors.clear(),
            Template::Jwt(scheme) => scheme.vectors.clear(),
            Template::AnyOf(scheme) => {
                scheme.vectors.clear();
                scheme.any_of.iter_mut().for_each(|alternative| *alternative = alternative.without_vectors());
            }
        }
        scheme
    }

    /// Returns true if verification needs the address that senders were given.
    pub fn reads_address(&self) -> bool {
        self.alternatives().iter().any(|scheme| match scheme {
            Template::Signature(scheme) => scheme.signed.iter().any(SignedTemplate::holds_address),
            _ => false,
        })
    }

    /// Returns true if verification reads the query.
    pub fn reads_query(&self) -> bool {
        self.alternatives().iter().any(|scheme| match scheme {
            Template::Signature(scheme) => scheme.reads_query(),
            Template::Jwt(scheme) => scheme.query.is_some(),
            _ => false,
        })
    }

    /// Returns true if a request has the credential as far as its headers show. What is elsewhere may be there.
    pub fn has_credential(&self, has_header: impl Fn(&str) -> bool) -> bool {
        self.alternatives().iter().any(|scheme| scheme.header().is_none_or(&has_header))
    }

    /// Returns true if the secret is a key that may be public, and is larger than other secrets.
    pub fn takes_public_key(&self) -> bool {
        self.alternatives().iter().any(|scheme| match scheme {
            Template::Signature(scheme) => scheme.algorithm.takes_public_key(),
            Template::Jwt(scheme) => scheme.algorithm.takes_public_key(),
            _ => false,
        })
    }

    /// Returns the test vectors.
    pub fn vectors(&self) -> &[Vector] {
        match self {
            Template::SharedSecret(scheme) => &scheme.vectors,
            Template::Signature(scheme) => &scheme.vectors,
            Template::Jwt(scheme) => &scheme.vectors,
            Template::AnyOf(scheme) => &scheme.vectors,
        }
    }
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

    fn reads_query(&self) -> bool {
        let timestamp = self.timestamp.as_ref().and_then(Timestamp::place);
        let id = self.id.as_ref().and_then(Id::place);
        let hash = self.body_sha256.as_ref().and_then(BodyHash::place);
        let is_query = |place: Option<Place<'_>>| place.is_some_and(Place::is_query);
        let in_template = |template: &SignedTemplate| template.holds_query() || template.holds_address();
        self.query.is_some() || [timestamp, id, hash].into_iter().any(is_query) || self.signed.iter().any(in_template)
    }
}
