//! `inlet mapping delete`: deletes a mapping of a source.

use anyhow::bail;

use super::{
    read,
    set::{of_mappings, request},
};
use crate::{
    client::ServerArguments,
    exit_code::NotFound,
    output::{Confirmation, OutputArguments, note},
    plugin::reference::SourceRef,
    source::put::put_source,
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
    let deleted = put_source(&client, &arguments.source, &change, Some(present.version), false, arguments.output)?;
    if deleted.is_some() {
        note("the mapping is deleted");
    }
    Ok(())
}
