//! The configuration in memory: immutable, and replaced as a whole after every change.
//!
//! Nothing of it is queried per event. A request takes one snapshot at its start and keeps it to its end.

mod endpoint;
pub(crate) mod reload;
mod source;
mod tokens;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use inlet_core::{Uuid, variables::Variables};
use inlet_sandbox::Limits;
use inlet_store::{ApiKeyRecord, Environment, ManagementTokenRecord, ReadError, Store, TargetRecord, VariableRecord};

use self::reload::Reuse;
pub use self::{
    endpoint::{Endpoint, QueryAccess},
    source::Source,
    tokens::{TokenHash, hash_token, hint, new_api_key, new_management_token, new_token},
};
use crate::catalog::Catalog;

/// Makes the id of something that is configured. What is stored in the order of its arrival gets its id from the store's clock.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Everything that is configured.
pub struct Snapshot {
    /// The environments, in the order of their creation.
    pub environments: Vec<Environment>,
    /// The variables of all environments, by environment and key.
    variables: Vec<VariableRecord>,
    /// The targets of all environments, by environment and key.
    targets: Vec<TargetRecord>,
    /// The sources by key.
    pub sources: BTreeMap<String, Arc<Source>>,
    endpoints: HashMap<TokenHash, EndpointToken>,
    /// The source environments in whose logs API calls are kept, by the environment's database id.
    api_logs: HashMap<i64, Arc<Endpoint>>,
    api_keys: HashMap<TokenHash, ApiKeyRecord>,
    management_tokens: HashMap<TokenHash, Arc<ManagementTokenRecord>>,
}

/// A token under which an endpoint is reached.
struct EndpointToken {
    endpoint: Arc<Endpoint>,
    /// The end of an earlier token, in milliseconds since 1970. `None` for the current one.
    until_ms: Option<i64>,
}

impl Snapshot {
    /// Reads everything from the store. Sources that stay the same are taken over from `reuse`: with a thousand sources, a
    /// change of one would take a thousand times as long otherwise.
    pub(crate) async fn load(
        store: &Store,
        catalog: &Catalog,
        limits: &Limits,
        reuse: Option<Reuse<'_>>,
    ) -> Result<Snapshot, ReadError> {
        let environments = store.environments().await?;
        let variables = store.variables().await?;
        let targets = store.targets().await?;
        let by_environment = variables_by_environment(&variables);
        let api_keys = store.api_keys().await?.into_iter().map(|key| (key.hash, key)).collect();
        let tokens = store.management_tokens().await?;
        let management_tokens = tokens.into_iter().map(|token| (token.hash, Arc::new(token))).collect();
        let by_id: HashMap<i64, &Environment> =
            environments.iter().map(|environment| (environment.id, environment)).collect();
        let mut endpoints = HashMap::new();
        let mut sources = BTreeMap::new();
        // A changed environment changes every source, and so does a changed variable.
        let is_same = |snapshot: &Snapshot| snapshot.environments == environments && snapshot.variables == variables;
        let reusable = reuse.filter(|reuse| is_same(reuse.snapshot));
        for record in store.sources().await? {
            let source = match reusable.as_ref().and_then(|reuse| reuse.source(&record)) {
                Some(source) => source.clone(),
                None => Arc::new(Source::new(record, &by_id, &by_environment, catalog, limits, reuse.as_ref())),
            };
            for endpoint in source.endpoints.values() {
                let current = EndpointToken { endpoint: endpoint.clone(), until_ms: None };
                endpoints.insert(hash_token(&endpoint.record.token), current);
                endpoints.extend(endpoint.record.previous_tokens.iter().map(|previous| {
                    let until_ms = Some(previous.until_ms);
                    (previous.hash, EndpointToken { endpoint: endpoint.clone(), until_ms })
                }));
            }
            sources.insert(source.record.key.clone(), source);
        }
        let mut api_logs = HashMap::new();
        for (environment_id, id) in store.api_logs().await? {
            let Some(environment) = by_id.get(&environment_id) else { continue };
            // Its meters are registered once.
            let known = reusable.as_ref().and_then(|reuse| reuse.snapshot.api_logs.get(&environment_id));
            let before = reuse.as_ref().and_then(|reuse| reuse.snapshot.api_logs.get(&environment_id));
            let api_log = known.cloned().unwrap_or_else(|| {
                let mut api_log = Endpoint::api_log(id, environment, limits);
                if let Some(before) = before {
                    api_log.meters.go_on_with(before.meters.tally());
                }
                Arc::new(api_log)
            });
            api_logs.insert(environment_id, api_log);
        }
        Ok(Snapshot { environments, variables, targets, sources, endpoints, api_logs, api_keys, management_tokens })
    }

    /// Returns the endpoint of a token at this time. An earlier token is good until its overlap ends.
    pub fn endpoint(&self, token: &str, now_ms: i64) -> Option<&Arc<Endpoint>> {
        let EndpointToken { endpoint, until_ms } = self.endpoints.get(&hash_token(token))?;
        if let Some(until_ms) = until_ms {
            if now_ms >= *until_ms {
                return None;
            }
            endpoint.note_previous_use(now_ms);
        }
        Some(endpoint)
    }

    /// Iterates over the endpoints of all sources.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.sources.values().flat_map(|source| source.endpoints.values())
    }

    /// Returns the source environment in whose log the API calls of an environment are kept. Nothing is received there.
    pub fn api_log(&self, environment_id: i64) -> Option<&Arc<Endpoint>> {
        self.api_logs.get(&environment_id)
    }

    /// Iterates over everything that has an event log: the endpoints, and the logs of API calls.
    pub fn logs(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.endpoints().chain(self.api_logs.values())
    }

    /// Takes over the observations under the snapshot before this one, and ends the quarantine of plugins that are no
    /// longer in force.
    pub(crate) fn carry_over(&self, before: &Snapshot) {
        for endpoint in self.endpoints() {
            let same = before.same_endpoint(endpoint).filter(|same| same.id == endpoint.id);
            if let Some(used_ms) = same.and_then(|same| same.previous_used_ms()) {
                endpoint.note_previous_use(used_ms);
            }
        }
        for earlier in before.endpoints().filter(|earlier| earlier.guard.is_quarantined()) {
            if self.same_endpoint(earlier).is_none_or(|now| !Arc::ptr_eq(&now.guard, &earlier.guard)) {
                earlier.lift_quarantine();
            }
        }
    }

    /// Returns the endpoint of the same source and environment.
    fn same_endpoint(&self, other: &Endpoint) -> Option<&Arc<Endpoint>> {
        self.sources.get(&other.source)?.endpoints.get(&other.environment)
    }

    /// Returns the variables of an environment, by key.
    pub fn variables_of(&self, environment_id: i64) -> impl Iterator<Item = &VariableRecord> {
        self.variables.iter().filter(move |variable| variable.environment_id == environment_id)
    }

    /// Returns the variables of an environment as its mappings see them.
    pub fn mapping_variables(&self, environment_id: i64) -> Variables {
        Variables::new(self.variables_of(environment_id).map(as_mappings_see))
    }

    /// Returns the targets of an environment, by key.
    pub fn targets_of(&self, environment_id: i64) -> impl Iterator<Item = &TargetRecord> {
        self.targets.iter().filter(move |target| target.environment_id == environment_id)
    }

    /// Returns the target of an environment with that key.
    pub fn target(&self, environment_id: i64, key: &str) -> Option<&TargetRecord> {
        self.targets_of(environment_id).find(|target| target.key == key)
    }

    /// Returns the API key with that hash.
    pub fn api_key(&self, hash: &TokenHash) -> Option<&ApiKeyRecord> {
        self.api_keys.get(hash)
    }

    /// Returns the API keys of an environment, the last created first.
    pub fn api_keys_of(&self, environment_id: i64) -> Vec<&ApiKeyRecord> {
        let mut keys: Vec<_> = self.api_keys.values().filter(|key| key.environment_id == environment_id).collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(key.id));
        keys
    }

    /// Returns the management token with that hash. The token that the server was started with is not among them.
    pub fn management_token(&self, hash: &TokenHash) -> Option<&Arc<ManagementTokenRecord>> {
        self.management_tokens.get(hash)
    }

    /// Returns the management token with that database id.
    pub fn management_token_with_id(&self, id: i64) -> Option<&Arc<ManagementTokenRecord>> {
        self.management_tokens.values().find(|token| token.id == id)
    }

    /// Returns all management tokens but the one that the server was started with, the last created first.
    pub fn management_tokens(&self) -> Vec<&ManagementTokenRecord> {
        let mut tokens: Vec<_> = self.management_tokens.values().map(AsRef::as_ref).collect();
        tokens.sort_unstable_by_key(|token| std::cmp::Reverse(token.id));
        tokens
    }

    /// Returns the environment with that slug.
    pub fn environment(&self, slug: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.slug == slug)
    }

    /// Returns the slugs of the environments with these ids, in the order of their creation.
    pub fn environment_slugs(&self, ids: &[i64]) -> Vec<String> {
        let named = self.environments.iter().filter(|environment| ids.contains(&environment.id));
        named.map(|environment| environment.slug.clone()).collect()
    }
}

fn variables_by_environment(records: &[VariableRecord]) -> HashMap<i64, Arc<Variables>> {
    let of_one = records.chunk_by(|a, b| a.environment_id == b.environment_id);
    of_one
        .filter_map(|records| {
            let variables = Variables::new(records.iter().map(as_mappings_see));
            Some((records.first()?.environment_id, Arc::new(variables)))
        })
        .collect()
}

fn as_mappings_see(record: &VariableRecord) -> (&str, Option<&str>) {
    (&record.key, record.value.as_deref())
}
