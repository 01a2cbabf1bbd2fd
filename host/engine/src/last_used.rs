//! The times at which credentials were last used. They are kept in memory, so that no request costs a write.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use inlet_store::Credential;

use crate::clock::now_ms;

/// The times at which credentials were last used.
#[derive(Debug, Default)]
pub struct LastUsed(Mutex<HashMap<Credential, Use>>);

#[derive(Debug, Clone, Copy)]
struct Use {
    at_ms: i64,
    is_written: bool,
}

impl LastUsed {
    /// Notes that a credential is used now.
    pub fn now(&self, credential: Credential) {
        self.uses().insert(credential, Use { at_ms: now_ms(), is_written: false });
    }

    /// Returns the time of the last use, in milliseconds since 1970: since the start, else the stored one.
    pub fn of(&self, credential: Credential, stored_ms: Option<i64>) -> Option<i64> {
        stored_ms.max(self.uses().get(&credential).map(|used| used.at_ms))
    }

    /// Returns the uses that are not written yet, and counts them as written.
    pub(crate) fn take(&self) -> Vec<(Credential, i64)> {
        let mut uses = self.uses();
        let unwritten = uses.iter_mut().filter(|(_, used)| !used.is_written);
        let taken = unwritten.map(|(credential, used)| {
            used.is_written = true;
            (*credential, used.at_ms)
        });
        taken.collect()
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<Credential, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_taken_once_and_shown_for_ever() {
        let (used, key) = (LastUsed::default(), Credential::ApiKey(1));
        assert_eq!(used.of(key, None), None);
        assert_eq!(used.of(key, Some(5)), Some(5));
        used.now(key);
        let taken = used.take();
        assert_eq!(taken.len(), 1);
        assert!(used.take().is_empty());
        assert_eq!(used.of(key, Some(5)), Some(taken[0].1));
        used.now(key);
        assert_eq!(used.take().len(), 1);
    }
}
