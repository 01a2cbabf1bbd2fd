//! The status of all sources at once, for lists.

use std::collections::{BTreeMap, HashMap};

use inlet_api_types::sources::SourceEnvironmentStatus;
use inlet_core::time;
use inlet_engine::{
    Engine,
    catalog::Catalog,
    snapshot::{Endpoint, Source},
};
use inlet_store::{AttentionCount, SourceStatus};

use super::{needs_attention::AttentionTally, notes::notes_of};
use crate::{auth::Operator, error::ApiError, providers::response, sources::lookup::endpoints_in};

/// The totals of every source environment, read by two queries whatever the number of sources.
pub struct AllStatus {
    totals: HashMap<i64, SourceStatus>,
    attention: HashMap<i64, Vec<AttentionCount>>,
}

impl AllStatus {
    /// Reads them.
    pub async fn read(engine: &Engine) -> Result<Self, ApiError> {
        let totals = engine.store.all_source_status().await?.into_iter().collect();
        let mut attention: HashMap<i64, Vec<AttentionCount>> = HashMap::new();
        for (id, count) in engine.store.all_attention_counts().await? {
            attention.entry(id).or_default().push(count);
        }
        Ok(Self { totals, attention })
    }

    /// Returns the status of a source in one environment, or in all that the operator sees.
    pub fn of(
        &mut self,
        source: &Source,
        environment: Option<&inlet_store::Environment>,
        operator: &Operator,
        catalog: &Catalog,
    ) -> BTreeMap<String, SourceEnvironmentStatus> {
        endpoints_in(source, environment)
            .filter(|(_, endpoint)| operator.sees(endpoint.environment_id))
            .map(|(slug, endpoint)| (slug.clone(), self.of_endpoint(slug, endpoint, catalog)))
            .collect()
    }

    fn of_endpoint(&mut self, slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> SourceEnvironmentStatus {
        let total = self.totals.remove(&endpoint.id);
        let mut tally = AttentionTally::default();
        tally.add(slug, self.attention.remove(&endpoint.id).unwrap_or_default());
        SourceEnvironmentStatus {
            mappings_count: endpoint.record.mappings.len(),
            events_count: total.as_ref().map_or(0, |total| total.events_count),
            last_event_received: total.and_then(|total| total.last_event_received_ms).map(time::write_ms),
            plugin: endpoint.plugin.as_ref().map(response::plugin),
            needs_attention: tally.into_response(),
            notes: notes_of(slug, endpoint, catalog).collect(),
        }
    }
}
