//! `inlet mapping list`: lists the mappings of a source.

use anyhow::Context as _;

use super::read;
use crate::{
    client::ServerArguments,
    output::{OutputArguments, note, print, print_json, table},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// Only mappings of this event type
    #[arg(long, value_name = "TYPE")]
    event: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut mappings = read(&arguments.server.client()?, &arguments.source)?.mappings;
    if let Some(event) = &arguments.event {
        mappings.retain(|mapping| mapping.event_type == *event);
    }
    if arguments.output.json {
        let entries = serde_json::to_string(&mappings).context("cannot write the mappings")?;
        return print_json(&format!("{{\"entries\":{entries}}}"));
    }
    if mappings.is_empty() {
        note("there are none; `inlet mapping set` adds one");
        return Ok(());
    }
    let rows = mappings.into_iter().map(|mapping| {
        let state = if mapping.active { "active" } else { "inactive" };
        let when = mapping.when.map(|when| when.into_text()).unwrap_or_default();
        let parameters = mapping.action_parameters.into_text();
        [mapping.id, mapping.event_type, mapping.action_type, state.to_owned(), when, parameters]
    });
    print(&table(["ID", "EVENT", "ACTION", "STATE", "WHEN", "PARAMETERS"], rows))
}
