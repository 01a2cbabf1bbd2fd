//! `inlet plugin show`: prints a plugin of a running server, its versions and the sources that use them.

use anyhow::Context as _;
use inlet_api_types::providers::{PluginQuarantine, SourceProvider, SourceProviderVersion, SourceProviderVersionUser};
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{OutputArguments, print_json, print_text},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin's key, for example acme/orders
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path = format!("/v1/source_providers/{}", encoded(&arguments.key));
    let text = arguments.server.client()?.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let SourceProvider { key, contract, provider, versions, .. } =
        serde_json::from_str(&text).context(OTHER_VERSION)?;
    print_text(&format!("{key} (contract {contract}): {}. {}", provider.name, provider.description))?;
    for SourceProviderVersion { version, digest, origin, added_at, loaded, load_error, used_by, .. } in versions {
        let since = match added_at {
            Some(at) => format!("added {at}"),
            None => format!("from the {origin}"),
        };
        let unloaded = match load_error.filter(|_| !loaded) {
            Some(error) => format!(", does not load any more: {error}"),
            None => String::new(),
        };
        print_text(&format!("{version}  {digest}  {since}{unloaded}"))?;
        for SourceProviderVersionUser { source, environment, follows_latest, quarantine, .. } in used_by {
            let latest = if follows_latest { " (follows latest)" } else { "" };
            let quarantine = quarantine.map(|PluginQuarantine { since, calls, faults, .. }| {
                format!(", quarantined since {since}: {faults} of {calls} calls failed")
            });
            print_text(&format!("    {source}@{environment}{latest}{}", quarantine.unwrap_or_default()))?;
        }
    }
    Ok(())
}
