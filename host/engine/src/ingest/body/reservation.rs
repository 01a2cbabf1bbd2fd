//! The bytes that a body reserves of those that all requests may hold at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{BODY_UNIT, ingest::error::IngestError};

/// The bytes that a body reserves. Dropping it frees them.
pub(crate) struct BodyReservation {
    budget: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl BodyReservation {
    pub(super) fn new(budget: &Arc<Semaphore>) -> Self {
        Self { budget: budget.clone(), permits: None, bytes: 0 }
    }

    /// Extends the reservation to this many bytes in all, or refuses.
    pub(super) fn extend_to(&mut self, bytes: usize) -> Result<(), IngestError> {
        let (has, wants) = (self.bytes.div_ceil(BODY_UNIT), bytes.div_ceil(BODY_UNIT));
        let more = u32::try_from(wants.saturating_sub(has)).map_err(|_| IngestError::NoRoom)?;
        if more > 0 {
            let permits = self.budget.clone().try_acquire_many_owned(more).map_err(|_| IngestError::NoRoom)?;
            match &mut self.permits {
                Some(held) => held.merge(permits),
                none => *none = Some(permits),
            }
        }
        self.bytes = self.bytes.max(bytes);
        Ok(())
    }
}
