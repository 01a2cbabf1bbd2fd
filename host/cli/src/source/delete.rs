//! `inlet source delete`: deletes a source.

use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop
    #[arg(value_name = "SOURCE")]
    source: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = &arguments.source;
    let client = arguments.server.client()?;
    let consequence = format!("this deletes the source {key:?} with its mappings and logs, in all environments");
    arguments.confirmation.require(key, &consequence)?;
    client.send_for_text(Method::DELETE, &format!("/v1/sources/{}", encoded(key)), Content::None)?;
    arguments.output.finish(&json!({ "deleted": key }), &format!("{key:?} is deleted"))
}
