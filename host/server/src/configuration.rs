//! The configuration of sources as ingestion needs it: in memory, immutable, replaced whole after every change.
//!
//! Nothing of it is queried per event. A request takes one snapshot at its start and keeps it to its end.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use inlet_core::{
    Uuid,
    contract::Field,
    log::PluginRef,
    mapping::{self, Mapping, MappingIndex},
    path::Path,
    settings::Settings,
    verification::Template,
};
use inlet_sandbox::Plugin;
use inlet_store::{
    ApiKeyRecord, Environment, ManagementTokenRecord, MappingRecord, ReadError, SourceEnvironmentRecord, SourceRecord,
    Store,
};
use sha2::{Digest, Sha256};

use crate::{catalog::Catalog, telemetry::Meters};

/// A SHA-256, by which endpoint tokens and API keys are found: looking one up takes no time that depends on the secret.
pub type TokenHash = [u8; 32];

/// Hashes a token or a key.
pub fn hash_token(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Everything that is configured.
pub struct Configuration {
    /// In the order of their creation.
    pub environments: Vec<Environment>,
    /// By key.
    pub sources: BTreeMap<String, Arc<Source>>,
    endpoints: HashMap<TokenHash, Arc<Endpoint>>,
    api_keys: HashMap<TokenHash, ApiKeyRecord>,
    management_tokens: HashMap<TokenHash, Arc<ManagementTokenRecord>>,
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
    /// Its logs are shown without the values that came.
    pub hides_personal_data: bool,
    headers: HashSet<String>,
    query: HashSet<String>,
}

impl Configuration {
    /// Reads everything from the store.
    pub async fn load(store: &Store, catalog: &Catalog) -> Result<Configuration, ReadError> {
        let environments = store.environments().await?;
        let api_keys = store.api_keys().await?.into_iter().map(|key| (key.hash, key)).collect();
        let tokens = store.management_tokens().await?;
        let management_tokens = tokens.into_iter().map(|token| (token.hash, Arc::new(token))).collect();
        let by_id: HashMap<i64, &Environment> =
            environments.iter().map(|environment| (environment.id, environment)).collect();
        let mut endpoints = HashMap::new();
        let mut sources = BTreeMap::new();
        for record in store.sources().await? {
            let mut by_environment = BTreeMap::new();
            for environment in &record.environments {
                let Some(known) = by_id.get(&environment.environment_id) else { continue };
                let endpoint = Endpoint {
                    hides_personal_data: known.hide_personal_data,
                    ..Endpoint::new(&record, environment, &known.slug, catalog)
                };
                let endpoint = Arc::new(endpoint);
                endpoints.insert(hash_token(&environment.token), endpoint.clone());
                by_environment.insert(known.slug.clone(), endpoint);
            }
            sources.insert(record.key.clone(), Arc::new(Source { record, endpoints: by_environment }));
        }
        Ok(Configuration { environments, sources, endpoints, api_keys, management_tokens })
    }

    /// The endpoint of a token.
    pub fn endpoint(&self, token: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(&hash_token(token))
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

    /// The environment of that slug.
    pub fn environment(&self, slug: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.slug == slug)
    }
}

impl Endpoint {
    fn new(source: &SourceRecord, record: &SourceEnvironmentRecord, slug: &str, catalog: &Catalog) -> Endpoint {
        let settings: Settings = serde_json::from_str(&record.settings).unwrap_or_else(|error| {
            // Written by this program and checked then: a later version's settings, read by an earlier one.
            tracing::error!(source = source.key, environment = slug, %error, "stored settings are unreadable; defaults apply");
            Settings::default()
        });
        let plugin = catalog.get(&source.provider).cloned();
        if plugin.is_none() {
            tracing::error!(
                source = source.key,
                provider = source.provider,
                "this server has no such plugin; its requests get 503"
            );
        }
        let manifest = plugin.as_ref().map(|plugin| plugin.manifest().clone());
        let scheme: Option<Template> = record.scheme.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if manifest.as_ref().is_some_and(|manifest| manifest.verification != scheme) {
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
            max_body_bytes: settings
                .max_body_bytes
                .or(manifest.as_ref().map(|manifest| manifest.max_body_bytes))
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(5 * 1024 * 1024),
            facts: facts(&settings),
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
            query: manifest.iter().flat_map(|manifest| &manifest.query).cloned().collect(),
            hides_personal_data: false,
            meters: Meters::new(&source.key, slug, &source.provider),
            index: MappingIndex::new(mappings.iter().cloned()),
            record: record.clone(),
            settings,
            mappings,
            plugin,
            scheme,
            options,
        }
    }

    /// Whether a header, by its name in lower case, may leave the door.
    pub fn wants_header(&self, name: &str) -> bool {
        self.headers.contains(name)
    }

    /// Whether a query parameter may leave the door.
    pub fn wants_query(&self, name: &str) -> bool {
        self.query.contains(name)
    }

    /// Methods that the endpoint takes.
    pub fn methods(&self) -> Vec<&str> {
        match &self.plugin {
            Some(plugin) => plugin.manifest().methods.iter().map(String::as_str).collect(),
            None => vec!["POST", "PUT", "PATCH"],
        }
    }
}

fn facts(settings: &Settings) -> Vec<Field> {
    let mut facts = vec![Field::new("handle_identifies", settings.handle_identifies.to_string())];
    facts.extend(settings.event_type_path.as_ref().map(|path| Field::new("event_type_path", path.as_str())));
    facts
}

fn read_mapping(source: &SourceRecord, record: &MappingRecord) -> Option<Mapping> {
    match mapping::parse_action(&record.action_type, &record.parameters) {
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
