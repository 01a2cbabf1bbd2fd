//! Verification: is this request from whom it says?
//!
//! A template, not a list of platforms: what differs between senders is data in a plugin's manifest, and the code below
//! knows only how to read it. Runs natively, in constant time, on exactly the bytes that the plugin gets, so that no
//! secret ever enters a sandbox. Source of the rules: semantics.md §3.2.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{contract::Field, json};

/// How a platform proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum Template {
    /// The header holds the secret itself.
    SharedSecret(SharedSecret),
    /// The header holds a keyed hash of what was sent.
    Hmac(HmacTemplate),
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

/// The header holds a keyed hash of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacTemplate {
    /// Lower case, for example `x-signature`.
    pub header: String,
    /// The hash.
    pub algorithm: Algorithm,
    /// How the hash is written.
    pub encoding: Encoding,
    /// What precedes the hash in the header, for example `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What is signed; one of these must match. `{body}` is the whole body, `{body:/0}` the raw bytes of the value at
    /// that JSON Pointer, and then the signature covers that item only.
    pub signed: Vec<String>,
    /// What the signature does not cover, in a sentence for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<String>,
    /// Requests whose verdict is known; checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// A hash function of a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// HMAC-SHA1 (Segment).
    Sha1,
    /// HMAC-SHA256.
    Sha256,
}

/// How bytes are written in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal digits of either case.
    Hex,
    /// Base64 of the standard alphabet, padded.
    Base64,
}

/// A request whose verdict is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// What it shows.
    pub name: String,
    /// A secret made for this vector.
    pub secret: String,
    /// The headers sent.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body, exactly.
    pub body: String,
    /// The verdict.
    pub verified: bool,
    /// What the signature covers, when verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

/// How much of a request a valid signature speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// All of it.
    All,
    /// The first item of a batch and nothing else.
    First,
}

/// What verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sender holds the secret.
    Verified(Covers),
    /// It does not, or its header was sent twice.
    Failed,
    /// There was no header.
    Missing,
    /// There is no secret, or the platform has no scheme.
    NotConfigured,
}

impl Verdict {
    /// The name used in logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Verified(_) => "verified",
            Verdict::Failed => "failed",
            Verdict::Missing => "missing",
            Verdict::NotConfigured => "not_configured",
        }
    }
}

/// A vector whose verdict is not what the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "verification vector {name:?}: expected {expected}, found {found}; correct the vector or the template in the manifest"
)]
pub struct VectorError {
    /// The vector.
    pub name: String,
    /// What the manifest says.
    pub expected: String,
    /// What the template finds.
    pub found: String,
}

/// A `signed` template that this version does not understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("verification.signed holds {found:?}; expected \"{{body}}\" or \"{{body:<JSON Pointer>}}\"")]
pub struct UnknownSigned {
    /// The template as written.
    pub found: String,
}

impl Template {
    /// The header that holds the credential, unless the operator named another. Lower case.
    pub fn header(&self) -> &str {
        match self {
            Template::SharedSecret(scheme) => &scheme.header,
            Template::Hmac(scheme) => &scheme.header,
        }
    }

    /// The vectors of the manifest.
    pub fn vectors(&self) -> &[Vector] {
        match self {
            Template::SharedSecret(scheme) => &scheme.vectors,
            Template::Hmac(scheme) => &scheme.vectors,
        }
    }

    /// Verifies a request. `values` are the values of the header [`Self::header`] as sent; `secret` is the source
    /// environment's; `body` is what the plugin gets. Time does not depend on how much of a signature is right.
    pub fn verify(&self, values: &[&[u8]], secret: Option<&str>, body: &[u8]) -> Verdict {
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
            return Verdict::NotConfigured;
        };
        let value = match values {
            [] => return Verdict::Missing,
            [value] => *value,
            // Two different claims: whichever we believed, a proxy in front might have believed the other.
            _ => return Verdict::Failed,
        };
        match self {
            Template::SharedSecret(scheme) => match value.strip_prefix(scheme.prefix.as_bytes()) {
                Some(given) if equal(given, secret.as_bytes()) => Verdict::Verified(Covers::All),
                _ => Verdict::Failed,
            },
            Template::Hmac(scheme) => scheme.verify(value, secret, body),
        }
    }

    /// Writes the header's value for a request that this secret signs, used to make test requests. None when nothing of
    /// what `signed` names is in the body.
    pub fn sign(&self, secret: &str, body: &[u8]) -> Option<String> {
        match self {
            Template::SharedSecret(scheme) => Some(format!("{}{secret}", scheme.prefix)),
            Template::Hmac(scheme) => {
                let text = std::str::from_utf8(body).ok();
                // A partial template comes last in `signed` and is what the platform itself does for a batch.
                let is_batch = text.is_some_and(|text| text.trim_start().starts_with('['));
                let mut templates: Vec<&String> = scheme.signed.iter().collect();
                if is_batch {
                    templates.reverse();
                }
                let (bytes, _) = templates.into_iter().find_map(|template| signed_bytes(template, body))?;
                let mac = scheme.algorithm.mac(secret.as_bytes(), bytes);
                Some(format!("{}{}", scheme.prefix, scheme.encoding.write(&mac)))
            }
        }
    }

    /// Checks that the templates are known and that every vector gives its verdict.
    pub fn check_vectors(&self) -> Result<(), VectorError> {
        if let Template::Hmac(scheme) = self
            && let Err(unknown) = scheme.check_signed()
        {
            return Err(VectorError {
                name: "signed".to_owned(),
                expected: "a known template".to_owned(),
                found: unknown.found,
            });
        }
        for vector in self.vectors() {
            let values: Vec<&[u8]> = vector
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(self.header()))
                .map(|(_, value)| value.as_bytes())
                .collect();
            let verdict = self.verify(&values, Some(&vector.secret), vector.body.as_bytes());
            let as_expected = match verdict {
                Verdict::Verified(covers) => vector.verified && vector.covers.is_none_or(|expected| expected == covers),
                _ => !vector.verified,
            };
            if !as_expected {
                return Err(VectorError {
                    name: vector.name.clone(),
                    expected: format!("verified = {}, covers = {:?}", vector.verified, vector.covers),
                    found: format!("{verdict:?}"),
                });
            }
        }
        Ok(())
    }
}

impl HmacTemplate {
    fn check_signed(&self) -> Result<(), UnknownSigned> {
        match self.signed.iter().find(|template| parse_signed(template).is_none()) {
            Some(found) => Err(UnknownSigned { found: found.clone() }),
            None if self.signed.is_empty() => Err(UnknownSigned { found: String::new() }),
            None => Ok(()),
        }
    }

    fn verify(&self, value: &[u8], secret: &str, body: &[u8]) -> Verdict {
        let given = std::str::from_utf8(value)
            .ok()
            .and_then(|value| value.strip_prefix(self.prefix.as_str()))
            .and_then(|value| self.encoding.read(value));
        let Some(given) = given else { return Verdict::Failed };
        let mut verdict = Verdict::Failed;
        for template in &self.signed {
            let Some((bytes, covers)) = signed_bytes(template, body) else { continue };
            if equal(&given, &self.algorithm.mac(secret.as_bytes(), bytes)) && verdict == Verdict::Failed {
                verdict = Verdict::Verified(covers);
            }
        }
        verdict
    }
}

/// The bytes that a template names, and what a signature over them covers.
fn signed_bytes<'a>(template: &str, body: &'a [u8]) -> Option<(&'a [u8], Covers)> {
    match parse_signed(template)? {
        Signed::Body => Some((body, Covers::All)),
        Signed::At(pointer) => {
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
    }
}

enum Signed<'a> {
    Body,
    At(&'a str),
}

fn parse_signed(template: &str) -> Option<Signed<'_>> {
    let inner = template.strip_prefix('{')?.strip_suffix('}')?;
    match inner.split_once(':') {
        None if inner == "body" => Some(Signed::Body),
        Some(("body", pointer)) if pointer.starts_with('/') => Some(Signed::At(pointer)),
        _ => None,
    }
}

impl Algorithm {
    fn mac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        // `new_from_slice` of HMAC takes keys of any length.
        match self {
            Algorithm::Sha1 => Hmac::<sha1::Sha1>::new_from_slice(key).map(|mac| finish(mac, message)),
            Algorithm::Sha256 => Hmac::<sha2::Sha256>::new_from_slice(key).map(|mac| finish(mac, message)),
        }
        .unwrap_or_default()
    }
}

fn finish<M: Mac>(mut mac: M, message: &[u8]) -> Vec<u8> {
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

impl Encoding {
    fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Encoding::Hex => hex::decode(text).ok(),
            Encoding::Base64 => base64::engine::general_purpose::STANDARD.decode(text).ok(),
        }
    }

    fn write(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => hex::encode(bytes),
            Encoding::Base64 => base64::engine::general_purpose::STANDARD.encode(bytes),
        }
    }
}

/// Constant-time equality. The length is not a secret; an empty expectation never matches.
fn equal(given: &[u8], expected: &[u8]) -> bool {
    !expected.is_empty() && bool::from(given.ct_eq(expected))
}

/// Whether a header may be kept for plugins and logs, given the one that holds the credential.
pub fn may_leave_the_door(name: &str, credential_header: Option<&str>) -> bool {
    const NEVER: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
    !NEVER.contains(&name) && Some(name) != credential_header
}

/// The headers, of those that came, that leave the door: names in lower case, repeats repeated.
pub fn leaving<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    wanted: impl Fn(&str) -> bool,
    credential_header: Option<&str>,
) -> Vec<Field> {
    headers
        .filter(|(name, _)| wanted(name) && may_leave_the_door(name, credential_header))
        .map(|(name, value)| Field::new(name, String::from_utf8_lossy(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const E1: &str = r#"{"anonymousId":"a-1","event":"Order Completed","messageId":"ajs-next-1700000000000-aa","properties":{"total":39.5,"naïve":"☃"},"timestamp":"2026-01-02T03:04:05.678Z","type":"track","userId":"u_1"}"#;
    const E2: &str = r#"{"anonymousId":"a-2","event":"Order Completed","messageId":"ajs-next-1700000000001-bb","properties":{},"timestamp":"2026-01-02T03:04:06Z","type":"track","userId":null}"#;
    const MAC_E1: &str = "b2e619b487f24aca18781061abb4da9157ab9074";
    const MAC_BATCH: &str = "b050929fa6df4ba966dc1e51ed82029458d0d91e";

    fn segment() -> Template {
        serde_json::from_str(
            r#"{"scheme":"hmac","header":"x-signature","algorithm":"sha1","encoding":"hex","signed":["{body}","{body:/0}"]}"#,
        )
        .unwrap()
    }

    fn verify(value: &str, body: &str) -> Verdict {
        segment().verify(&[value.as_bytes()], Some("s3cr3t"), body.as_bytes())
    }

    #[test]
    fn segment_single_and_batch_vectors() {
        let batch = format!("[{E1},{E2}]");
        assert_eq!(verify(MAC_E1, E1), Verdict::Verified(Covers::All));
        assert_eq!(verify(MAC_E1, &batch), Verdict::Verified(Covers::First));
        assert_eq!(verify(MAC_E1, &format!("[ {E1} ,{E2}]")), Verdict::Verified(Covers::First));
        assert_eq!(
            verify(MAC_BATCH, &batch),
            Verdict::Verified(Covers::All),
            "the whole body is allowed, never required"
        );
        assert_eq!(verify(MAC_E1, &format!("[{E1}]")), Verdict::Verified(Covers::All));
        assert_eq!(verify(&MAC_E1.to_uppercase(), E1), Verdict::Verified(Covers::All));
    }

    #[test]
    fn wrong_missing_doubled_and_truncated() {
        assert_eq!(verify("00", E1), Verdict::Failed);
        assert_eq!(verify("", E1), Verdict::Failed);
        assert_eq!(verify("zz", E1), Verdict::Failed);
        assert_eq!(verify(&MAC_E1[..38], E1), Verdict::Failed);
        assert_eq!(verify(MAC_E1, &format!("{E1}\n")), Verdict::Failed);
        let forged = format!(r#"{{"0":{E1},"type":"track","event":"Forged"}}"#);
        assert_eq!(verify(MAC_E1, &forged), Verdict::Failed, "a signed event as a member of a forged one");
        let scheme = segment();
        assert_eq!(scheme.verify(&[], Some("s3cr3t"), E1.as_bytes()), Verdict::Missing);
        let twice = [MAC_E1.as_bytes(), MAC_E1.as_bytes()];
        assert_eq!(scheme.verify(&twice, Some("s3cr3t"), E1.as_bytes()), Verdict::Failed);
        assert_eq!(scheme.verify(&twice[..1], None, E1.as_bytes()), Verdict::NotConfigured);
        assert_eq!(scheme.verify(&twice[..1], Some(""), E1.as_bytes()), Verdict::NotConfigured);
        assert_eq!(scheme.verify(&[b"\xff\xfe"], Some("s3cr3t"), E1.as_bytes()), Verdict::Failed);
    }

    #[test]
    fn what_it_signs_it_verifies() {
        let scheme = segment();
        for body in [E1.to_owned(), format!("[{E1},{E2}]")] {
            let value = scheme.sign("s3cr3t", body.as_bytes()).unwrap();
            assert_eq!(value, MAC_E1);
            assert!(matches!(
                scheme.verify(&[value.as_bytes()], Some("s3cr3t"), body.as_bytes()),
                Verdict::Verified(_)
            ));
        }
    }

    #[test]
    fn shared_secret() {
        let scheme: Template =
            serde_json::from_str(r#"{"scheme":"shared_secret","header":"x-webhook-secret"}"#).unwrap();
        assert_eq!(scheme.verify(&[b"s3cr3t"], Some("s3cr3t"), b""), Verdict::Verified(Covers::All));
        assert_eq!(scheme.verify(&[b"s3cr3"], Some("s3cr3t"), b""), Verdict::Failed);
        assert_eq!(scheme.verify(&[b"S3CR3T"], Some("s3cr3t"), b""), Verdict::Failed);
        assert_eq!(scheme.verify(&[b""], Some("s3cr3t"), b""), Verdict::Failed);
    }

    #[test]
    fn credentials_never_leave_the_door() {
        let sent: [(&str, &[u8]); 5] = [
            ("user-agent", b"Segment (Actions)"),
            ("authorization", b"Basic c2VjcmV0"),
            ("cookie", b"a=b"),
            ("x-signature", b"00"),
            ("x-note", b"na\xefve"),
        ];
        let left = leaving(sent.into_iter(), |_| true, Some("x-signature"));
        assert_eq!(left, [Field::new("user-agent", "Segment (Actions)"), Field::new("x-note", "na\u{fffd}ve")]);
    }
}
