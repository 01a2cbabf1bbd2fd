//! The configuration of sources as ingestion needs it: in memory, immutable, replaced whole after every change.
//!
//! Nothing of it is queried per event. A request takes one snapshot at its start and keeps it to its end.

pub mod reload;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use inlet_core::{
    Uuid, actions,
    contract::Field,
    log::PluginRef,
    mapping::{Mapping, MappingIndex},
    path::Path,
    settings::Settings,
    verification::{Template, may_be_forwarded},
};
use inlet_sandbox::{Limits, Plugin};
use inlet_store::{
    ApiKeyRecord, Environment, ManagementTokenRecord, MappingRecord, ReadError, SourceEnvironmentRecord, SourceRecord,
    Store,
};
use sha2::{Digest, Sha256};

use crate::{
    catalog::{Catalog, PluginRequirements, same_scheme},
    metrics::Meters,
    quarantine::Guard,
    snapshot::reload::Reuse,
};

/// A SHA-256, by which endpoint tokens and API keys are found: looking one up takes no time that depends on the secret.
pub type TokenHash = [u8; 32];

/// Hashes a token or a key.
pub fn hash_token(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// In a manifest's `query`: every parameter, because the names are the customer's own.
const EVERY_PARAMETER: &str = "*";

/// Everything that is configured.
pub struct Snapshot {
    /// In the order of their creation.
    pub environments: Vec<Environment>,
    /// By key.
    pub sources: BTreeMap<String, Arc<Source>>,
    endpoints: HashMap<TokenHash, Entrance>,
    api_keys: HashMap<TokenHash, ApiKeyRecord>,
    management_tokens: HashMap<TokenHash, Arc<ManagementTokenRecord>>,
}

/// A token by which an endpoint is reached.
struct Entrance {
    endpoint: Arc<Endpoint>,
    /// Until when, in milliseconds since 1970; none: it is the current one.
    until_ms: Option<i64>,
}

/// A source with its configuration in every environment.
pub struct Source {
    /// As stored.
    pub record: SourceRecord,
    /// By environment slug.
    pub endpoints: BTreeMap<String, Arc<Endpoint>>,
}

/// A source environment, ready to receive.
pub struct Endpoint {
    /// The source environment's database id.
    pub id: i64,
    /// The environment's database id.
    pub environment_id: i64,
    /// The environment's slug.
    pub environment: String,
    /// The source's key.
    pub source: String,
    /// As stored.
    pub record: SourceEnvironmentRecord,
    /// In force.
    pub settings: Settings,
    /// Its mappings, the inactive ones too, oldest first.
    pub mappings: Vec<Mapping>,
    /// The active ones by event type.
    pub index: MappingIndex,
    /// None: this server has no such plugin, and requests are told to come back.
    pub plugin: Option<Plugin>,
    /// Key, version and digest of the plugin.
    pub plugin_ref: Arc<PluginRef>,
    /// The verification scheme in force: the one that was there when the source was created, until an operator takes
    /// another.
    pub scheme: Option<Template>,
    /// The header that holds the credential, in lower case.
    pub credential_header: Option<String>,
    /// The body limit, in bytes.
    pub max_body_bytes: usize,
    /// The plugin's own settings, defaults filled in, as JSON text.
    pub options: String,
    /// What else the plugin is told.
    pub facts: Vec<Field>,
    /// The manifest's redact paths.
    pub redact_paths: Vec<Path>,
    /// Its metrics.
    pub meters: Meters,
    /// Whether its plugin is run.
    pub guard: Arc<Guard>,
    /// When a request last came under an earlier token, in milliseconds since 1970; 0: not since the server started.
    previous_used_ms: AtomicI64,
    /// Its logs are shown without the values that came.
    pub hides_personal_data: bool,
    headers: HashSet<String>,
    query: HashSet<String>,
    every_query: bool,
}

impl Snapshot {
    /// Reads everything from the store. Sources of `previous` that are still the same are kept as they are: with a
    /// thousand of them, a change of one would else take a thousand times as long.
    pub async fn load(
        store: &Store,
        catalog: &Catalog,
        limits: &Limits,
        previous: Option<Reuse<'_>>,
    ) -> Result<Snapshot, ReadError> {
        let environments = store.environments().await?;
        let api_keys = store.api_keys().await?.into_iter().map(|key| (key.hash, key)).collect();
        let tokens = store.management_tokens().await?;
        let management_tokens = tokens.into_iter().map(|token| (token.hash, Arc::new(token))).collect();
        let by_id: HashMap<i64, &Environment> =
            environments.iter().map(|environment| (environment.id, environment)).collect();
        let mut endpoints = HashMap::new();
        let mut sources = BTreeMap::new();
        let before = previous;
        let previous = previous.filter(|previous| previous.snapshot.environments == environments);
        for record in store.sources().await? {
            let source = match previous.as_ref().and_then(|previous| previous.source(&record)) {
                Some(source) => source.clone(),
                None => Arc::new(Source::new(record, &by_id, catalog, limits, before.as_ref())),
            };
            for endpoint in source.endpoints.values() {
                let current = Entrance { endpoint: endpoint.clone(), until_ms: None };
                endpoints.insert(hash_token(&endpoint.record.token), current);
                endpoints.extend(endpoint.record.previous_tokens.iter().map(|previous| {
                    (previous.hash, Entrance { endpoint: endpoint.clone(), until_ms: Some(previous.until_ms) })
                }));
            }
            sources.insert(source.record.key.clone(), source);
        }
        Ok(Snapshot { environments, sources, endpoints, api_keys, management_tokens })
    }

    /// The endpoint of a token, at this time: an earlier token is good until its overlap ends.
    pub fn endpoint(&self, token: &str, now_ms: i64) -> Option<&Arc<Endpoint>> {
        let Entrance { endpoint, until_ms } = self.endpoints.get(&hash_token(token))?;
        if let Some(until_ms) = until_ms {
            if now_ms >= *until_ms {
                return None;
            }
            endpoint.previous_used_ms.fetch_max(now_ms, Ordering::Relaxed);
        }
        Some(endpoint)
    }

    /// Takes over what was seen under the configuration before this one.
    pub fn carry_over(&self, before: &Snapshot) {
        for (key, source) in &self.sources {
            for (slug, endpoint) in &source.endpoints {
                let same = before.sources.get(key).and_then(|source| source.endpoints.get(slug));
                if let Some(same) = same.filter(|same| same.id == endpoint.id) {
                    let used_ms = same.previous_used_ms.load(Ordering::Relaxed);
                    endpoint.previous_used_ms.fetch_max(used_ms, Ordering::Relaxed);
                }
            }
        }
        // A quarantine ends with the plugin that it was of.
        let earlier = before.sources.values().flat_map(|source| source.endpoints.values());
        for earlier in earlier.filter(|earlier| earlier.guard.is_quarantined()) {
            let now = self.sources.get(&earlier.source).and_then(|source| source.endpoints.get(&earlier.environment));
            if now.is_none_or(|now| !Arc::ptr_eq(&now.guard, &earlier.guard)) {
                earlier.guard.lift(earlier);
            }
        }
    }

    /// The API key of that hash.
    pub fn api_key(&self, hash: &TokenHash) -> Option<&ApiKeyRecord> {
        self.api_keys.get(hash)
    }

    /// The keys of an environment, the last created first.
    pub fn api_keys_of(&self, environment_id: i64) -> Vec<&ApiKeyRecord> {
        let mut keys: Vec<_> = self.api_keys.values().filter(|key| key.environment_id == environment_id).collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(key.id));
        keys
    }

    /// The management token of that hash. The one that the server was started with is not among them.
    pub fn management_token(&self, hash: &TokenHash) -> Option<&Arc<ManagementTokenRecord>> {
        self.management_tokens.get(hash)
    }

    /// All management tokens but the one that the server was started with, the last created first.
    pub fn management_tokens(&self) -> Vec<&ManagementTokenRecord> {
        let mut tokens: Vec<_> = self.management_tokens.values().map(AsRef::as_ref).collect();
        tokens.sort_unstable_by_key(|token| std::cmp::Reverse(token.id));
        tokens
    }

    /// Returns the slugs of the environments with these ids, in the order of their creation.
    pub fn environment_slugs(&self, ids: &[i64]) -> Vec<String> {
        let named = self.environments.iter().filter(|environment| ids.contains(&environment.id));
        named.map(|environment| environment.slug.clone()).collect()
    }

    /// The environment of that slug.
    pub fn environment(&self, slug: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.slug == slug)
    }
}

impl Source {
    /// Made of its record, its environments and the plugins: what is made again of the same is the same. Taken over from
    /// before is a plugin that may stay, and what was seen of it.
    fn new(
        record: SourceRecord,
        environments: &HashMap<i64, &Environment>,
        catalog: &Catalog,
        limits: &Limits,
        before: Option<&Reuse<'_>>,
    ) -> Source {
        let mut endpoints = BTreeMap::new();
        for environment in &record.environments {
            let Some(known) = environments.get(&environment.environment_id) else { continue };
            let before = before.and_then(|before| before.endpoint(&record, &known.slug, environment.id));
            let had = before.map(|before| before.plugin_ref.digest.as_str());
            let plugin = |requirements: PluginRequirements<'_>| {
                catalog.in_force(&record.provider, environment.plugin.as_deref(), requirements, had).cloned()
            };
            let made = Endpoint::new(&record, environment, &known.slug, plugin, limits);
            let has_same_plugin = |before: &&Arc<Endpoint>| before.plugin_ref.digest == made.plugin_ref.digest;
            let endpoint = Endpoint {
                hides_personal_data: known.hide_personal_data,
                guard: before.filter(has_same_plugin).map(|before| before.guard.clone()).unwrap_or_default(),
                ..made
            };
            endpoints.insert(known.slug.clone(), Arc::new(endpoint));
        }
        Source { record, endpoints }
    }
}

impl Endpoint {
    fn new(
        source: &SourceRecord,
        record: &SourceEnvironmentRecord,
        slug: &str,
        plugin: impl FnOnce(PluginRequirements<'_>) -> Option<Plugin>,
        limits: &Limits,
    ) -> Endpoint {
        let settings: Settings = serde_json::from_str(&record.settings).unwrap_or_else(|error| {
            // Written by this program and checked then: a later version's settings, read by an earlier one.
            tracing::error!(source = source.key, environment = slug, %error, "stored settings are unreadable; defaults apply");
            Settings::default()
        });
        let scheme: Option<Template> = record.scheme.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let plugin = plugin(PluginRequirements { scheme: scheme.as_ref(), options: &settings.options });
        if plugin.is_none() {
            tracing::error!(
                source = source.key,
                environment = slug,
                provider = source.provider,
                pinned = record.plugin,
                "this server has no such plugin; its requests get 503"
            );
        }
        let manifest = plugin.as_ref().map(|plugin| plugin.manifest().clone());
        if manifest.as_ref().is_some_and(|manifest| !same_scheme(manifest.verification.as_ref(), scheme.as_ref())) {
            tracing::warn!(
                source = source.key,
                environment = slug,
                "the plugin's verification scheme differs from the one in force, which stays until an operator takes the new one"
            );
        }
        let mappings: Vec<Mapping> =
            record.mappings.iter().filter_map(|mapping| read_mapping(source, mapping)).collect();
        let options = manifest.as_ref().map_or_else(
            || "{}".to_owned(),
            |manifest| {
                let given = serde_json::Value::Object(settings.options.clone());
                // Checked when they were saved; a newer plugin may want others, and then sees what was given.
                manifest.check_options(&given).unwrap_or(given).to_string()
            },
        );
        let header = scheme.as_ref().map(|scheme| scheme.header().to_ascii_lowercase());
        let max_body_bytes = settings
            .max_body_bytes
            .or(manifest.as_ref().map(|manifest| manifest.max_body_bytes))
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(5 * 1024 * 1024);
        let index = MappingIndex::new(mappings.iter().cloned());
        let query: HashSet<String> = manifest.iter().flat_map(|manifest| &manifest.query).cloned().collect();
        Endpoint {
            id: record.id,
            environment_id: record.environment_id,
            environment: slug.to_owned(),
            source: source.key.clone(),
            plugin_ref: Arc::new(PluginRef {
                key: source.provider.clone(),
                version: manifest.as_ref().map(|manifest| manifest.version.clone()).unwrap_or_default(),
                digest: plugin.as_ref().map(|plugin| plugin.digest().to_owned()).unwrap_or_default(),
            }),
            credential_header: settings.verification_header.clone().or(header),
            max_body_bytes,
            facts: facts(&settings, &index, max_body_bytes, limits),
            redact_paths: manifest
                .iter()
                .flat_map(|manifest| &manifest.redact_paths)
                .filter_map(|path| Path::parse(path).ok())
                .collect(),
            headers: manifest
                .iter()
                .flat_map(|manifest| &manifest.headers)
                .chain(&settings.keep_headers)
                .cloned()
                .collect(),
            every_query: query.contains(EVERY_PARAMETER),
            query,
            previous_used_ms: AtomicI64::new(0),
            hides_personal_data: false,
            meters: Meters::new(&source.key, slug, &source.provider),
            guard: Arc::default(),
            index,
            record: record.clone(),
            settings,
            mappings,
            plugin,
            scheme,
            options,
        }
    }

    /// The same source environment as it would be with that plugin and its verification.
    pub fn with_plugin(&self, source: &SourceRecord, plugin: &Plugin, catalog: &Catalog, limits: &Limits) -> Endpoint {
        let scheme = plugin.manifest().verification.as_ref();
        let record = SourceEnvironmentRecord {
            plugin: catalog.pin_of(plugin),
            scheme: scheme.and_then(|scheme| serde_json::to_string(scheme).ok()),
            ..self.record.clone()
        };
        Endpoint {
            hides_personal_data: self.hides_personal_data,
            ..Endpoint::new(source, &record, &self.environment, |_| Some(plugin.clone()), limits)
        }
    }

    /// What a plugin must fit that comes to it without being asked for.
    pub fn plugin_requirements(&self) -> PluginRequirements<'_> {
        PluginRequirements { scheme: self.scheme.as_ref(), options: &self.settings.options }
    }

    /// The signing secrets that are good at this time, the current one first.
    pub fn secrets(&self, now_ms: i64) -> impl Iterator<Item = &str> {
        let previous = self.record.previous_signing_secret.as_ref().filter(|previous| now_ms < previous.until_ms);
        self.record.signing_secret.as_deref().into_iter().chain(previous.map(|previous| previous.secret.as_str()))
    }

    /// Until when the last of the earlier tokens is good, in milliseconds since 1970; none: only the current one is.
    pub fn previous_until_ms(&self, now_ms: i64) -> Option<i64> {
        self.record.previous_tokens.iter().map(|previous| previous.until_ms).filter(|until_ms| now_ms < *until_ms).max()
    }

    /// When a request last came under an earlier token, in milliseconds since 1970, if one did since the server started.
    pub fn previous_used_ms(&self) -> Option<i64> {
        Some(self.previous_used_ms.load(Ordering::Relaxed)).filter(|used_ms| *used_ms > 0)
    }

    /// Whether a header, by its name in lower case, may leave the door.
    pub fn wants_header(&self, name: &str) -> bool {
        self.headers.contains(name)
    }

    /// Whether a query parameter, decoded, may leave the door: it is listed, or all are and this one is no credential.
    pub fn wants_query(&self, name: &str, value: &str) -> bool {
        let wanted = self.query.contains(name) || (self.every_query && self.is_no_credential(name));
        wanted && !self.is_secret(value)
    }

    /// Whether a parameter has another name than those that credentials have as headers.
    fn is_no_credential(&self, name: &str) -> bool {
        may_be_forwarded(&name.to_ascii_lowercase(), self.credential_header.as_deref())
    }

    /// Whether a value is the source environment's own secret, perhaps behind a word such as `Bearer`.
    fn is_secret(&self, value: &str) -> bool {
        // The previous one too, whatever its time: it is still a secret.
        self.secrets(i64::MIN).filter(|secret| !secret.is_empty()).any(|secret| {
            let before = value.trim_end().strip_suffix(secret);
            before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
        })
    }

    /// Methods that the endpoint takes.
    pub fn methods(&self) -> Vec<&str> {
        match &self.plugin {
            Some(plugin) => plugin.manifest().methods.iter().map(String::as_str).collect(),
            None => vec!["POST", "PUT", "PATCH"],
        }
    }
}

fn facts(settings: &Settings, index: &MappingIndex, max_body_bytes: usize, limits: &Limits) -> Vec<Field> {
    let mut facts = vec![
        Field::new("handle_identifies", settings.handle_identifies.to_string()),
        Field::new("max_body_bytes", max_body_bytes.to_string()),
        Field::new("max_items", limits.items.to_string()),
    ];
    if !index.matching("identify").is_empty() {
        facts.push(Field::new("identify_mapped", "true"));
    }
    facts.extend(settings.event_type_path.as_ref().map(|path| Field::new("event_type_path", path.as_str())));
    facts
}

fn read_mapping(source: &SourceRecord, record: &MappingRecord) -> Option<Mapping> {
    match actions::parse_action(&record.action_type, &record.parameters) {
        Ok(action) => Some(Mapping {
            id: record.id,
            event_type: record.event_type.clone(),
            action,
            parameters: record.parameters.as_str().into(),
            active: record.active,
            created_at_ms: record.created_at_ms,
            updated_at_ms: record.updated_at_ms,
        }),
        Err(error) => {
            tracing::error!(source = source.key, mapping = %record.id, %error, "a stored mapping is unreadable and is left out");
            None
        }
    }
}

/// A new endpoint token: 160 random bits, in letters and digits.
pub fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// A new token for the management API.
pub fn new_management_token() -> Result<String, getrandom::Error> {
    new_token().map(|token| format!("im_{token}"))
}

/// Characters of a token or a key that are kept, by which a person tells them apart.
const HINT: usize = 4;

/// The last characters of a token or a key.
pub fn hint(token: &str) -> String {
    token[token.len().saturating_sub(HINT)..].to_owned()
}

/// A new API key of an environment.
pub fn new_api_key() -> Result<String, getrandom::Error> {
    new_token().map(|token| format!("sk_{token}"))
}

/// The id of something new: UUIDv7, each greater than the one before.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
