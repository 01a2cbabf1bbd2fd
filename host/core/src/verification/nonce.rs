//! Nonces: a signed request is accepted once, and the same signed bytes again are answered like the first time.

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::{Covers, Sent, Signature, Template, place::Found};
use crate::idempotency::HashKey;

/// The mark of a signed request that is accepted once. A second request with the same mark has the same signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce {
    /// A keyed hash of the source environment and everything that is signed: id, time and body.
    pub digest: [u8; 16],
    /// The arrival of the request, in milliseconds since 1970. The same instant decides whether its time is fresh.
    pub at_ms: i64,
    /// The time until which the nonce is remembered, in milliseconds since 1970.
    pub until_ms: i64,
    /// True if a time is signed. Then `until_ms` is computed from it alone, so that it is the same for every copy.
    pub signs_time: bool,
    /// The part of the request that is signed. A copy of a request that is signed in part may differ in the rest.
    pub covers: Covers,
}

/// The lifetime of a nonce where only an id is signed and no timestamp: 24 hours.
const ID_ALONE_MS: i64 = 24 * 60 * 60 * 1000;

/// The time that a nonce outlives its tolerance: the longest time from a request's arrival to its commit, which is a few
/// seconds, and a margin for a clock that is set back.
pub(super) const BEYOND_TOLERANCE_MS: i64 = 5 * 60 * 1000;

impl Signature {
    /// Returns the nonce of a verified request; none if neither an id nor a time is signed, because a sender's own retry is
    /// then the same request.
    ///
    /// The hash is over the signed content and not over the signature: a header with two signatures could be sent once with
    /// each.
    pub(super) fn nonce(&self, sent: &Sent<'_>, hash_key: &HashKey, source_environment: i64) -> Option<Nonce> {
        let Found::Once(value) = sent.find(self.place(sent.credential_header)?) else { return None };
        let claim = self.read_claim(sent, value).ok()?;
        let template = self.signed.iter().filter(|template| self.signs_timestamp(template) || self.signs_id(template));
        let (template, content) = template.filter_map(|it| Some((it, it.content(self, sent, &claim)?))).next()?;
        let mut hasher = SipHasher24::new_with_key(&hash_key.0);
        hasher.write(&source_environment.to_le_bytes());
        for part in &content.parts {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        let signed_until_ms = match (&self.timestamp, &claim.timestamp) {
            (Some(timestamp), Some(found)) if self.signs_timestamp(template) => {
                Some(found.at_ms.saturating_add(i64::from(timestamp.tolerance_seconds) * 1000))
            }
            _ => None,
        };
        let until_ms = signed_until_ms.unwrap_or(sent.at_ms.saturating_add(ID_ALONE_MS));
        Some(Nonce {
            digest: hasher.finish128().as_bytes(),
            at_ms: sent.at_ms,
            until_ms: until_ms.saturating_add(BEYOND_TOLERANCE_MS),
            signs_time: signed_until_ms.is_some(),
            covers: content.covers,
        })
    }
}

impl Template {
    /// Returns the nonce of a request that this scheme verified; none if it signs neither an id nor a time. Of several
    /// alternatives, [`Template::decide`] names the one that verified the request.
    pub fn nonce(&self, sent: &Sent<'_>, hash_key: &HashKey, source_environment: i64) -> Option<Nonce> {
        match self {
            Template::SharedSecret(_) | Template::AnyOf(_) => None,
            Template::Signature(scheme) => scheme.nonce(sent, hash_key, source_environment),
            Template::Jwt(scheme) => scheme.nonce(sent, hash_key, source_environment),
        }
    }
}
