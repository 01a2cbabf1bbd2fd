//! Reloading the configuration: the sources that are reused from the snapshot before, and those that are rebuilt.

use std::sync::Arc;

use inlet_store::SourceRecord;

use crate::snapshot::{Endpoint, Snapshot, Source};

/// The sources that a reload rebuilds. Sources with changed records are rebuilt in any case.
#[derive(Clone, Copy)]
pub enum Reload<'a> {
    /// No further sources.
    ChangedRecords,
    /// Sources with these providers, because their plugins changed.
    Providers(&'a [String]),
    /// The source of this source environment, which does not keep the plugin that it has.
    SourceEnvironment(i64),
}

/// The snapshot in force, from which a new one takes over what stays the same.
#[derive(Clone, Copy)]
pub struct Reuse<'a> {
    /// The snapshot in force.
    pub snapshot: &'a Snapshot,
    /// The sources to rebuild although their records are the same.
    pub reload: Reload<'a>,
}

impl Reuse<'_> {
    /// Returns the source that was built from this record, if building it again would give the same.
    pub fn source(&self, record: &SourceRecord) -> Option<&Arc<Source>> {
        let known = self.snapshot.sources.get(&record.key);
        known.filter(|source| source.record == *record && !self.rebuilds(record))
    }

    fn rebuilds(&self, record: &SourceRecord) -> bool {
        match self.reload {
            Reload::ChangedRecords => false,
            Reload::Providers(keys) => keys.contains(&record.provider),
            Reload::SourceEnvironment(id) => record.environments.iter().any(|environment| environment.id == id),
        }
    }

    /// Returns the earlier endpoint of a source environment, whose requests may be under way.
    pub fn before(&self, source: &SourceRecord, slug: &str, id: i64) -> Option<&Arc<Endpoint>> {
        self.snapshot.sources.get(&source.key)?.endpoints.get(slug).filter(|before| before.id == id)
    }

    /// Returns the earlier endpoint of a source environment, whose plugin and quarantine the new one may keep.
    pub fn endpoint(&self, source: &SourceRecord, slug: &str, id: i64) -> Option<&Arc<Endpoint>> {
        let is_rebuilt = matches!(self.reload, Reload::SourceEnvironment(rebuilt) if rebuilt == id);
        self.before(source, slug, id).filter(|_| !is_rebuilt)
    }
}
