//! `inlet source list`: lists the sources.

use inlet_api_types::sources::Source;

use crate::{
    client::ServerArguments,
    output::{OutputArguments, table, whole_list},
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
    let path = "/v1/sources?include=environment_settings";
    whole_list(&client, path, arguments.output, |sources: Vec<Source>| {
        let rows = sources.into_iter().map(|source| {
            let environments = source.environment_settings.unwrap_or_default();
            let mapped: Vec<String> = environments
                .iter()
                .filter(|(_, settings)| !settings.mappings.is_empty())
                .map(|(slug, settings)| format!("{slug} {}", settings.mappings.len()))
                .collect();
            [source.key, source.name, source.preconfigured_provider, mapped.join(", "), source.updated_at]
        });
        table(["KEY", "NAME", "PLUGIN", "MAPPINGS", "CHANGED"], rows)
    })
}
