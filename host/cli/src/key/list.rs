//! `inlet key list`: lists the keys of an environment.

use inlet_api_types::environments::ApiKey;

use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
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
    let path = format!("/v1/environments/{}/api_keys", encoded(arguments.environment.slug(&client)?));
    whole_list(&client, &path, arguments.output, |keys: Vec<ApiKey>| {
        let rows = keys.into_iter().map(|key| {
            let used = key.last_used_at.unwrap_or_else(|| "never".to_owned());
            [key.id, format!("sk_…{}", key.hint), key.created_at, used]
        });
        table(["ID", "KEY", "CREATED", "LAST USED"], rows)
    })
}
