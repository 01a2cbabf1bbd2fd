//! `inlet plugin list`: lists the plugins of a running server.

use inlet_api_types::providers::{ListedProvider, SourceProviderList};

use crate::client::ServerArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let list: SourceProviderList = arguments.server.client()?.get("/v1/source_providers")?;
    let width =
        |text: fn(&ListedProvider) -> &str| list.entries.iter().map(|entry| text(entry).len()).max().unwrap_or(0);
    let (keys, versions) = (width(|entry| &entry.key), width(|entry| &entry.version));
    for ListedProvider { key, version, digest, provider, .. } in &list.entries {
        println!("{key:keys$}  {version:versions$}  {digest}  {}", provider.name);
    }
    Ok(())
}
