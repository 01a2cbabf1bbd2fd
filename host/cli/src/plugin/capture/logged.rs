//! A log entry of a running server, as far as a case is made of it.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use inlet_core::Uuid;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    client::{Client, encoded},
    plugin::named::SourceAt,
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

/// What a plugin is told besides the request.
#[derive(Deserialize)]
pub(super) struct Settings {
    pub(super) options: Map<String, Value>,
    pub(super) handle_identifies: bool,
    pub(super) event_type_path: Option<String>,
}

#[derive(Deserialize)]
struct Logs {
    entries: Vec<Entry>,
}

/// The entry.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) original: Option<Box<RawValue>>,
    pub(super) body_removed: bool,
    pub(super) personal_data_hidden: bool,
    pub(super) outcome: String,
    pub(super) received_at: String,
    pub(super) headers: Option<BTreeMap<String, String>>,
    pub(super) plugin: Plugin,
}

#[derive(Deserialize)]
pub(super) struct Plugin {
    pub(super) key: String,
}

/// Where entries are looked for.
pub(super) struct Places(Vec<(SourceAt, Settings)>);

impl Places {
    /// One source environment, or all that the token is good for.
    pub(super) fn of(client: &Client, named: Option<&SourceAt>) -> anyhow::Result<Self> {
        let environment = named.map(|at| format!("&environment={}", encoded(&at.environment))).unwrap_or_default();
        let sources: Sources = client.get(&format!("/v1/sources?include=environment_settings{environment}"))?;
        let mut places = Vec::new();
        for Source { key, environment_settings } in sources.entries {
            let of_source = environment_settings.into_iter().map(|(environment, Environment { settings })| {
                (SourceAt { source: key.clone(), environment }, settings)
            });
            places.extend(of_source.filter(|(at, _)| named.is_none_or(|named| named == at)));
        }
        match (places.is_empty(), named) {
            (true, Some(SourceAt { source, environment })) => bail!("there is no source {source:?} in {environment:?}"),
            (true, None) => bail!("there is no source; nothing is logged"),
            (false, _) => Ok(Self(places)),
        }
    }

    /// The entry of that id.
    pub(super) fn find(&self, client: &Client, id: Uuid) -> anyhow::Result<(Entry, &Settings)> {
        for (SourceAt { source, environment }, settings) in &self.0 {
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

impl Entry {
    /// What came, JSON.
    pub(super) fn body(&self, id: Uuid) -> anyhow::Result<&str> {
        ensure!(
            !self.personal_data_hidden,
            "the environment of {id} hides personal data, what came too; capture an event of another environment"
        );
        ensure!(!self.body_removed, "nothing is kept of what came as {id}: it is past its retention");
        match &self.original {
            Some(original) => Ok(original.get()),
            None => bail!("what came as {id} is not JSON, so it cannot be masked; write the case by hand"),
        }
    }
}
