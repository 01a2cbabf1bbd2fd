//! The parts of a log entry that a case needs.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use inlet_api_types::logs::SourceLog;

use crate::client::OTHER_VERSION;

/// Returns the logged body, which is JSON, or an error if the entry does not hold it.
pub(super) fn body(entry: &SourceLog) -> anyhow::Result<&str> {
    let id = &entry.id;
    ensure!(
        !entry.personal_data_hidden,
        "the environment of {id} hides personal data, what came too; capture an event of another environment"
    );
    ensure!(!entry.body_removed, "nothing is kept of what came as {id}: it is past its retention");
    match &entry.original {
        Some(original) => Ok(original.as_text()),
        None => bail!("what came as {id} is not JSON, so it cannot be masked; write the case by hand"),
    }
}

/// Returns the logged headers by name.
pub(super) fn headers(entry: &SourceLog) -> anyhow::Result<BTreeMap<String, String>> {
    let Some(headers) = &entry.headers else { return Ok(BTreeMap::new()) };
    serde_json::from_str(headers.as_text()).context(OTHER_VERSION)
}
