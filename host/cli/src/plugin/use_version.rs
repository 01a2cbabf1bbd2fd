//! `inlet plugin use`: switches a source to a version of its plugin, after printing a comparison with the one in use.

use anyhow::{Context as _, bail};
use inlet_api_types::sources::{ComparePlugins, ComparedPlugins, UsePlugin};

use super::{
    comparison::{Comparison, compare},
    reference::SourceRef,
    switch::switch,
};
use crate::{
    client::{Client, OTHER_VERSION, ServerArguments, ServerError},
    output::{OutputArguments, note, print_text, text::clean},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The version; `latest` follows what is added last, as long as it verifies alike and takes the options
    #[arg(value_name = "VERSION")]
    plugin_version: String,
    /// Take what differs in verification and settings
    #[arg(long)]
    confirm: bool,
    /// Do not compare first what it changes, where the server cannot
    #[arg(long)]
    without_summary: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let not_compared = match arguments.without_summary {
        true => None,
        false => summarise(&client, arguments)?,
    };
    let request = UsePlugin {
        version: Some(arguments.plugin_version.clone()),
        confirm: Some(arguments.confirm),
        ..UsePlugin::default()
    };
    switch(&client, &arguments.source, &request, arguments.output)?;
    if let Some(reason) = not_compared {
        note(&format!("note: nothing was compared: {reason}"));
    }
    Ok(())
}

/// Prints the comparison. Returns the reason if nothing can be compared because the version in use is gone; the switch goes
/// on then, since it repairs the source.
fn summarise(client: &Client, arguments: &Arguments) -> anyhow::Result<Option<String>> {
    let request = ComparePlugins { new: arguments.plugin_version.clone(), ..ComparePlugins::default() };
    let error = match compare(client, &arguments.source, &request) {
        Ok(response) => {
            let compared: ComparedPlugins = serde_json::from_str(&response).context(OTHER_VERSION)?;
            let comparison = Comparison(&compared).to_string();
            match arguments.output.json {
                // The result alone is the data of a program.
                true => comparison.lines().for_each(|line| note(&clean(line))),
                false => print_text(&comparison)?,
            }
            return Ok(None);
        }
        Err(error) => error,
    };
    match error.downcast_ref::<ServerError>() {
        Some(ServerError(error)) if error.code == "conflict" => Ok(Some(error.message.clone())),
        Some(ServerError(error)) if !["unavailable", "internal"].contains(&error.code.as_str()) => {
            bail!("{}", error.message)
        }
        _ => Err(error.context(
            "what it changes could not be compared, and it was not taken; try again, or take it without looking with \
             --without-summary",
        )),
    }
}
