//! The bytes that one request has reserved.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use super::{
    ledger::Ledger,
    shares::{Holder, Share},
};

/// The step by which a reservation grows, in bytes, so that small additions do not take the ledger's lock.
const STEP: usize = 4096;

/// The bytes that one request has reserved. Whatever holds some of its memory keeps the reservation: the request, its
/// plugin's call, and the store until the job is written or dropped. The last owner frees it.
///
/// Only one owner at a time extends or shrinks it; the counts are atomic because the owners are on several threads.
pub(crate) struct Reservation {
    ledger: Arc<Ledger>,
    holder: Holder,
    /// The bytes in use, at most those that are held.
    used: AtomicUsize,
    /// The bytes that the ledger counts, whole steps.
    held: AtomicUsize,
    is_inside: AtomicBool,
}

impl Reservation {
    pub(super) fn new(ledger: Arc<Ledger>, holder: Holder, used: usize, held: usize) -> Self {
        Self {
            ledger,
            holder,
            used: AtomicUsize::new(used),
            held: AtomicUsize::new(held),
            is_inside: AtomicBool::new(false),
        }
    }

    /// Returns the bytes that the ledger counts at first: a step more than are in use, so that a small body and its item
    /// do not take the lock again.
    pub(super) fn first_held(bytes: usize) -> usize {
        Self::rounded(bytes).saturating_add(STEP)
    }

    /// Returns the bytes that the ledger counts for so many bytes in use.
    fn rounded(bytes: usize) -> usize {
        bytes.checked_next_multiple_of(STEP).unwrap_or(bytes)
    }

    /// Returns the bytes in use.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Reserves further bytes, or returns the share that they would exceed.
    pub(crate) fn extend_by(&self, bytes: usize) -> Result<(), Share> {
        let used = self.used.load(Ordering::Relaxed).saturating_add(bytes);
        let held = self.held.load(Ordering::Relaxed);
        if used > held {
            let more = Self::rounded(used - held);
            self.ledger.shares().take(&self.holder, more)?;
            self.held.store(held + more, Ordering::Relaxed);
        }
        self.used.store(used, Ordering::Relaxed);
        Ok(())
    }

    /// Frees bytes that are no longer in use.
    pub(crate) fn shrink_by(&self, bytes: usize) {
        let used = self.used.load(Ordering::Relaxed).saturating_sub(bytes);
        let held = self.held.load(Ordering::Relaxed);
        let rest = Self::rounded(used).min(held);
        if rest < held {
            self.ledger.shares().give_back(&self.holder, held - rest);
            self.held.store(rest, Ordering::Relaxed);
        }
        self.used.store(used, Ordering::Relaxed);
    }

    /// Reserves this many bytes in all. More than before are only reserved if there is room.
    pub(crate) fn change_to(&self, bytes: usize) {
        let used = self.used.load(Ordering::Relaxed);
        match bytes.checked_sub(used) {
            Some(more) => _ = self.extend_by(more),
            None => self.shrink_by(used - bytes),
        }
    }

    /// Counts the request among those that are inside: its body was read. Requests whose body is slow would say nothing
    /// about how busy the server is.
    pub(crate) fn enter(&self) {
        if !self.is_inside.swap(true, Ordering::Relaxed) {
            self.ledger.shares().enter(&self.holder);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut shares = self.ledger.shares();
        shares.give_back(&self.holder, *self.held.get_mut());
        if *self.is_inside.get_mut() {
            shares.leave(&self.holder);
        }
    }
}
