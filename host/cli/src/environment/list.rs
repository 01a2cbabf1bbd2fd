//! `inlet env list`: lists the environments.

use inlet_api_types::environments::Environment;

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
    whole_list(&client, "/v1/environments", arguments.output, |environments: Vec<Environment>| {
        let rows = environments.into_iter().map(|environment| {
            let bodies = environment.body_retention_days.unwrap_or(environment.retention_days);
            let retention = format!("{} days", environment.retention_days);
            let bodies = format!("{} for {bodies} days", environment.keep_bodies);
            let hidden = if environment.hide_personal_data { "yes" } else { "no" };
            [environment.slug, environment.name, retention, bodies, hidden.to_owned()]
        });
        table(["SLUG", "NAME", "LOGS", "BODIES", "HIDES PERSONAL DATA"], rows)
    })
}
