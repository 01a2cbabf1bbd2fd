//! `inlet plugin list`: lists the plugins of a running server.

use inlet_api_types::providers::ListedProvider;

use crate::{
    client::ServerArguments,
    output::{OutputArguments, text::clean, whole_list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    whole_list(&client, "/v1/source_providers", arguments.output, |entries: Vec<ListedProvider>| {
        let width =
            |text: fn(&ListedProvider) -> &str| entries.iter().map(|entry| text(entry).len()).max().unwrap_or(0);
        let (keys, versions) = (width(|entry| &entry.key), width(|entry| &entry.version));
        let lines = entries.iter().map(|ListedProvider { key, version, digest, provider, .. }| {
            clean(&format!("{key:keys$}  {version:versions$}  {digest}  {}", provider.name))
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}
