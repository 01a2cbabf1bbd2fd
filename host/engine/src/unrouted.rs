//! Requests that lead to no endpoint, counted by cause: what somebody who sets up a sender looks for first.
//!
//! They are counted in memory. Where servers share a database, each adds its counts to those of all from time to time.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use inlet_store::{CommitError, ReadError, UnroutedRecord};

use crate::{Engine, clock::now_ms};

/// Requests that led to no endpoint for one cause, since the server started or since they were dismissed. Where servers share
/// a database: those of all of them, of the last 30 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrouted {
    /// The cause, one word.
    pub cause: Cow<'static, str>,
    /// The answer that they got.
    pub message: Cow<'static, str>,
    /// Their number.
    pub count: u64,
    /// The time of the last one, in milliseconds since 1970.
    pub last_ms: i64,
}

/// The counts of all causes.
#[derive(Default)]
pub(crate) struct UnroutedCounts(Mutex<BTreeMap<Cow<'static, str>, Unrouted>>);

impl UnroutedCounts {
    pub(crate) fn count(&self, cause: &'static str, message: &'static str) {
        let unrouted = Unrouted { cause: cause.into(), message: message.into(), count: 1, last_ms: now_ms() };
        add(&mut self.counts(), unrouted);
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Cow<'static, str>, Unrouted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counts: &mut BTreeMap<Cow<'static, str>, Unrouted>, unrouted: Unrouted) {
    match counts.get_mut(&unrouted.cause) {
        Some(known) => {
            known.count += unrouted.count;
            known.last_ms = known.last_ms.max(unrouted.last_ms);
        }
        None => _ = counts.insert(unrouted.cause.clone(), unrouted),
    }
}

impl Engine {
    /// Forgets the requests that led to no endpoint for this cause, and returns their number; none if none are counted.
    /// Those that another server has counted in the last seconds are counted anew.
    pub async fn dismiss_unrouted_requests(&self, cause: &str) -> Result<Option<u64>, CommitError> {
        let own = self.unrouted.counts().remove(cause).map(|unrouted| unrouted.count);
        if !self.store.is_shared() {
            return Ok(own);
        }
        let others = self.store.dismiss_unrouted(cause.to_owned()).await?;
        Ok(match (own, others) {
            (None, None) => None,
            (own, others) => Some(own.unwrap_or_default() + others.unwrap_or_default()),
        })
    }

    /// Returns the requests that led to no endpoint and were not dismissed, the last one first.
    pub async fn unrouted_requests(&self) -> Result<Vec<Unrouted>, ReadError> {
        let mut counts = self.unrouted.counts().clone();
        if self.store.is_shared() {
            for UnroutedRecord { cause, message, count, last_ms } in self.store.unrouted().await? {
                add(&mut counts, Unrouted { cause: cause.into(), message: message.into(), count, last_ms });
            }
        }
        let mut all: Vec<Unrouted> = counts.into_values().collect();
        all.sort_by_key(|unrouted| std::cmp::Reverse(unrouted.last_ms));
        Ok(all)
    }

    /// Adds what was counted here to the counts of all servers of the database.
    pub(crate) async fn share_unrouted(&self) -> Result<(), CommitError> {
        if !self.store.is_shared() {
            return Ok(());
        }
        let counted = mem::take(&mut *self.unrouted.counts());
        let mut failed = Ok(());
        for unrouted in counted.into_values() {
            let Unrouted { cause, message, count, last_ms } = unrouted.clone();
            let (cause, message) = (cause.into_owned(), message.into_owned());
            if failed.is_ok() {
                failed = self.store.count_unrouted(UnroutedRecord { cause, message, count, last_ms }).await;
            }
            if failed.is_err() {
                add(&mut self.unrouted.counts(), unrouted);
            }
        }
        failed
    }
}
