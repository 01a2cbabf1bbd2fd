//! `inlet token delete`: deletes a management token.

use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The token's id, which `inlet token list` shows
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (id, client) = (&arguments.id, arguments.server.client()?);
    arguments.confirmation.require(id, &format!("this deletes the token {id}; who uses it is refused from then on"))?;
    client.send_for_text(Method::DELETE, &format!("/v1/management_tokens/{}", encoded(id)), Content::None)?;
    arguments.output.finish(&json!({ "deleted": id }), &format!("the token {id} is deleted"))
}
