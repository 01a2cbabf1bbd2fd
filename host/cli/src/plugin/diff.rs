//! `inlet plugin diff`: compares two versions of a plugin on a source's newest requests.

use anyhow::{Context as _, ensure};
use inlet_api_types::{
    providers::Plugin,
    sources::{ComparePlugins, ComparedPlugins},
};

use super::{
    comparison::{Comparison, compare},
    reference::{SourceRef, VersionRef},
};
use crate::{
    client::{OTHER_VERSION, ServerArguments},
    output::{print_json, print_text},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A version that the server has, VERSION or KEY@VERSION; its digest; or `latest`
    #[arg(value_name = "OLD")]
    old: String,
    /// The one to compare it with
    #[arg(value_name = "NEW")]
    new: String,
    /// The source, for example shop@production
    #[arg(long, value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// How many of its newest requests, at most 500
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    last: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let ((old_key, old), (new_key, new)) = (split(&arguments.old), split(&arguments.new));
    let request = ComparePlugins { old: Some(old), new, last: Some(arguments.last.into()) };
    let response = compare(&client, &arguments.source, &request)?;
    let compared: ComparedPlugins = serde_json::from_str(&response).context(OTHER_VERSION)?;
    for (named, Plugin { key, .. }) in [(old_key, &compared.old), (new_key, &compared.new)] {
        ensure!(
            named.as_ref().is_none_or(|named| named == key),
            "{} is a source of {key}; expected versions of that",
            arguments.source.source
        );
    }
    match arguments.json {
        true => print_json(&response),
        false => print_text(&Comparison(&compared).to_string()),
    }
}

/// Splits a version argument into its key, if it has one, and its version.
fn split(argument: &str) -> (Option<String>, String) {
    match argument.parse::<VersionRef>() {
        Ok(VersionRef { key, version }) => (Some(key), version),
        Err(_) => (None, argument.to_owned()),
    }
}
