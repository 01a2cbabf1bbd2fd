//! `inlet plugin list`: lists the plugins of a running server.

use serde::Deserialize;

use crate::client::ServerArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Deserialize)]
struct Listed {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    version: String,
    digest: String,
    provider: Platform,
}

#[derive(Deserialize)]
struct Platform {
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let listed: Listed = arguments.server.client()?.get("/v1/source_providers")?;
    let width = |text: fn(&Entry) -> &str| listed.entries.iter().map(|entry| text(entry).len()).max().unwrap_or(0);
    let (keys, versions) = (width(|entry| &entry.key), width(|entry| &entry.version));
    for Entry { key, version, digest, provider } in &listed.entries {
        println!("{key:keys$}  {version:versions$}  {digest}  {}", provider.name);
    }
    Ok(())
}
