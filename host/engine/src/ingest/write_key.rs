//! The write keys of a request, read and blanked before anything else sees them.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use inlet_core::{
    contract::Body,
    verification::{self, GivenWriteKeys},
};

use super::{body::NotRead, error::IngestError, not_accepted::NotAccepted};
use crate::{admission::Reservation, snapshot::Endpoint};

/// The name in the log of a body's blanked write keys.
const IN_BODY: &str = "writeKey";

/// Returns the write keys in the headers of a request, if its source environment has a write key.
pub(super) fn in_headers(endpoint: &Endpoint, headers: &HeaderMap) -> Option<Box<GivenWriteKeys>> {
    let mut given = endpoint.has_write_key().then(Box::<GivenWriteKeys>::default)?;
    headers.get_all(AUTHORIZATION).iter().for_each(|value| given.add_authorization(value.as_bytes()));
    Some(given)
}

/// Takes the write keys out of a body and blanks them. Adds the name of what was blanked to `withheld`.
pub(crate) fn take_from_body(given: &mut GivenWriteKeys, body: &mut Body, withheld: &mut Vec<String>) {
    if let Some(blanked) = body.as_text().and_then(|text| given.take_from(text)) {
        *body = Body::Text(blanked.into());
        withheld.push(IN_BODY.to_owned());
    }
}

/// Reserves the copy of a body in which its write keys are blanked.
pub(super) fn reserve_blanking(endpoint: &Endpoint, body: &Body, reservation: &Reservation) -> Result<(), NotRead> {
    match body.as_text() {
        Some(text) if endpoint.has_write_key() && verification::may_hold_write_key(text) => {
            reservation.extend_by(text.len()).map_err(|share| NotAccepted::from(IngestError::from(share)).into())
        }
        _ => Ok(()),
    }
}
