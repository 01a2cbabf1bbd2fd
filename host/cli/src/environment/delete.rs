//! `inlet env delete`: deletes an environment.

use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The environment's slug
    slug: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let slug = &arguments.slug;
    let client = arguments.server.client()?;
    let consequence = format!("this deletes the environment {slug:?} with its users, logs, mappings and keys for ever");
    arguments.confirmation.require(slug, &consequence)?;
    let slug = encoded(slug);
    client.send_for_text(Method::DELETE, &format!("/v1/environments/{slug}?confirm={slug}"), Content::None)?;
    arguments.output.finish(&json!({ "deleted": arguments.slug }), &format!("{:?} is deleted", arguments.slug))
}
