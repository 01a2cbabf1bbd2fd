//! The request that gives a source another version of its plugin, which `use` and `rollback` share.

use inlet_core::json;
use serde::Deserialize;
use ureq::http::Method;

use super::reference::SourceRef;
use crate::client::{Client, Content, encoded};

/// The plugin in use after the request.
#[derive(Deserialize)]
struct Switched {
    plugin: Plugin,
    follows_latest: bool,
}

#[derive(Deserialize)]
struct Plugin {
    key: String,
    version: String,
    digest: String,
}

/// Switches a source's plugin and prints the one then in use.
pub(super) fn switch(client: &Client, source_ref: &SourceRef, which: &[(&str, String)]) -> anyhow::Result<()> {
    let SourceRef { source, environment } = source_ref;
    let environment_text = json::quote(environment);
    let members = which.iter().map(|(name, value)| (*name, value.as_str()));
    let request = json::object([("environment", environment_text.as_str())].into_iter().chain(members));
    let path = format!("/v1/sources/{}/plugin", encoded(source));
    let Switched { plugin, follows_latest } = client.send(Method::POST, &path, Content::Json(request))?;
    let Plugin { key, version, digest } = plugin;
    let latest = if follows_latest { ", and follows latest" } else { "" };
    println!("{source}@{environment} has {key} {version} now{latest}.\n{digest}");
    Ok(())
}
