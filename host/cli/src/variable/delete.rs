//! `inlet variable delete`: deletes a variable.

use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The variable's key
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
    let (key, client) = (&arguments.key, arguments.server.client()?);
    let path = format!("/v1/variables/{}?{}", encoded(key), arguments.environment.query(&client)?);
    arguments.confirmation.require(key, &format!("this deletes the variable {key:?}"))?;
    client.send_for_text(Method::DELETE, &path, Content::None)?;
    arguments.output.finish(&json!({ "deleted": key }), &format!("{key:?} is deleted"))
}
