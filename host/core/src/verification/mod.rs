//! Verification: proof that a request comes from its platform.
//!
//! The differences between platforms are data in a plugin's manifest, a [`Template`]; the code here knows no platform.
//! Verification runs natively, in constant time, on exactly the bytes that the plugin gets, so that no secret ever enters a
//! sandbox. It is pure: the time is given. Source of the rules: semantics.md §3.2; platforms.md §22.
//!
//! [`template`] is the manifest's description of a scheme, [`signature`] that of one which signs; [`signed`] is the language of
//! the signed content; [`place`] finds values in headers, the query and the body; [`header`] reads signatures and times out
//! of them; [`key`] makes keys from secrets, [`public_key`] from PEM, DER and JWK; [`jwt`] verifies JSON Web Tokens; [`any_of`] holds alternatives; [`sign`]
//! signs test requests; [`vectors`] are checked when a plugin is loaded; [`nonce`] lets a signed request be accepted once;
//! [`refusal`] says what the causes of refusals mean and how each is cured; [`forwarded_headers`] selects the headers that
//! plugins see; [`write_key`] verifies requests that carry a write key instead of a signature; [`handshake`] answers what a
//! platform asks before it sends events.

mod any_of;
mod forwarded_headers;
pub mod handshake;
mod header;
mod header_family;
mod jwt;
mod key;
mod nonce;
mod place;
mod public_key;
mod refusal;
mod shared_secret;
mod sign;
mod signature;
mod signed;
mod template;
mod vectors;
mod write_key;
mod write_key_elsewhere;

use std::borrow::Cow;

use subtle::ConstantTimeEq;

use place::Found;

pub use any_of::AnyOf;
pub use forwarded_headers::{forwarded_headers, may_be_forwarded};
pub use header_family::{HeaderFamily, VerificationHeaders};
pub use jwt::{Jwt, JwtAlgorithm};
pub use key::BadSecret;
pub use nonce::Nonce;
pub use refusal::{REFUSAL_CAUSES, RefusalCause};
pub use shared_secret::{SecretEncoding, SharedSecret};
pub use sign::{CannotSign, SignedParts, ToSign};
pub use signature::{Algorithm, BodyHash, Encoding, Id, List, SecretForm, Signature, TextEncoding, Timestamp, Unit};
pub use signed::{SignedTemplate, UnknownSigned};
pub use template::Template;
pub use vectors::{Vector, VectorError};
pub use write_key::{GivenWriteKeys, WRITE_KEY, basic_authorization, may_hold_write_key};
pub use write_key_elsewhere::{blank_elsewhere, may_hold_elsewhere};

/// A request as verification sees it.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// Names in lower case with values as sent; those that [`Template::headers`] names and the credential's are enough.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The header that holds the credential: the template's, or the one that the operator named. `None`: it is in one of
    /// several headers, in the query or in the body.
    pub credential_header: Option<&'a str>,
    /// The address; its default where [`Template::reads_query`] and [`Template::reads_address`] say that none is read.
    pub target: Target<'a>,
    /// The plugin's own settings, a JSON object.
    pub options: &'a str,
    /// The body as the plugin gets it: inflated, without a byte order mark.
    pub body: &'a [u8],
    /// The time of arrival, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The address of a request as verification sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Target<'a> {
    /// The URL that the sender calls, made of the server's public URL and the request's path and query. `None`: the server
    /// does not know its public URL.
    pub url: Option<&'a str>,
    /// The query as sent, without the question mark.
    pub query: &'a str,
}

/// The part of a request that a valid signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// The whole request.
    All,
    /// The first item of a batch and nothing else.
    First,
}

/// The verdict of verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sender holds the secret.
    Verified(Covers),
    /// The request carries the write key, which is public where browsers send.
    WriteKey,
    /// The secret, the write key or the content differs, the header was sent twice, or the request is too old or was accepted before.
    Failed,
    /// The header is absent.
    Missing,
    /// There is no secret, or the platform has no scheme.
    NotConfigured,
}

impl Verdict {
    /// Returns the name used in logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Verified(_) => "verified",
            Verdict::WriteKey => "write_key",
            Verdict::Failed => "failed",
            Verdict::Missing => "missing",
            Verdict::NotConfigured => "not_configured",
        }
    }
}

/// The verdict of verification with its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// The verdict.
    pub verdict: Verdict,
    /// The cause, for the operator and never for the sender: the verdict's name or, where it failed, `failed` (the secret or
    /// the content differs), `doubled` (a header was sent twice), `malformed` (a header could not be read) or `stale` (the
    /// signature is valid and its time too far from now), or `no_public_url` (the scheme signs the URL, and the server does
    /// not know its own). Where a write key is asked for: `wrong_write_key`,
    /// `unreadable_write_key` or `missing_write_key`.
    pub cause: &'static str,
}

impl Verification {
    /// Creates a verification whose cause is the verdict's name.
    pub fn of(verdict: Verdict) -> Self {
        Self { verdict, cause: verdict.as_str() }
    }

    fn failed(cause: &'static str) -> Self {
        Self { verdict: Verdict::Failed, cause }
    }
}

impl Template {
    /// Verifies a request with any of these secrets; an empty secret does not count. The time that it takes does not depend
    /// on the number of matching bytes of a signature.
    pub fn verify<'s>(&self, sent: &Sent<'_>, secrets: impl IntoIterator<Item = &'s str>) -> Verification {
        let secrets: Vec<&str> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        if secrets.is_empty() {
            return Verification::of(Verdict::NotConfigured);
        }
        self.verify_with(sent, &secrets)
    }

    /// Verifies a request, and returns the scheme that decided: itself, or one of its alternatives.
    pub fn decide<'s>(&self, sent: &Sent<'_>, secrets: impl IntoIterator<Item = &'s str>) -> (&Template, Verification) {
        let Template::AnyOf(AnyOf { any_of, .. }) = self else { return (self, self.verify(sent, secrets)) };
        let secrets: Vec<&str> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        if secrets.is_empty() {
            return (self, Verification::of(Verdict::NotConfigured));
        }
        let mut decided = (self, Verification::of(Verdict::Missing));
        for scheme in any_of {
            let found = scheme.verify_with(sent, &secrets);
            match (found.verdict, decided.1.verdict) {
                (Verdict::Verified(_), _) => return (scheme, found),
                (Verdict::Missing, _) | (_, Verdict::Failed) => {}
                _ => decided = (scheme, found),
            }
        }
        decided
    }

    fn verify_with(&self, sent: &Sent<'_>, secrets: &[&str]) -> Verification {
        match self {
            Template::SharedSecret(scheme) => scheme.verify(sent, secrets),
            Template::Signature(scheme) => scheme.verify(sent, secrets),
            Template::Jwt(scheme) => scheme.verify(sent, secrets),
            Template::AnyOf(_) => self.decide(sent, secrets.iter().copied()).1,
        }
    }

    /// Returns true if the value of a header that verification reads may be kept, to be verified again. A time or an id may;
    /// in the credential's place, a signature may, and anything else could be the secret itself, sent by mistake.
    pub fn may_be_kept(&self, credential_header: Option<&str>, name: &str, value: &[u8]) -> bool {
        self.alternatives().iter().all(|scheme| {
            let own = scheme.header().map(|own| credential_header.unwrap_or(own));
            match scheme {
                Template::SharedSecret(_) => own != Some(name),
                _ if own != Some(name) => true,
                Template::Signature(scheme) => scheme.could_be(value),
                Template::Jwt(scheme) => scheme.could_be(value),
                Template::AnyOf(_) => false,
            }
        })
    }
}

impl SharedSecret {
    fn verify(&self, sent: &Sent<'_>, secrets: &[&str]) -> Verification {
        let header = sent.credential_header.unwrap_or(&self.header);
        let value = match sent.find(place::Place::Header(header)) {
            Found::Missing => return Verification::of(Verdict::Missing),
            Found::Doubled => return Verification::failed("doubled"),
            Found::Once(value) => value,
        };
        let given = self.comparable(header, &value);
        // All secrets are compared, so that the time does not show which one matched.
        match secrets.iter().filter(|secret| equal(&given, &self.expected(header, secret))).count() {
            0 => Verification::of(Verdict::Failed),
            _ => Verification::of(Verdict::Verified(Covers::All)),
        }
    }
}

impl Signature {
    fn verify(&self, sent: &Sent<'_>, secrets: &[&str]) -> Verification {
        let value = match self.place(sent.credential_header).map(|place| sent.find(place)) {
            None | Some(Found::Missing) => return Verification::of(Verdict::Missing),
            Some(Found::Doubled) => return Verification::failed("doubled"),
            Some(Found::Once(value)) => value,
        };
        let Ok(claim) = self.read_claim(sent, value) else { return Verification::failed("malformed") };
        let hash = self.body_hash(sent);
        let keys: Vec<_> = secrets.iter().filter_map(|secret| self.key(secret).ok()).collect();
        let mut verdict = Verdict::Failed;
        for template in &self.signed {
            // What does not hold the body itself holds its hash, which must be there and right.
            if hash == Some(false) || (hash.is_none() && !template.holds_body()) {
                continue;
            }
            let Some(content) = template.content(self, sent, &claim) else { continue };
            for key in &keys {
                if key.matches(&content.parts, &claim.signatures) && verdict == Verdict::Failed {
                    verdict = Verdict::Verified(content.covers);
                }
            }
        }
        let needs_url = || sent.target.url.is_none() && self.signed.iter().any(SignedTemplate::holds_address);
        match (verdict, self.is_fresh(&claim, sent.at_ms)) {
            (Verdict::Verified(_), false) => Verification::failed("stale"),
            (Verdict::Failed, _) if needs_url() => Verification::failed("no_public_url"),
            _ => Verification::of(verdict),
        }
    }

    /// Returns whether the hash that the request holds is that of its body; none if it holds none, or if none is asked for.
    fn body_hash(&self, sent: &Sent<'_>) -> Option<bool> {
        let text: Cow<'_, str> = match sent.find(self.body_sha256.as_ref()?.place()?) {
            Found::Missing => return None,
            Found::Doubled => return Some(false),
            Found::Once(value) => place::text(value).unwrap_or_default(),
        };
        Some(jwt::is_hash_of(&text, sent.body))
    }
}

/// Compares in constant time. The length is not secret; an empty expected value never matches.
fn equal(given: &[u8], expected: &[u8]) -> bool {
    !expected.is_empty() && bool::from(given.ct_eq(expected))
}
