//! `inlet plugin show`: prints a plugin of a running server, its versions and the sources that use them.

use serde::Deserialize;

use crate::client::{ServerArguments, encoded};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin's key, for example acme/orders
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Deserialize)]
struct Shown {
    key: String,
    contract: String,
    provider: Platform,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Platform {
    name: String,
    description: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    digest: String,
    origin: String,
    added_at: Option<String>,
    loaded: bool,
    load_error: Option<String>,
    used_by: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    source: String,
    environment: String,
    follows_latest: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path = format!("/v1/source_providers/{}", encoded(&arguments.key));
    let Shown { key, contract, provider, versions } = arguments.server.client()?.get(&path)?;
    println!("{key} (contract {contract}): {}. {}", provider.name, provider.description);
    for Version { version, digest, origin, added_at, loaded, load_error, used_by } in versions {
        let since = match added_at {
            Some(at) => format!("added {at}"),
            None => format!("from the {origin}"),
        };
        let unloaded = match load_error.filter(|_| !loaded) {
            Some(error) => format!(", does not load any more: {error}"),
            None => String::new(),
        };
        println!("{version}  {digest}  {since}{unloaded}");
        for User { source, environment, follows_latest } in used_by {
            let latest = if follows_latest { " (follows latest)" } else { "" };
            println!("    {source}@{environment}{latest}");
        }
    }
    Ok(())
}
