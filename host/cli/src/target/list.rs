//! `inlet target list`: lists the targets of an environment.

use inlet_api_types::targets::Target;

use crate::{
    client::{EnvironmentArgument, ServerArguments},
    enum_word::word,
    output::{OutputArguments, table, whole_list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/targets?{}", arguments.environment.query(&client)?);
    whole_list(&client, &path, arguments.output, |targets: Vec<Target>| {
        let rows = targets.into_iter().map(|target| {
            let url = target.url.and_then(|url| url.to_str()).unwrap_or_default();
            let workflows = target.workflows.map_or_else(|| "all".to_owned(), |keys| keys.join(", "));
            [target.key, target.kind, word(&target.state), target.open_deliveries.to_string(), workflows, url]
        });
        table(["KEY", "KIND", "STATE", "OPEN", "WORKFLOWS", "URL"], rows)
    })
}
