//! A source with its configuration in every environment.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use inlet_core::variables::Variables;
use inlet_sandbox::Limits;
use inlet_store::{Environment, SourceRecord};

use super::{endpoint::Endpoint, reload::Reuse};
use crate::catalog::{Catalog, PluginRequirements};

/// A source with its configuration in every environment.
pub struct Source {
    /// The source as it is stored.
    pub record: SourceRecord,
    /// The source environments by the environment's slug.
    pub endpoints: BTreeMap<String, Arc<Endpoint>>,
}

impl Source {
    /// Builds a source from its record, its environments and the plugins: the same input gives the same source. Taken over
    /// from `reuse` are a plugin that may stay, and the state of its quarantine.
    pub(super) fn new(
        record: SourceRecord,
        environments: &HashMap<i64, &Environment>,
        variables: &HashMap<i64, Arc<Variables>>,
        catalog: &Catalog,
        limits: &Limits,
        reuse: Option<&Reuse<'_>>,
    ) -> Source {
        let mut endpoints = BTreeMap::new();
        for environment in &record.environments {
            let Some(known) = environments.get(&environment.environment_id) else { continue };
            let before = reuse.and_then(|reuse| reuse.endpoint(&record, &known.slug, environment.id));
            let had = before.map(|before| before.plugin_ref.digest.as_str());
            let plugin = |requirements: PluginRequirements<'_>| {
                catalog.in_force(&record.provider, environment.plugin.as_deref(), requirements, had).cloned()
            };
            let mut endpoint = Endpoint::build(&record, environment, &known.slug, plugin, limits);
            endpoint.hides_personal_data = known.hide_personal_data;
            endpoint.variables = variables.get(&known.id).cloned().unwrap_or_default();
            if let Some(before) = before.filter(|before| before.plugin_ref.digest == endpoint.plugin_ref.digest) {
                endpoint.guard = before.guard.clone();
            }
            if let Some(before) = reuse.and_then(|reuse| reuse.before(&record, &known.slug, environment.id)) {
                endpoint.meters.go_on_with(before.meters.tally());
                endpoint.upcoming = before.upcoming.clone();
            }
            endpoints.insert(known.slug.clone(), Arc::new(endpoint));
        }
        Source { record, endpoints }
    }
}
