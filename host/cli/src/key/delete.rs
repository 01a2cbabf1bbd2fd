//! `inlet key delete`: deletes a key.

use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The key's id, which `inlet key list` shows
    id: String,
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
    let (id, client) = (&arguments.id, arguments.server.client()?);
    let slug = encoded(arguments.environment.slug(&client)?);
    arguments
        .confirmation
        .require(id, &format!("this deletes the key {id}; code that uses it is refused from then on"))?;
    client.send_for_text(
        Method::DELETE,
        &format!("/v1/environments/{slug}/api_keys/{}", encoded(id)),
        Content::None,
    )?;
    arguments.output.finish(&json!({ "deleted": id }), &format!("the key {id} is deleted"))
}
