//! `inlet issue acknowledge`, `resolve` and `reopen`.

use anyhow::Context as _;
use inlet_api_types::issues::Issue;
use ureq::http::Method;

use crate::{
    client::{Client, Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    output::{OutputArguments, print, print_json, tinted},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The issue's id
    id: String,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments, operation: &str) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("{}/{operation}?{}", encoded(&arguments.id), arguments.environment.query(&client)?);
    send(&client, &path, Content::None, arguments.output)
}

/// Changes an issue, and prints its new state. `path` is what follows `/v1/issues/`.
pub(super) fn send(client: &Client, path: &str, content: Content<'_>, output: OutputArguments) -> anyhow::Result<()> {
    let text = client.send_for_text(Method::POST, &format!("/v1/issues/{path}"), content)?;
    if output.json {
        return print_json(&text);
    }
    let issue: Issue = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let until = issue.muted_until.map_or_else(String::new, |until| format!(" until {until}"));
    print(&format!("{} is {}{until}", issue.id, tinted(&issue.state)))
}
