//! Changes an existing source, in one environment and in what all environments share.

use std::sync::Arc;

use inlet_core::{
    rotating_secret::RotatingSecret,
    settings::{ChangedSettings, SecretChange},
};
use inlet_engine::{
    clock::now_ms,
    snapshot::{Endpoint, Source},
};
use inlet_store::{MappingRecord, SourceEnvironmentUpdate, SourceUpdate};

use super::{Upsert, as_json, plan::Plan, preview::Preview, request::PROVIDER_FIELD};
use crate::error::ApiError;

impl Upsert<'_> {
    /// Refuses a request that names another plugin than the source has.
    pub fn check_same_provider(&self, source: &Source) -> Result<(), ApiError> {
        let Some(found) = &self.request.provider else { return Ok(()) };
        let present = &source.record.provider;
        match found == present || self.request.means_script(found, present) {
            true => Ok(()),
            false => {
                let message =
                    format!("found {found:?}, but this source has {present:?} and keeps it; create another source");
                Err(ApiError::invalid(PROVIDER_FIELD, message))
            }
        }
    }

    /// Writes the differences, or returns them on a dry run. Without any, nothing is written and the version stays.
    pub async fn update(&self, source: &Source, endpoint: &Endpoint, plan: Plan) -> Result<Option<Preview>, ApiError> {
        let record = &source.record;
        let update = SourceUpdate {
            source_id: record.id,
            name: self.request.name.clone().unwrap_or_else(|| record.name.clone()),
            description: self.request.description.clone().apply(record.description.clone()),
            custom_image_url: self.request.custom_image_url.clone().apply(record.custom_image_url.clone()),
            source_environment: update_of(endpoint, plan)?,
        };
        let shared_unchanged = (&update.name, &update.description, &update.custom_image_url)
            == (&record.name, &record.description, &record.custom_image_url);
        if !shared_unchanged {
            self.operator.may_see_all()?;
        }
        if shared_unchanged && update.source_environment.is_none() {
            return Ok(self.dry_run.then(Preview::default));
        }
        if self.dry_run {
            let proposed = update
                .source_environment
                .as_ref()
                .map(|update| Arc::new(endpoint.with_update(record, update, &self.change.engine().limits)));
            return Ok(Some(Preview::of(self.change.preview_source_update(record, endpoint, &update), proposed)));
        }
        self.change.update_source(record, endpoint, update).await?;
        let by = self.operator.name();
        tracing::info!(source = self.key, environment = self.environment.slug, by, "a source was changed");
        Ok(None)
    }
}

/// Returns the update of the source environment, or `None` if nothing of it differs.
pub fn update_of(endpoint: &Endpoint, plan: Plan) -> Result<Option<SourceEnvironmentUpdate>, ApiError> {
    let record = &endpoint.record;
    let (settings, secret, write_key) = match plan.settings {
        Some(ChangedSettings { settings, secret, write_key, .. }) => (settings, secret, write_key),
        None => (endpoint.settings.clone(), SecretChange::Keep, SecretChange::Keep),
    };
    let now_ms = now_ms();
    let (secrets, same_secrets) = changed(&record.signing_secrets(), secret, now_ms);
    let (write_keys, same_write_keys) = changed(&record.write_keys, write_key, now_ms);
    let mappings = plan.mappings.filter(|mappings| !same(mappings, &record.mappings));
    if settings == endpoint.settings && same_secrets && same_write_keys && mappings.is_none() {
        return Ok(None);
    }
    Ok(Some(SourceEnvironmentUpdate {
        id: record.id,
        expected_version: record.version,
        settings: as_json(&settings)?,
        signing_secret: secrets.current,
        previous_signing_secret: secrets.previous,
        write_keys,
        scheme: record.scheme.clone(),
        mappings,
    }))
}

/// Returns a secret after a change, and true if it stays as it is. An expired previous secret is dropped with the next
/// change. Dropping it alone is not a change.
fn changed(before: &RotatingSecret, change: SecretChange, now_ms: i64) -> (RotatingSecret, bool) {
    let is_kept = change == SecretChange::Keep;
    let after = before.change(change, now_ms);
    let is_same = is_kept || after == before.change(SecretChange::Keep, now_ms);
    (after, is_same)
}

/// Returns true if both lists hold the same mappings in any order.
fn same(a: &[MappingRecord], b: &[MappingRecord]) -> bool {
    a.len() == b.len() && a.iter().all(|mapping| b.contains(mapping))
}
