//! What stays when the configuration is read again, and what is made anew.

use std::sync::Arc;

use inlet_store::SourceRecord;

use crate::snapshot::{Endpoint, Snapshot, Source};

/// What was in force before.
#[derive(Clone, Copy)]
pub struct Previous<'a> {
    /// All of it.
    pub snapshot: &'a Snapshot,
    /// What does not stay though its record is the same.
    pub anew: Anew<'a>,
}

/// What is made anew.
#[derive(Clone, Copy)]
pub enum Anew<'a> {
    /// What has another record.
    Nothing,
    /// Sources with these providers: their plugins are others.
    Providers(&'a [String]),
    /// A source environment; it does not keep the plugin that it had.
    Endpoint(i64),
}

impl Previous<'_> {
    /// The source that was made of this record, if it would be made the same again.
    pub fn same(&self, record: &SourceRecord) -> Option<&Arc<Source>> {
        let known = self.snapshot.sources.get(&record.key);
        known.filter(|source| source.record == *record && !self.is_anew(record))
    }

    fn is_anew(&self, record: &SourceRecord) -> bool {
        match self.anew {
            Anew::Nothing => false,
            Anew::Providers(keys) => keys.contains(&record.provider),
            Anew::Endpoint(id) => record.environments.iter().any(|environment| environment.id == id),
        }
    }

    /// The endpoint before, of which something is taken over.
    pub fn endpoint(&self, source: &SourceRecord, slug: &str, id: i64) -> Option<&Arc<Endpoint>> {
        let before = self.snapshot.sources.get(&source.key)?.endpoints.get(slug)?;
        let stays = before.id == id && !matches!(self.anew, Anew::Endpoint(anew) if anew == id);
        stays.then_some(before)
    }
}
