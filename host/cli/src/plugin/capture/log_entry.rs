//! A log entry of a running server, as far as a case needs it.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use inlet_core::Uuid;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct LogEntry {
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

/// Returns the logged body, which is JSON, or an error if the entry does not hold it.
pub(super) fn body(entry: &LogEntry, id: Uuid) -> anyhow::Result<&str> {
    ensure!(
        !entry.personal_data_hidden,
        "the environment of {id} hides personal data, what came too; capture an event of another environment"
    );
    ensure!(!entry.body_removed, "nothing is kept of what came as {id}: it is past its retention");
    match &entry.original {
        Some(original) => Ok(original.get()),
        None => bail!("what came as {id} is not JSON, so it cannot be masked; write the case by hand"),
    }
}
