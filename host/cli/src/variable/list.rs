//! `inlet variable list`: lists the variables of an environment.

use inlet_api_types::variables::Variable;

use crate::{
    client::{EnvironmentArgument, ServerArguments},
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
    let path = format!("/v1/variables?{}", arguments.environment.query(&client)?);
    whole_list(&client, &path, arguments.output, |variables: Vec<Variable>| {
        let rows = variables.into_iter().map(|variable| {
            let value = variable.value.unwrap_or_else(|| "(secret)".to_owned());
            [variable.key, variable.variable_type, value, variable.description.unwrap_or_default()]
        });
        table(["KEY", "TYPE", "VALUE", "DESCRIPTION"], rows)
    })
}
