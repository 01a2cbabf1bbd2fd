//! The context that the items of one request share, and the parts of a log entry that are derived from it.

use std::sync::Arc;

use crate::{
    contract::{Field, GuestLog},
    idempotency::{self, HashKey, ScopedKey},
    json,
    log::PluginRef,
    mapping::MappingIndex,
    path::Path,
    plan::{self, Plan, Scope},
    settings::Settings,
    verification::{Covers, Verdict},
};

/// The context that the items of one request share.
#[derive(Clone)]
pub struct Context<'a> {
    /// The source environment's database id.
    pub source_environment: i64,
    /// The source environment's settings.
    pub settings: &'a Settings,
    /// The manifest's redact paths.
    pub redact_paths: &'a [Path],
    /// The source environment's active mappings.
    pub mappings: &'a MappingIndex,
    /// The environment's public variables, a JSON object.
    pub vars: &'a str,
    /// The secret that idempotency keys are hashed with.
    pub hash_key: &'a HashKey,
    /// The plugin that translated the request.
    pub plugin: Arc<PluginRef>,
    /// The verdict of verification.
    pub verdict: Verdict,
    /// The time at which the request arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The forwarded headers, a JSON object; see [`headers_json`].
    pub headers: Option<Arc<str>>,
    /// The query parameters that were withheld because they hold a credential, as paths for the log.
    pub withheld: &'a [String],
    /// The lines that the plugin logged; see [`guest_logs_json`].
    pub guest_logs: Option<Arc<str>>,
}

impl Context<'_> {
    /// Plans an event with the mappings and settings of its source environment.
    pub(super) fn plan(&self, scope: Scope<'_>, event_type: &str, idempotency_key: Option<&str>) -> Plan {
        let settings = self.settings;
        let mut plan = plan::plan(scope, event_type, settings.handle_identifies, self.mappings.matching(event_type));
        if plan.actions.is_empty() && plan.reason.is_none() {
            plan.reason = Some(self.mappings.mismatch(event_type).into_owned());
        }
        if settings.enforce_idempotency {
            plan.key = idempotency_key.map(|key| {
                ScopedKey::new(
                    self.hash_key,
                    self.source_environment,
                    event_type,
                    key.to_owned(),
                    i64::try_from(settings.idempotency_window_seconds.saturating_mul(1000)).unwrap_or(i64::MAX),
                    idempotency::fingerprint(scope.user_id, scope.data),
                )
            });
        }
        plan
    }
}

/// Returns the forwarded headers as a JSON object, repeated ones joined as HTTP joins them; none when there are none.
pub fn headers_json(headers: &[Field]) -> Option<Arc<str>> {
    let mut members: indexmap::IndexMap<&str, String> = indexmap::IndexMap::new();
    for header in headers {
        members
            .entry(&header.name)
            .and_modify(|value| {
                value.push_str(", ");
                value.push_str(&header.value);
            })
            .or_insert_with(|| header.value.clone());
    }
    let quoted: Vec<_> = members.iter().map(|(name, value)| (*name, json::quote(value))).collect();
    (!quoted.is_empty()).then(|| json::object(quoted.iter().map(|(name, value)| (name, value.as_str()))).into())
}

/// Returns the lines that a plugin logged as a JSON array of `{level, message}`; none when there are none. `dropped` is the
/// number of further lines that were not kept.
pub fn guest_logs_json(logs: &[GuestLog], dropped: u32) -> Option<Arc<str>> {
    let mut lines: Vec<String> = logs.iter().filter_map(|line| serde_json::to_string(line).ok()).collect();
    if dropped > 0 {
        lines.push(format!(r#"{{"level":"warn","message":"{dropped} more lines were dropped"}}"#));
    }
    (!lines.is_empty()).then(|| json::array(lines).into())
}

/// Returns the verification status to log for the item at an index of its request. An item that its batch's signature does
/// not cover is `missing`.
pub fn verification_status(settings: &Settings, verdict: Verdict, index: usize) -> String {
    let verdict = match verdict {
        Verdict::Verified(Covers::First) if index > 0 => Verdict::Missing,
        verdict => verdict,
    };
    let prefix = if settings.enforce_verification { "enforced:" } else { "" };
    format!("{prefix}{}", verdict.as_str())
}
