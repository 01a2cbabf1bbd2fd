//! Searches the event logs of sources for entries.

use std::collections::BTreeMap;

use anyhow::bail;
use inlet_core::Uuid;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::log_entry::LogEntry;
use crate::{
    client::{Client, encoded},
    plugin::reference::SourceRef,
};

#[derive(Deserialize)]
struct Sources {
    entries: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    key: String,
    environment_settings: BTreeMap<String, Environment>,
}

#[derive(Deserialize)]
struct Environment {
    settings: Settings,
}

/// The settings of a source that its plugin is given with a request.
#[derive(Deserialize)]
pub(super) struct Settings {
    pub(super) options: Map<String, Value>,
    pub(super) handle_identifies: bool,
    pub(super) event_type_path: Option<String>,
}

#[derive(Deserialize)]
struct Logs {
    entries: Vec<LogEntry>,
}

/// The sources whose logs are searched, with their settings.
pub(super) struct LogSearch(Vec<(SourceRef, Settings)>);

impl LogSearch {
    /// Searches one source environment, or all that the token may read.
    pub(super) fn new(client: &Client, only: Option<&SourceRef>) -> anyhow::Result<Self> {
        let environment = only.map(|only| format!("&environment={}", encoded(&only.environment))).unwrap_or_default();
        let sources: Sources = client.get(&format!("/v1/sources?include=environment_settings{environment}"))?;
        let mut searched = Vec::new();
        for Source { key, environment_settings } in sources.entries {
            let of_source = environment_settings.into_iter().map(|(environment, Environment { settings })| {
                (SourceRef { source: key.clone(), environment }, settings)
            });
            searched.extend(of_source.filter(|(source, _)| only.is_none_or(|only| only == source)));
        }
        match (searched.is_empty(), only) {
            (true, Some(SourceRef { source, environment })) => {
                bail!("there is no source {source:?} in {environment:?}")
            }
            (true, None) => bail!("there is no source; nothing is logged"),
            (false, _) => Ok(Self(searched)),
        }
    }

    /// Returns the entry of an id, and the settings of its source.
    pub(super) fn find(&self, client: &Client, id: Uuid) -> anyhow::Result<(LogEntry, &Settings)> {
        for (SourceRef { source, environment }, settings) in &self.0 {
            let environment = encoded(environment);
            let logs: Logs =
                client.get(&format!("/v1/sources/{}/logs?environment={environment}&id={id}", encoded(source)))?;
            if let Some(entry) = logs.entries.into_iter().next() {
                return Ok((entry, settings));
            }
        }
        bail!("there is no log entry {id}; it may be past its environment's retention, or of a source not named")
    }
}
