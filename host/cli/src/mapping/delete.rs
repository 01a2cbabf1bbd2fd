//! `inlet mapping delete`: deletes a mapping of a source.

use anyhow::{Context as _, bail};
use inlet_api_types::sources::UpsertedSource;
use serde_json::json;

use super::{
    read,
    set::{of_mappings, request},
};
use crate::{
    client::{OTHER_VERSION, ServerArguments},
    exit_code::NotFound,
    output::{Confirmation, OutputArguments},
    plugin::reference::SourceRef,
    source::put::{send_source, warn},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@development
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The mapping
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let present = read(&client, &arguments.source)?;
    let (id, before) = (&arguments.id, present.mappings.len());
    let mappings: Vec<_> = present.mappings.into_iter().filter(|mapping| mapping.id != *id).map(request).collect();
    if mappings.len() == before {
        bail!(NotFound(format!("the source has no mapping {id:?}; `inlet mapping list` lists those there are")));
    }
    arguments.confirmation.require(id, &format!("this deletes the mapping {id:?}"))?;
    let change = of_mappings(&arguments.source.environment, mappings);
    let text = send_source(&client, &arguments.source, &change, Some(present.version), false)?;
    let upserted: UpsertedSource = serde_json::from_str(&text).context(OTHER_VERSION)?;
    warn(&upserted);
    arguments.output.finish(&json!({ "deleted": id }), "the mapping is deleted")
}
