//! `inlet target delete`: deletes a target.

use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The target's key
    key: String,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = &arguments.key;
    let client = arguments.server.client()?;
    let path = format!("/v1/targets/{}?{}", encoded(key), arguments.environment.query(&client)?);
    let consequence = format!("this deletes the target {key:?}, and what is not delivered to it yet is not sent");
    arguments.confirmation.require(key, &consequence)?;
    client.send_for_text(Method::DELETE, &path, Content::None)?;
    arguments.output.finish(&json!({ "deleted": key }), &format!("{key:?} is deleted"))
}
