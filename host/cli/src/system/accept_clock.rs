//! `inlet system accept-clock`: lets the store's time go on at the time of the system's clock.

use anyhow::Context as _;
use inlet_api_types::clock::Clock;
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments},
    output::{Confirmation, OutputArguments, note, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let consequence = "this accepts the time of the system's clock, and retention deletes what is too old by it";
    arguments.confirmation.require("accept-clock", consequence)?;
    let text = client.send_for_text(Method::POST, "/v1/clock/accept", Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let clock: Clock = serde_json::from_str(&text).context(OTHER_VERSION)?;
    note(&format!("retention and idempotency windows count by {} now", clock.store_time));
    Ok(())
}
