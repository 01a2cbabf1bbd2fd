//! The recipients that triggers wait for, as numbers: an event that identifies somebody else costs no query.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use inlet_core::recipient::RecipientKey;

use crate::{
    sql,
    sqlite::{error::SqliteError, statements::runner::StatementRunner},
};

/// The numbers of waiting triggers. Two recipients with one hash are counted as one: the index only says where a query is
/// worth its cost, and counts at least what the store holds.
#[derive(Default)]
pub(crate) struct ParkedRecipients {
    hasher: RandomState,
    /// By environment, then by the hash of the recipient.
    environments: HashMap<i64, Environment>,
    /// Changes of the transaction under way, in order.
    pending: Vec<(i64, u64, Change)>,
    /// True if a transaction failed that changed the table: its outcome may be unknown.
    is_stale: bool,
    /// True if other nodes write too. Then only the totals of environments are known, and within one transaction.
    is_shared: bool,
}

#[derive(Default)]
struct Environment {
    total: usize,
    of_recipient: HashMap<u64, usize>,
}

#[derive(Clone, Copy)]
enum Change {
    Add,
    Remove,
    RemoveAll,
}

impl ParkedRecipients {
    /// Counts the rows of the table.
    pub(crate) async fn load(connection: &mut sql::Connection<'_>) -> Result<Self, sqlx::Error> {
        let mut loaded = Self { is_shared: connection.is_postgres(), ..Self::default() };
        if loaded.is_shared {
            return Ok(loaded);
        }
        let rows = sql::query(
            "SELECT environment_id, collection, id, count(*) FROM parked_recipients WHERE state = 0
             GROUP BY environment_id, collection, id",
        )
        .fetch_all(connection)
        .await?;
        for row in rows {
            let (environment, count): (i64, i64) = (row.try_get(0)?, row.try_get(3)?);
            let hash = loaded.hash(row.try_get(1)?, row.try_get(2)?);
            let count = usize::try_from(count).unwrap_or_default();
            let environment = loaded.environments.entry(environment).or_default();
            environment.total += count;
            *environment.of_recipient.entry(hash).or_default() += count;
        }
        Ok(loaded)
    }

    /// Counts anew after a failed transaction.
    pub(crate) async fn make_sure(&mut self, statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
        if self.is_stale {
            *self = Self::load(&mut statements.connection().await?).await?;
        }
        Ok(())
    }

    /// Returns true if other nodes write too, and only totals are known.
    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Takes the totals of environments that a transaction read behind its locks.
    pub(crate) fn begin_shared(&mut self, totals: HashMap<i64, usize>) {
        self.pending.clear();
        let environment = |total| Environment { total, of_recipient: HashMap::new() };
        self.environments = totals.into_iter().map(|(id, total)| (id, environment(total))).collect();
    }

    /// Returns true if nobody is parked.
    pub(crate) fn is_empty(&self) -> bool {
        self.environments.is_empty()
    }

    /// Returns true if nobody is parked, and the transaction under way parks nobody.
    pub(crate) fn is_unused(&self) -> bool {
        self.environments.is_empty() && self.pending.is_empty()
    }

    /// Returns the number of parked recipients in an environment.
    pub(crate) fn total(&self, environment: i64) -> usize {
        self.environments.get(&environment).map_or(0, |environment| environment.total)
    }

    /// Returns the number of triggers that wait for a recipient.
    pub(crate) fn count(&self, environment: i64, key: &RecipientKey) -> usize {
        let Some(environment) = self.environments.get(&environment) else { return 0 };
        environment.of_recipient.get(&self.hash(&key.collection, &key.id)).copied().unwrap_or_default()
    }

    /// Counts one more trigger that waits.
    pub(crate) fn add(&mut self, environment: i64, key: &RecipientKey) {
        self.pending.push((environment, self.hash(&key.collection, &key.id), Change::Add));
    }

    /// Counts one trigger less.
    pub(crate) fn remove(&mut self, environment: i64, key: &RecipientKey) {
        self.pending.push((environment, self.hash(&key.collection, &key.id), Change::Remove));
    }

    /// Counts no trigger any longer.
    pub(crate) fn remove_all(&mut self, environment: i64, key: &RecipientKey) {
        self.pending.push((environment, self.hash(&key.collection, &key.id), Change::RemoveAll));
    }

    /// Counts no trigger of a deleted environment any longer.
    pub(crate) fn remove_environment(&mut self, environment: i64) {
        self.environments.remove(&environment);
    }

    pub(crate) fn committed(&mut self) {
        if self.is_shared {
            self.pending.clear();
            return;
        }
        for (id, hash, change) in self.pending.drain(..) {
            let environment = self.environments.entry(id).or_default();
            let count = environment.of_recipient.entry(hash).or_default();
            let before = *count;
            *count = match change {
                Change::Add => before + 1,
                Change::Remove => before.saturating_sub(1),
                Change::RemoveAll => 0,
            };
            let after = *count;
            if after == 0 {
                environment.of_recipient.remove(&hash);
            }
            environment.total = (environment.total + after).saturating_sub(before);
            if environment.of_recipient.is_empty() {
                self.environments.remove(&id);
            }
        }
    }

    pub(crate) fn rolled_back(&mut self) {
        self.is_stale |= !self.is_shared && !self.pending.is_empty();
        self.pending.clear();
    }

    /// Counts anew before the next use, because nobody knows what a failed transaction wrote.
    pub(crate) fn distrust(&mut self) {
        self.is_stale = !self.is_shared;
        self.pending.clear();
    }

    fn hash(&self, collection: &str, id: &str) -> u64 {
        self.hasher.hash_one((collection, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_it_is_committed() {
        let (mut parked, key) = (ParkedRecipients::default(), RecipientKey::user("u"));
        parked.add(1, &key);
        parked.add(1, &key);
        assert_eq!((parked.count(1, &key), parked.total(1)), (0, 0));
        parked.committed();
        assert_eq!((parked.count(1, &key), parked.total(1), parked.count(2, &key)), (2, 2, 0));
        parked.remove(1, &key);
        parked.rolled_back();
        assert_eq!(parked.count(1, &key), 2);
        assert!(parked.is_stale, "nobody knows what a failed transaction wrote");
        parked.remove(1, &key);
        parked.add(1, &RecipientKey::user("v"));
        parked.remove_all(1, &key);
        parked.committed();
        assert_eq!((parked.count(1, &key), parked.total(1)), (0, 1));
        parked.remove(1, &RecipientKey::user("v"));
        parked.committed();
        assert!(parked.is_empty());
    }
}
