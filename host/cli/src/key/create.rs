//! `inlet key create`: makes a key.

use anyhow::Context as _;
use inlet_api_types::environments::NewApiKey;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    output::{OutputArguments, note, print, print_json},
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
    let text = client.send_for_text(Method::POST, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let key: NewApiKey = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&key.key)?;
    note(&format!("the key {} of {:?}; it is not shown again", key.id, key.environment));
    Ok(())
}
