//! The limit on what a plugin makes of a body, so that a small request cannot fill a disk.

use crate::{blame::Blame, log::EventLog};

/// A translation whose items would take far more room than the request did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its items add up to {found} bytes, and {allowed} are allowed for a body of this size")]
pub struct Oversize {
    /// Bytes of all items and their data.
    pub found: usize,
    /// Four times the body and 1 MiB.
    pub allowed: usize,
}

impl Oversize {
    /// Returns who causes it. A request of many items does if its plugin keeps much for each; see [`Blame::of_size`].
    pub fn blame(&self, request_bytes: usize) -> Blame {
        Blame::of_size(request_bytes, self.allowed)
    }
}

/// Bytes that the items of one request may still take.
pub(super) struct Budget {
    found: usize,
    allowed: usize,
}

impl Budget {
    pub(super) fn new(body: usize) -> Self {
        Self { found: 0, allowed: body.saturating_mul(4).saturating_add(1024 * 1024) }
    }

    /// Takes the size of an item off the budget.
    pub(super) fn spend(&mut self, log: &EventLog) -> Result<(), Oversize> {
        self.found = self.found.saturating_add(log.original.len() + log.data.as_ref().map_or(0, |data| data.len()));
        match self.found > self.allowed {
            true => Err(Oversize { found: self.found, allowed: self.allowed }),
            false => Ok(()),
        }
    }
}
