//! JSON Web Tokens (RFC 7519) that a platform signs its requests with.
//!
//! The manifest names the one algorithm, and the operator gives the keys. A token's own header chooses among these keys by
//! `kid` and nothing else: `alg` must be the manifest's, and `jwk`, `jku`, `x5c` and `x5u` are never read.

use std::{borrow::Cow, hash::Hasher as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL_WITHOUT_PADDING};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::{
    Algorithm, BadSecret, CannotSign, Covers, Nonce, SecretForm, Sent, ToSign, Vector, Verdict, Verification, equal,
    key::{BASE64, BASE64URL, Key},
    nonce::BEYOND_TOLERANCE_MS,
    place::{self, Found, Place},
    public_key::PublicKey,
};
use crate::{
    idempotency::HashKey,
    json::{self, Kind, Members},
};

/// A scheme in which the request holds a JSON Web Token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// The header that holds the token, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that holds it instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The prefix of the token, for example `Bearer `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The algorithm. A token that names another one is refused.
    pub algorithm: JwtAlgorithm,
    /// The form of the secret, for `hs256`.
    #[serde(default, skip_serializing_if = "SecretForm::is_plain")]
    pub secret: SecretForm,
    /// The largest difference between the clocks, for `exp`, `nbf` and an `iat` in the future.
    pub tolerance_seconds: u32,
    /// The largest age of a token by its `iat`, which it then must have. Without, it must have an `exp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u32>,
    /// The claim that is the SHA-256 of the body, in hexadecimal digits or base64. Without, the body is not proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// The `iss` that a token must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The `aud` that a token must have, alone or among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// A sentence for the operator about the parts that the token does not cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<String>,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// The algorithm of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JwtAlgorithm {
    /// HMAC-SHA256; the secret is the key.
    Hs256,
    /// RSA with PKCS #1 v1.5 over SHA-256; the secret is a public key, a certificate, a JWK or a JWKS.
    Rs256,
    /// ECDSA on P-256 over SHA-256; the secret is a public key, a certificate, a JWK or a JWKS.
    Es256,
}

/// The longest token, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// The lifetime of a token that is made for a test, where the scheme has no largest age.
const LIFETIME_SECONDS: u32 = 300;
/// The longest header of a token, in bytes of base64.
const MAX_HEADER: usize = 2 * 1024;
/// The most keys of a JWKS.
const MAX_KEYS: usize = 16;

impl JwtAlgorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    fn signature(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HmacSha256,
            Self::Rs256 => Algorithm::RsaSha256,
            Self::Es256 => Algorithm::EcdsaP256,
        }
    }

    /// Returns true if the secret is a public key.
    pub(super) fn takes_public_key(self) -> bool {
        self != Self::Hs256
    }
}

/// A key with its name in a set of keys.
struct NamedKey {
    id: Option<String>,
    key: Key,
}

/// A token, decoded and not verified.
struct Token<'t> {
    /// The bytes that are signed: header and claims.
    signed: &'t str,
    signature: Vec<u8>,
    key_id: Option<String>,
    claims: String,
}

/// The reason why a token proves nothing.
enum Refused {
    /// The token cannot be read, or is not of this scheme.
    Malformed,
    /// No key verifies the token, or its claims are about something else.
    Failed,
    /// The token is right, and not for this time.
    Stale,
}

impl Jwt {
    pub(super) fn verify(&self, sent: &Sent<'_>, secrets: &[&str]) -> Verification {
        let value = match self.find(sent) {
            Found::Missing => return Verification::of(Verdict::Missing),
            Found::Doubled => return Verification::failed("doubled"),
            Found::Once(value) => value,
        };
        match self.verify_token(sent, value, secrets) {
            Ok(()) => Verification::of(Verdict::Verified(Covers::All)),
            Err(Refused::Malformed) => Verification::failed("malformed"),
            Err(Refused::Failed) => Verification::of(Verdict::Failed),
            Err(Refused::Stale) => Verification::failed("stale"),
        }
    }

    fn find<'a>(&self, sent: &Sent<'a>) -> Found<'a> {
        self.place(sent.credential_header).map_or(Found::Missing, |place| sent.find(place))
    }

    /// Returns the place of the token: the header that the operator named, or the scheme's place.
    pub(super) fn place<'t>(&'t self, credential_header: Option<&'t str>) -> Option<Place<'t>> {
        let header = match (credential_header, &self.header) {
            (Some(named), Some(_)) => Some(named),
            (_, header) => header.as_deref(),
        };
        Place::of(header, self.query.as_deref(), None)
    }

    /// Returns the value with which a sender that shares the secret sends a request.
    pub(super) fn token(&self, secret: &str, request: &ToSign<'_>) -> Result<String, CannotSign> {
        if self.algorithm.takes_public_key() {
            return Err(CannotSign::PrivateKey);
        }
        let issued = request.at_ms.div_euclid(1000);
        let lifetime = self.max_age_seconds.unwrap_or(LIFETIME_SECONDS);
        let mut claims = vec![
            ("iat", issued.to_string()),
            ("exp", issued.saturating_add(lifetime.into()).to_string()),
            ("jti", json::quote(request.id)),
        ];
        let hash = self.body_sha256.as_ref().map(|name| (name, hex::encode(Sha256::digest(request.body))));
        let texts = [("iss", self.issuer.as_ref()), ("aud", self.audience.as_ref())];
        claims.extend(texts.into_iter().filter_map(|(name, text)| Some((name, json::quote(text?)))));
        claims.extend(hash.map(|(name, hash)| (name.as_str(), json::quote(&hash))));
        let claims = json::object(claims.iter().map(|(name, text)| (*name, text.as_str())));
        let header = format!(r#"{{"alg":{},"typ":"JWT"}}"#, json::quote(self.algorithm.name()));
        let signed =
            format!("{}.{}", BASE64URL_WITHOUT_PADDING.encode(header), BASE64URL_WITHOUT_PADDING.encode(claims));
        let mut signature = Vec::new();
        for NamedKey { key, .. } in self.keys(secret)? {
            if let Key::Hmac(algorithm, bytes) = key {
                signature = algorithm.mac(&bytes, &[Cow::Borrowed(signed.as_bytes())]);
            }
        }
        Ok(format!("{}{signed}.{}", self.prefix, BASE64URL_WITHOUT_PADDING.encode(signature)))
    }

    fn verify_token(&self, sent: &Sent<'_>, value: Cow<'_, [u8]>, secrets: &[&str]) -> Result<(), Refused> {
        let value = place::text(value).ok_or(Refused::Malformed)?;
        let token = self.read(&value).ok_or(Refused::Malformed)?;
        let message = [Cow::Borrowed(token.signed.as_bytes())];
        let signature = std::slice::from_ref(&token.signature);
        // A key that names another id is not tried; one without an id is.
        let is_meant = |key: &NamedKey| key.id.is_none() || token.key_id.is_none() || key.id == token.key_id;
        let is_signed = |secret: &&str| {
            let keys = self.keys(secret).unwrap_or_default();
            keys.iter().filter(|key| is_meant(key)).any(|key| key.key.matches(&message, signature))
        };
        (secrets.iter().filter(|secret| is_signed(secret)).count() > 0).then_some(()).ok_or(Refused::Failed)?;
        let claims = json::members(&token.claims).ok_or(Refused::Malformed)?;
        self.check_claims(&claims, sent)?;
        self.check_times(&claims, sent.at_ms)
    }

    /// Decodes a token; none if it is malformed or of another algorithm.
    fn read<'t>(&self, value: &'t str) -> Option<Token<'t>> {
        let text = strip_scheme(value, &self.prefix).filter(|text| text.len() <= MAX_TOKEN)?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header.len() > MAX_HEADER || claims.contains('.') {
            return None;
        }
        let header = decode_text(header)?;
        let members = json::members(&header)?;
        let text = |name: &str| members.get(name).map(|value| json::string(value));
        // `crit` names extensions that must be understood, and none is.
        let is_of_scheme = text("alg")?? == self.algorithm.name() && !members.contains_key("crit");
        let key_id = text("kid").map_or(Some(None), |id| id.map(Some))?;
        let signature = BASE64URL.decode(signature).ok()?;
        let is_of_length = self.algorithm != JwtAlgorithm::Es256 || signature.len() == 64;
        (is_of_scheme && is_of_length).then_some(())?;
        Some(Token { signed, signature, key_id, claims: decode_text(claims)? })
    }

    fn check_claims(&self, claims: &Members<'_>, sent: &Sent<'_>) -> Result<(), Refused> {
        let text = |name: &str| claims.get(name).and_then(|value| json::string(value));
        if self.issuer.is_some() && text("iss") != self.issuer {
            return Err(Refused::Failed);
        }
        if let Some(audience) = &self.audience {
            let many = claims.get("aud").and_then(|value| json::items(value)).unwrap_or_default();
            let is_among = many.into_iter().any(|item| json::string(item).as_ref() == Some(audience));
            if text("aud").as_ref() != Some(audience) && !is_among {
                return Err(Refused::Failed);
            }
        }
        match &self.body_sha256 {
            Some(name) if !is_hash_of(&text(name).unwrap_or_default(), sent.body) => Err(Refused::Failed),
            _ => Ok(()),
        }
    }

    fn check_times(&self, claims: &Members<'_>, at_ms: i64) -> Result<(), Refused> {
        let Times { expires_ms, not_before_ms, issued_ms } = Times::of(claims).ok_or(Refused::Malformed)?;
        let tolerance_ms = i64::from(self.tolerance_seconds) * 1000;
        let is_timed = match self.max_age_seconds {
            Some(_) => issued_ms.is_some(),
            None => expires_ms.is_some(),
        };
        if !is_timed {
            return Err(Refused::Malformed);
        }
        let age_ms = self.max_age_seconds.map(|seconds| i64::from(seconds) * 1000);
        let is_fresh = expires_ms.is_none_or(|expires| at_ms < expires.saturating_add(tolerance_ms))
            && not_before_ms.is_none_or(|from| at_ms.saturating_add(tolerance_ms) >= from)
            && issued_ms.is_none_or(|issued| at_ms.saturating_add(tolerance_ms) >= issued)
            && issued_ms.zip(age_ms).is_none_or(|(issued, age)| at_ms.saturating_sub(issued) <= age);
        is_fresh.then_some(()).ok_or(Refused::Stale)
    }

    /// Returns the nonce of a verified request; none if the token does not cover the body, because a token may then come with
    /// many bodies.
    pub(super) fn nonce(&self, sent: &Sent<'_>, hash_key: &HashKey, source_environment: i64) -> Option<Nonce> {
        self.body_sha256.as_ref()?;
        let Found::Once(value) = self.find(sent) else { return None };
        let value = place::text(value)?;
        let token = self.read(&value)?;
        let claims = json::members(&token.claims)?;
        let times = Times::of(&claims)?;
        let mut hasher = SipHasher24::new_with_key(&hash_key.0);
        hasher.write(&source_environment.to_le_bytes());
        hasher.write(token.signed.as_bytes());
        let of_age = self.max_age_seconds.zip(times.issued_ms);
        let of_age = of_age.map(|(seconds, issued)| issued.saturating_add(i64::from(seconds) * 1000));
        let tolerance_ms = i64::from(self.tolerance_seconds) * 1000;
        let expires_ms = times.expires_ms.map(|expires| expires.saturating_add(tolerance_ms));
        let until_ms = [of_age, expires_ms].into_iter().flatten().min()?;
        Some(Nonce {
            digest: hasher.finish128().as_bytes(),
            at_ms: sent.at_ms,
            until_ms: until_ms.saturating_add(BEYOND_TOLERANCE_MS),
            signs_time: true,
            covers: Covers::All,
        })
    }

    /// Returns true if a value may be kept to be verified again: a token that is bound to its body.
    pub(super) fn could_be(&self, value: &[u8]) -> bool {
        self.body_sha256.is_some() && std::str::from_utf8(value).is_ok_and(|value| self.read(value).is_some())
    }

    pub(super) fn check_secret(&self, secret: &str) -> Result<(), BadSecret> {
        self.keys(secret).map(drop)
    }

    fn keys(&self, secret: &str) -> Result<Vec<NamedKey>, BadSecret> {
        let algorithm = self.algorithm.signature();
        if self.algorithm == JwtAlgorithm::Hs256 {
            // A public key in its place would let everybody sign.
            let is_public = secret.contains("-----BEGIN ") || secret.trim_start().starts_with('{');
            let key = self.secret.key_bytes(secret).filter(|_| !is_public);
            let key =
                key.ok_or_else(|| self.secret.bad_secret(" that is shared with the sender, and no public key"))?;
            return Ok(vec![NamedKey { id: None, key: Key::Hmac(algorithm, key) }]);
        }
        let bad = || {
            let kind =
                if self.algorithm == JwtAlgorithm::Rs256 { "an RSA key of 2048 to 8192 bits" } else { "a P-256 key" };
            let expected = format!(
                "{kind}: as a JWK, as a JWKS of at most {MAX_KEYS} keys, as PEM (-----BEGIN …), or as the base64 of its DER form"
            );
            BadSecret { expected }
        };
        let found = match Kind::of(secret) {
            Kind::Object => read_jwks(secret, self.algorithm).ok_or_else(bad)?,
            _ => PublicKey::read(secret).map(|key| (None, key)).into_iter().collect(),
        };
        let is_for = |(_, key): &(Option<String>, PublicKey)| key.is_for(algorithm);
        let keys = found.into_iter().filter(is_for).map(|(id, key)| NamedKey { id, key: Key::Public(key) });
        Some(keys.collect()).filter(|keys: &Vec<NamedKey>| !keys.is_empty()).ok_or_else(bad)
    }

    /// Checks the constraints that the types do not express.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if Place::of(self.header.as_deref(), self.query.as_deref(), None).is_none() {
            return Err("a token is in a `header` or in a `query` parameter; name one of them");
        }
        if self.algorithm.takes_public_key() && !self.secret.is_plain() {
            return Err(
                "`secret` says how the key of hs256 is written; a public key is PEM, DER or a JWK, so leave it out",
            );
        }
        match &self.uncovered {
            None if self.body_sha256.is_none() => {
                Err("the token does not cover the body without `body_sha256`; say so in `uncovered`")
            }
            _ => Ok(()),
        }
    }
}

/// Returns the keys of a JWKS, or of one JWK, that are for signatures of the algorithm. Others are passed over; none if it is
/// no set, or too large.
fn read_jwks(text: &str, algorithm: JwtAlgorithm) -> Option<Vec<(Option<String>, PublicKey)>> {
    let set = json::members(text)?;
    let keys = match set.get("keys") {
        Some(keys) => json::items(keys)?,
        None => vec![text],
    };
    if keys.len() > MAX_KEYS {
        return None;
    }
    let read = |text: &str| {
        let members = json::members(text)?;
        let is = |name: &str, value: &str| {
            members.get(name).is_none_or(|found| json::string(found).is_some_and(|found| found == value))
        };
        let id = members.get("kid").and_then(|id| json::string(id));
        (is("use", "sig") && is("alg", algorithm.name())).then(|| PublicKey::of_jwk(&members))?.map(|key| (id, key))
    };
    Some(keys.into_iter().filter_map(read).collect())
}

/// The times of a token, in milliseconds since 1970.
struct Times {
    expires_ms: Option<i64>,
    not_before_ms: Option<i64>,
    issued_ms: Option<i64>,
}

impl Times {
    /// Reads the times; none if one of them is no number.
    fn of(claims: &Members<'_>) -> Option<Self> {
        let time = |name: &str| claims.get(name).map_or(Some(None), |text| read_time(text).map(Some));
        Some(Self { expires_ms: time("exp")?, not_before_ms: time("nbf")?, issued_ms: time("iat")? })
    }
}

/// Reads seconds since 1970, which may have a fraction.
#[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
fn read_time(text: &str) -> Option<i64> {
    let seconds = Some(text).filter(|text| Kind::of(text) == Kind::Number)?.trim().parse::<f64>().ok()?;
    (0.0..1e12).contains(&seconds).then_some((seconds * 1000.0) as i64)
}

fn decode_text(base64: &str) -> Option<String> {
    String::from_utf8(BASE64URL.decode(base64).ok()?).ok()
}

/// Returns a value without its prefix. The name of an authentication scheme has no case.
fn strip_scheme<'v>(value: &'v str, prefix: &str) -> Option<&'v str> {
    let start = value.get(..prefix.len())?;
    let is_prefix = start == prefix || (prefix.ends_with(' ') && start.eq_ignore_ascii_case(prefix));
    is_prefix.then(|| value[prefix.len()..].trim_start())
}

/// Returns true if a text is the SHA-256 of a body, in hexadecimal digits or base64 of either alphabet.
pub(super) fn is_hash_of(text: &str, body: &[u8]) -> bool {
    let given = match text.len() {
        64 => hex::decode(text).ok(),
        43 | 44 => BASE64.decode(text).or_else(|_| BASE64URL.decode(text)).ok(),
        _ => None,
    };
    given.is_some_and(|given| equal(&given, &Sha256::digest(body)))
}
