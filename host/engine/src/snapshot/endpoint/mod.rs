//! A source environment, ready to receive.

mod build;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use inlet_core::{
    contract::Field,
    log::PluginRef,
    mapping::{Mapping, MappingIndex},
    path::Path,
    quarantine::{Admission, Change},
    settings::{OnReject, Settings},
    variables::Variables,
    verification::{Template, WRITE_KEY, handshake::Handshake, may_be_forwarded},
};
use inlet_sandbox::{Limits, Plugin};
use inlet_store::SourceEnvironmentRecord;

use crate::{
    Happening, Notice,
    admission::upcoming::Upcoming,
    catalog::PluginRequirements,
    metrics::Meters,
    quarantine::{self, Guard},
};

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
    /// The source environment as it is stored.
    pub record: SourceEnvironmentRecord,
    /// The settings in force.
    pub settings: Settings,
    /// All mappings, also inactive ones, the oldest first.
    pub mappings: Vec<Mapping>,
    /// The active mappings by event type.
    pub index: MappingIndex,
    /// The plugin. `None`: this server does not have it, and requests get 503.
    pub plugin: Option<Plugin>,
    /// The plugin's key, version and digest.
    pub plugin_ref: Arc<PluginRef>,
    /// The verification scheme in force: the one at the source's creation, until an operator takes another.
    pub scheme: Option<Template>,
    /// The header that holds the credential, in lower case. `None`: it is in one of several headers, in the query or in the
    /// body.
    pub credential_header: Option<String>,
    /// The platform's questions before it sends events, and the answers.
    pub handshakes: Vec<Handshake>,
    /// True if verification reads the address or the query.
    pub reads_target: bool,
    /// The body limit, in bytes.
    pub max_body_bytes: usize,
    /// The limits of a call of the plugin, with this source environment's number of items.
    pub limits: Limits,
    /// The answer to a request whose items were all rejected.
    pub on_reject: OnReject,
    /// The plugin's own settings with their defaults, as JSON text.
    pub options: String,
    /// Further facts for the plugin.
    pub facts: Vec<Field>,
    /// The manifest's redact paths.
    pub redact_paths: Vec<Path>,
    /// The metrics.
    pub meters: Meters,
    /// The plugin's quarantine.
    pub guard: Arc<Guard>,
    /// The requests that are verified and not yet in the store's queue.
    pub(crate) upcoming: Arc<Upcoming>,
    /// The last request under an earlier token, in milliseconds since 1970; 0 if none came since the server started.
    previous_used_ms: AtomicI64,
    /// True if logs are shown without the values that were sent.
    pub hides_personal_data: bool,
    /// The variables of the environment.
    pub variables: Arc<Variables>,
    headers: HashSet<String>,
    query: HashSet<String>,
    token_parameters: HashSet<String>,
    every_query: bool,
}

/// The access of a plugin to a query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryAccess {
    /// It may.
    Visible,
    /// The manifest does not ask for it.
    NotListed,
    /// The manifest asks for it, and it holds a credential or is named like one.
    Credential,
}

impl Endpoint {
    /// Describes a happening at this endpoint for [`crate::Engine::notice`].
    pub fn notice<'a>(&'a self, happening: Happening, cause: &'a str) -> Notice<'a> {
        Notice { happening, source: &self.source, environment: &self.environment, cause }
    }

    /// Returns what a plugin must meet to come into force without an operator's choice.
    pub fn plugin_requirements(&self) -> PluginRequirements<'_> {
        PluginRequirements { scheme: self.scheme.as_ref(), options: &self.settings.options }
    }

    /// Returns the signing secrets that are good at this time, the current one first.
    pub fn secrets(&self, now_ms: i64) -> impl Iterator<Item = &str> {
        let previous = self.record.previous_signing_secret.as_ref().filter(|previous| now_ms < previous.until_ms);
        self.record.signing_secret.as_deref().into_iter().chain(previous.map(|previous| previous.secret.as_str()))
    }

    /// Returns every header that may hold a credential, in lower case.
    pub fn credential_headers(&self) -> impl Iterator<Item = &str> + Clone {
        let own = self.scheme.iter().filter(|_| self.credential_header.is_none());
        self.credential_header.as_deref().into_iter().chain(own.flat_map(Template::credential_headers))
    }

    /// Returns true if requests are verified by a write key, and not by a signature.
    pub fn has_write_key(&self) -> bool {
        self.record.write_keys.current.is_some()
    }

    /// Returns the write keys that are good at this time, the current one first.
    pub fn write_keys(&self, now_ms: i64) -> impl Iterator<Item = &str> {
        self.record.write_keys.valid_at(now_ms)
    }

    /// Returns the end of the last earlier token, in milliseconds since 1970. `None` if only the current one is good.
    pub fn previous_until_ms(&self, now_ms: i64) -> Option<i64> {
        self.record.previous_tokens.iter().map(|previous| previous.until_ms).filter(|until_ms| now_ms < *until_ms).max()
    }

    /// Returns the time of the last request under an earlier token since the server started, in milliseconds since 1970.
    pub fn previous_used_ms(&self) -> Option<i64> {
        Some(self.previous_used_ms.load(Ordering::Relaxed)).filter(|used_ms| *used_ms > 0)
    }

    /// Notes a request under an earlier token.
    pub(super) fn note_previous_use(&self, at_ms: i64) {
        self.previous_used_ms.fetch_max(at_ms, Ordering::Relaxed);
    }

    /// Returns true if the plugin may see a header, by its name in lower case.
    pub fn wants_header(&self, name: &str) -> bool {
        self.headers.contains(name)
    }

    /// Returns whether the plugin may see a decoded query parameter: it is listed, or all are and it is no credential.
    pub fn query_access(&self, name: &str, value: &str) -> QueryAccess {
        let is_listed = self.query.contains(name);
        if !is_listed && !self.every_query {
            return QueryAccess::NotListed;
        }
        if name == WRITE_KEY && self.has_write_key() {
            return QueryAccess::Credential;
        }
        let holds_signature = |scheme: &Template| scheme.signature_parameters().any(|signature| signature == name);
        if self.is_token_parameter(name) || self.scheme.as_ref().is_some_and(holds_signature) {
            return QueryAccess::Credential;
        }
        // A name that is the secret must not be named as withheld either.
        if self.is_secret(name) {
            return QueryAccess::NotListed;
        }
        match (is_listed || self.is_no_credential(name)) && !self.is_secret(value) {
            true => QueryAccess::Visible,
            false => QueryAccess::Credential,
        }
    }

    /// Returns true if a decoded query parameter holds a token: a JSON Web Token, or the verify token of a handshake.
    pub(crate) fn is_token_parameter(&self, name: &str) -> bool {
        self.token_parameters.contains(name)
    }

    /// Returns true if a parameter has no name that credentials have as headers.
    fn is_no_credential(&self, name: &str) -> bool {
        may_be_forwarded(&name.to_ascii_lowercase(), self.credential_headers())
    }

    /// Returns true if a value is the source environment's own secret or write key, perhaps behind a word such as `Bearer`.
    pub(crate) fn is_secret(&self, value: &str) -> bool {
        // An expired previous secret is a secret still.
        let secrets = self.secrets(i64::MIN).chain(self.write_keys(i64::MIN));
        secrets.filter(|secret| !secret.is_empty()).any(|secret| {
            let before = value.trim_end().strip_suffix(secret);
            before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
        })
    }

    /// Returns the methods that the endpoint takes.
    pub fn methods(&self) -> Vec<&str> {
        match &self.plugin {
            Some(plugin) => plugin.manifest().methods.iter().map(String::as_str).collect(),
            None => vec!["POST", "PUT", "PATCH"],
        }
    }

    /// Counts the end of a request's attempt to use the plugin. The first two arguments are those of [`Guard::admit`].
    pub(crate) fn count_attempt(&self, admission: Admission, was_alert: bool, is_fault: bool) {
        if let Some(change) = self.guard.ended(admission, was_alert, is_fault) {
            quarantine::report(&self.source, &self.environment, &self.plugin_ref, change);
        }
    }

    /// Ends the quarantine of the plugin, if there is one.
    pub fn lift_quarantine(&self) {
        if self.guard.lift() {
            quarantine::report(&self.source, &self.environment, &self.plugin_ref, Change::Ended);
        }
    }

    /// Describes the quarantine of the plugin to an operator, if there is one.
    pub fn quarantine_note(&self) -> Option<String> {
        let since_ms = self.guard.quarantined_since_ms()?;
        Some(quarantine::describe(&self.environment, &self.plugin_ref, since_ms))
    }
}
