//! The bytes of a compressed body as they were sent, for the case that they cannot be inflated.

use std::sync::Arc;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};

use crate::admission::{Reservation, Share};

/// The first bytes that are kept of a body that is not kept whole.
pub(in crate::ingest) const FIRST_BYTES: usize = 64 * 1024;

/// The first bytes of a body as it was sent, with its size and digest.
pub(super) struct SentBytes {
    first: Vec<u8>,
    size: u64,
    /// Present once there are more bytes than are kept.
    hasher: Option<Sha256>,
    reservation: Arc<Reservation>,
}

/// A body that cannot be inflated.
pub(in crate::ingest) struct Uninflated {
    /// Its first bytes, as sent.
    pub(in crate::ingest) first: Bytes,
    /// Its size as sent.
    pub(in crate::ingest) size: u64,
    /// SHA-256 of it as sent.
    pub(in crate::ingest) digest: [u8; 32],
    /// A description of the body, which is not gzip.
    pub(in crate::ingest) found: &'static str,
}

impl SentBytes {
    pub(super) fn new(reservation: Arc<Reservation>) -> Self {
        Self { first: Vec::new(), size: 0, hasher: None, reservation }
    }

    /// Adds the next bytes.
    pub(super) fn add(&mut self, data: &[u8]) -> Result<(), Share> {
        self.size += data.len() as u64;
        let room = FIRST_BYTES - self.first.len();
        let (kept, rest) = data.split_at(room.min(data.len()));
        if !kept.is_empty() {
            self.reservation.extend_by(kept.len())?;
            self.first.extend_from_slice(kept);
        }
        if !rest.is_empty() {
            self.hasher.get_or_insert_with(|| Sha256::new_with_prefix(&self.first)).update(rest);
        }
        Ok(())
    }

    /// Returns the number of bytes so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Frees what the bytes reserved: the body was inflated.
    pub(super) fn release(self) {
        self.reservation.shrink_by(self.first.len());
    }

    pub(super) fn into_uninflated(self) -> Uninflated {
        let digest = self.hasher.unwrap_or_else(|| Sha256::new_with_prefix(&self.first)).finalize().into();
        let found = super::describe::describe(&self.first);
        Uninflated { first: self.first.into(), size: self.size, digest, found }
    }
}
