//! `inlet change list`: lists who changed what.

use inlet_api_types::changes::Change;

use crate::{
    client::{ServerArguments, encoded},
    output::{OutputArguments, PageArguments, list, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only changes in this environment
    #[arg(long, value_name = "SLUG")]
    env: Option<String>,
    /// Only changes of this resource, for example sources/shop
    #[arg(long, value_name = "PATH")]
    resource: Option<String>,
    /// Only changes by this operation, for example upsertSource
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Only changes by the token of this name
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    page: PageArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let filters = [
        ("environment", &arguments.env),
        ("resource", &arguments.resource),
        ("operation", &arguments.operation),
        ("who", &arguments.who),
    ];
    let filters = filters.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_ref()?))));
    let path = format!("/v1/changes?{}", filters.collect::<Vec<_>>().join("&"));
    list(&arguments.server.client()?, &path, &arguments.page, arguments.output, |changes: Vec<Change>| {
        let rows = changes.into_iter().map(|change| {
            [change.at, change.who.name, change.operation, change.resource, change.environment.unwrap_or_default()]
        });
        table(["AT", "WHO", "OPERATION", "RESOURCE", "ENVIRONMENT"], rows)
    })
}
