//! The write keys of a request, read and blanked before anything else sees them.

use axum::{
    body::Bytes,
    http::{HeaderMap, header::AUTHORIZATION},
};
use inlet_core::{
    contract::Body,
    verification::{self, GivenWriteKeys},
};

use super::{body::NotRead, kept_request};
use crate::{admission::Reservation, snapshot::Endpoint};

/// The name in the log of a body's blanked write keys.
const IN_BODY: &str = "writeKey";

/// Returns the write keys in the headers of a request, if its source environment has a write key.
pub(super) fn in_headers(endpoint: &Endpoint, headers: &HeaderMap) -> Option<Box<GivenWriteKeys>> {
    let mut given = endpoint.has_write_key().then(Box::<GivenWriteKeys>::default)?;
    headers.get_all(AUTHORIZATION).iter().for_each(|value| given.add_authorization(value.as_bytes()));
    Some(given)
}

/// Takes the write keys out of a body and blanks them, and those of the source environment wherever else they are. Adds the
/// name of what was blanked to `withheld`.
pub(crate) fn take_from_body(
    endpoint: &Endpoint,
    given: &mut GivenWriteKeys,
    body: &mut Body,
    withheld: &mut Vec<String>,
) {
    let taken = body.as_text().and_then(|text| given.take_from(text)).map(|blanked| Body::Text(blanked.into()));
    let is_taken = taken.is_some();
    *body = taken.unwrap_or_else(|| std::mem::replace(body, Body::Bytes(Bytes::new())));
    let elsewhere = verification::blank_elsewhere(body.as_bytes(), &keys(endpoint));
    let is_elsewhere = elsewhere.is_some();
    if let Some(blanked) = elsewhere {
        *body = kept_request::body(blanked.into());
    }
    if is_taken || is_elsewhere {
        withheld.push(IN_BODY.to_owned());
    }
}

/// Returns the start of a body that could not be inflated without write keys; empty if it is compressed, because nobody can
/// tell what is in it.
pub(super) fn blank_uninflated(endpoint: &Endpoint, start: Bytes) -> Bytes {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    if !endpoint.has_write_key() {
        return start;
    }
    if start.starts_with(GZIP) {
        return Bytes::new();
    }
    verification::blank_elsewhere(&start, &keys(endpoint)).map_or(start, Bytes::from)
}

/// Returns all write keys: one that is replaced and no longer good is a secret still.
fn keys(endpoint: &Endpoint) -> Vec<&str> {
    endpoint.write_keys(i64::MIN).filter(|key| !key.is_empty()).collect()
}

/// Reserves the copy of a body in which its write keys are blanked.
pub(super) fn reserve_blanking(endpoint: &Endpoint, body: &Body, reservation: &Reservation) -> Result<(), NotRead> {
    let is_copied = || {
        body.as_text().is_some_and(|text| verification::may_hold_write_key(text))
            || verification::may_hold_elsewhere(body.as_bytes(), &keys(endpoint))
    };
    match endpoint.has_write_key() && is_copied() {
        true => Ok(reservation.extend_by(body.as_bytes().len())?),
        false => Ok(()),
    }
}
