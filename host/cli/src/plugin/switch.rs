//! The request that gives a source another version of its plugin, which `use` and `rollback` share.

use inlet_api_types::{
    providers::Plugin,
    sources::{UsePlugin, UsedPlugin},
};
use ureq::http::Method;

use super::reference::SourceRef;
use crate::client::{Client, Content, encoded};

/// Switches a source's plugin and prints the one then in use.
pub(super) fn switch(client: &Client, source: &SourceRef, request: &UsePlugin) -> anyhow::Result<()> {
    let SourceRef { source, environment } = source;
    let path = format!("/v1/sources/{}/plugin?environment={}", encoded(source), encoded(environment));
    let UsedPlugin { plugin, follows_latest, .. } = client.send(Method::POST, &path, Content::json(request)?)?;
    let Plugin { key, version, digest } = plugin;
    let latest = if follows_latest { ", and follows latest" } else { "" };
    println!("{source}@{environment} has {key} {version} now{latest}.\n{digest}");
    Ok(())
}
