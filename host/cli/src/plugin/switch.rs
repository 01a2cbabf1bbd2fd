//! The request that gives a source another version of its plugin, which `use` and `rollback` share.

use anyhow::Context as _;
use inlet_api_types::{
    providers::Plugin,
    sources::{UsePlugin, UsedPlugin},
};
use ureq::http::Method;

use super::reference::SourceRef;
use crate::{
    client::{Client, Content, OTHER_VERSION, encoded},
    output::{OutputArguments, print_json, print_text},
};

/// Switches a source's plugin and prints the one then in use.
pub(super) fn switch(
    client: &Client,
    source: &SourceRef,
    request: &UsePlugin,
    output: OutputArguments,
) -> anyhow::Result<()> {
    let SourceRef { source, environment } = source;
    let path = format!("/v1/sources/{}/plugin?environment={}", encoded(source), encoded(environment));
    let text = client.send_for_text(Method::POST, &path, Content::json(request)?)?;
    if output.json {
        return print_json(&text);
    }
    let UsedPlugin { plugin, follows_latest, .. } = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let Plugin { key, version, digest } = plugin;
    let latest = if follows_latest { ", and follows latest" } else { "" };
    print_text(&format!("{source}@{environment} has {key} {version} now{latest}.\n{digest}"))
}
