//! `inlet token list`: lists the management tokens.

use inlet_api_types::management_tokens::ManagementToken;

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
    whole_list(&client, "/v1/management_tokens", arguments.output, |tokens: Vec<ManagementToken>| {
        let rows = tokens.into_iter().map(|token| {
            let environments = token.environments.map_or_else(|| "all".to_owned(), |slugs| slugs.join(", "));
            let expires = token.expires_at.unwrap_or_else(|| "never".to_owned());
            let used = token.last_used_at.unwrap_or_else(|| "never".to_owned());
            [token.id, token.name, token.scopes.join(", "), environments, expires, used]
        });
        table(["ID", "NAME", "SCOPES", "ENVIRONMENTS", "EXPIRES", "LAST USED"], rows)
    })
}
