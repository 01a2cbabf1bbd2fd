//! Verification: proof that a request comes from its platform.
//!
//! The differences between platforms are data in a plugin's manifest, a [`Template`]; the code here knows no platform.
//! Verification runs natively, in constant time, on exactly the bytes that the plugin gets, so that no secret ever enters a
//! sandbox. It is pure: the time is given. Source of the rules: semantics.md §3.2; platforms.md §22.
//!
//! [`template`] is the manifest's description of a scheme; [`signed`] the language of the signed content; [`header`] reads
//! signatures and times out of headers; [`key`] makes keys from secrets; [`sign`] signs test requests; [`vectors`] are
//! checked when a plugin is loaded; [`nonce`] lets a signed request be accepted once; [`refusal`] says what the causes of
//! refusals mean and how each is cured; [`forwarded_headers`] selects the headers that plugins see; [`write_key`] verifies
//! requests that carry a write key instead of a signature.

mod forwarded_headers;
mod header;
mod header_family;
mod key;
mod nonce;
mod refusal;
mod shared_secret;
mod sign;
mod signed;
mod template;
mod vectors;
mod write_key;
mod write_key_elsewhere;

use subtle::ConstantTimeEq;

pub use forwarded_headers::{forwarded_headers, may_be_forwarded};
pub use header_family::{HeaderFamily, VerificationHeaders};
pub use key::BadSecret;

pub use nonce::Nonce;
pub use refusal::{REFUSAL_CAUSES, RefusalCause};
pub use sign::{CannotSign, ToSign};
pub use signed::{SignedTemplate, UnknownSigned};
pub use template::{
    Algorithm, Encoding, Id, List, SecretForm, SharedSecret, Signature, Template, TextEncoding, Timestamp, Unit, Vector,
};
pub use vectors::VectorError;
pub use write_key::{GivenWriteKeys, WRITE_KEY, basic_authorization, may_hold_write_key};
pub use write_key_elsewhere::{blank_elsewhere, may_hold_elsewhere};

/// A request as verification sees it.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// Names in lower case with values as sent; those that [`Template::headers`] names and the credential's are enough.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The header that holds the credential: the template's, or the one that the operator named.
    pub credential_header: &'a str,
    /// The body as the plugin gets it: inflated, without a byte order mark.
    pub body: &'a [u8],
    /// The time of arrival, in milliseconds since 1970.
    pub at_ms: i64,
}

impl<'a> Sent<'a> {
    /// Returns a header that must be sent once.
    fn header(&self, name: &str) -> Header<'a> {
        let mut values = self.headers.iter().filter(|(sent, _)| *sent == name).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (None, _) => Header::Missing,
            (Some(value), None) => Header::Once(value),
            // Two different claims: a proxy in front might have believed the other one.
            (Some(_), Some(_)) => Header::Doubled,
        }
    }

    /// Returns a header that must be sent once, as text.
    fn text(&self, name: &str) -> Option<&'a str> {
        match self.header(name) {
            Header::Once(value) => std::str::from_utf8(value).ok(),
            Header::Missing | Header::Doubled => None,
        }
    }
}

/// The occurrences of a header in a request.
enum Header<'a> {
    Missing,
    Once(&'a [u8]),
    Doubled,
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
    /// signature is valid and its time too far from now). Where a write key is asked for: `wrong_write_key`,
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
        let value = match sent.header(sent.credential_header) {
            Header::Missing => return Verification::of(Verdict::Missing),
            Header::Doubled => return Verification::failed("doubled"),
            Header::Once(value) => value,
        };
        match self {
            Template::SharedSecret(scheme) => {
                let (header, given) = (sent.credential_header, scheme.comparable(sent.credential_header, value));
                // All secrets are compared, so that the time does not show which one matched.
                let found = secrets.iter().filter(|secret| equal(&given, &scheme.expected(header, secret)));
                match found.count() {
                    0 => Verification::of(Verdict::Failed),
                    _ => Verification::of(Verdict::Verified(Covers::All)),
                }
            }
            Template::Signature(scheme) => scheme.verify(sent, value, &secrets),
        }
    }
}

impl Template {
    /// Returns true if a value of the credential's header may be kept, to be verified again. A signature may; anything else
    /// could be the secret itself, sent by mistake.
    pub fn may_be_kept(&self, value: &[u8]) -> bool {
        match self {
            Template::SharedSecret(_) => false,
            Template::Signature(scheme) => scheme.could_be(value),
        }
    }
}

impl Signature {
    fn verify(&self, sent: &Sent<'_>, value: &[u8], secrets: &[&str]) -> Verification {
        let Ok(claim) = self.read_claim(sent, value) else { return Verification::failed("malformed") };
        let keys: Vec<_> = secrets.iter().filter_map(|secret| self.key(secret).ok()).collect();
        let mut verdict = Verdict::Failed;
        for template in &self.signed {
            let Some(content) = template.content(sent, &claim) else { continue };
            for key in &keys {
                if key.matches(&content.parts, &claim.signatures) && verdict == Verdict::Failed {
                    verdict = Verdict::Verified(content.covers);
                }
            }
        }
        match (verdict, self.is_fresh(&claim, sent.at_ms)) {
            (Verdict::Verified(_), false) => Verification::failed("stale"),
            _ => Verification::of(verdict),
        }
    }
}

/// Compares in constant time. The length is not secret; an empty expected value never matches.
fn equal(given: &[u8], expected: &[u8]) -> bool {
    !expected.is_empty() && bool::from(given.ct_eq(expected))
}
