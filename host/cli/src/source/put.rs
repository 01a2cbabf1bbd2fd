//! Changing a source over the API.

use anyhow::Context as _;
use inlet_api_types::sources::{UpsertedSource, WouldChange};
use serde::Serialize;
use ureq::http::Method;

use crate::{
    client::{Client, Content, OTHER_VERSION, encoded},
    output::{OutputArguments, note, print, print_json, shown_json},
    plugin::reference::SourceRef,
    route_commands::with_commands,
};

#[derive(Serialize)]
struct Body<'a, T> {
    source: &'a T,
}

/// Sends a change, and returns the answer's text.
pub(crate) fn send_source(
    client: &Client,
    source: &SourceRef,
    change: &impl Serialize,
    version: Option<i64>,
    dry_run: bool,
) -> anyhow::Result<String> {
    let SourceRef { source, environment } = source;
    let path = format!("/v1/sources/{}?environment={}&dry_run={dry_run}", encoded(source), encoded(environment));
    let request = Content::json(&Body { source: change })?;
    match version {
        Some(version) => client.send_if_match(Method::PUT, &path, version, request),
        None => client.send_for_text(Method::PUT, &path, request),
    }
}

/// Prints the warnings of an answer.
pub(crate) fn warn(upserted: &UpsertedSource) {
    for warning in &upserted.warnings {
        note(&format!("warning: {}", with_commands(warning)));
    }
}

/// Sends a change. Prints the answer's JSON if it is wanted, and on a dry run what would change; returns the answer otherwise.
pub(crate) fn put_source(
    client: &Client,
    source: &SourceRef,
    change: &impl Serialize,
    version: Option<i64>,
    dry_run: bool,
    output: OutputArguments,
) -> anyhow::Result<Option<UpsertedSource>> {
    let text = send_source(client, source, change, version, dry_run)?;
    let upserted: UpsertedSource = serde_json::from_str(&text).context(OTHER_VERSION)?;
    warn(&upserted);
    if output.json {
        print_json(&text)?;
        return Ok(None);
    }
    if !dry_run {
        return Ok(Some(upserted));
    }
    match upserted.would_change {
        Some(WouldChange { before: None, after: None }) | None => print("nothing would change")?,
        Some(WouldChange { before, after }) => {
            for (sign, json) in [("-", before), ("+", after)] {
                if let Some(json) = json {
                    print(&format!("{sign} {}", shown_json(json.as_text())))?;
                }
            }
        }
    }
    Ok(None)
}
