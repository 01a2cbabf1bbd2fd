//! Searches the event logs of sources for entries.

use anyhow::bail;
use inlet_api_types::{
    logs::{SourceLog, SourceLogList},
    sources::{Source, SourceEnvironmentSettings, SourceList, SourceSettings},
};
use inlet_core::Uuid;

use crate::{
    client::{Client, encoded},
    exit_code::NotFound,
    plugin::reference::SourceRef,
};

/// The sources whose logs are searched, with their settings.
pub(super) struct LogSearch(Vec<(SourceRef, SourceSettings)>);

impl LogSearch {
    /// Searches one source environment, or all that the token may read.
    pub(super) fn new(client: &Client, only: Option<&SourceRef>) -> anyhow::Result<Self> {
        let environment = only.map(|only| format!("&environment={}", encoded(&only.environment))).unwrap_or_default();
        let sources: SourceList = client.get(&format!("/v1/sources?include=environment_settings{environment}"))?;
        let mut searched = Vec::new();
        for Source { key, environment_settings, .. } in sources.entries {
            let environments = environment_settings.unwrap_or_default().into_iter();
            let of_source = environments.map(|(environment, SourceEnvironmentSettings { settings, .. })| {
                (SourceRef { source: key.clone(), environment }, settings)
            });
            searched.extend(of_source.filter(|(source, _)| only.is_none_or(|only| only == source)));
        }
        match (searched.is_empty(), only) {
            (true, Some(SourceRef { source, environment })) => {
                bail!(NotFound(format!("there is no source {source:?} in {environment:?}")))
            }
            (true, None) => bail!(NotFound("there is no source; nothing is logged".to_owned())),
            (false, _) => Ok(Self(searched)),
        }
    }

    /// Returns the entry of an id, and the settings of its source.
    pub(super) fn find(&self, client: &Client, id: Uuid) -> anyhow::Result<(SourceLog, &SourceSettings)> {
        for (SourceRef { source, environment }, settings) in &self.0 {
            let environment = encoded(environment);
            let logs: SourceLogList =
                client.get(&format!("/v1/sources/{}/logs?environment={environment}&id={id}", encoded(source)))?;
            if let Some(entry) = logs.entries.into_iter().next() {
                return Ok((entry, settings));
            }
        }
        bail!(NotFound(format!(
            "there is no log entry {id}; it may be past its environment's retention, or of a source not named"
        )))
    }
}
