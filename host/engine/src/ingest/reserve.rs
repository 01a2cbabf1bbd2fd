//! Reserving: what a request may hold, decided before anything but its head was read.

use std::{sync::Arc, time::Instant};

use axum::http::HeaderMap;

use super::{error::IngestError, header_family};
use crate::{
    Engine,
    admission::{Peer, Reservation, ledger::Party},
    snapshot::Endpoint,
};

/// The bytes of a request beside its head and body: hyper's buffer of 8 KiB, in which its head and a small body arrive, and
/// the future of about 4.5 KiB that carries it through the stages.
pub(super) const REQUEST_BYTES: usize = 12 * 1024;

/// Opens the reservation of a request, or refuses it if it would wait too long or a share is full.
pub(super) fn reserve(
    engine: &Engine,
    endpoint: &Endpoint,
    peer: Peer,
    headers: &HeaderMap,
    now: Instant,
) -> Result<Arc<Reservation>, IngestError> {
    let upcoming = endpoint.upcoming.cost(endpoint.limits.items);
    engine.store.admit(endpoint.environment_id, endpoint.id, upcoming).map_err(|_| IngestError::Overloaded)?;
    let is_suspect = lacks_credential(endpoint, headers) || engine.failures.is_over(peer.0, now);
    let party = Party { source: endpoint.id, peer: peer.0, is_suspect };
    let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    Ok(engine.ledger.open(party, REQUEST_BYTES + head, now)?)
}

/// Returns true if a request cannot be verified, whatever its body is. As long as a source has no secret, no request has a
/// credential, which says nothing about its sender. A write key may be in the body.
fn lacks_credential(endpoint: &Endpoint, headers: &HeaderMap) -> bool {
    if endpoint.has_write_key() {
        return false;
    }
    let is_expected = endpoint.settings.enforce_verification || endpoint.record.signing_secret.is_some();
    match (&endpoint.scheme, endpoint.credential_header.as_deref()) {
        (Some(_), Some(name)) if is_expected => !header_family::has_credential(endpoint, headers, name),
        (Some(scheme), None) if is_expected => !scheme.has_credential(|name| headers.contains_key(name)),
        _ => false,
    }
}
