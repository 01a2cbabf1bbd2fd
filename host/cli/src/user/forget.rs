//! `inlet user forget`: removes everything that names a user, and waits until it is done.

use std::{thread, time::Duration};

use anyhow::Context as _;
use inlet_api_types::recipients::forget::ForgetRequest;
use ureq::http::Method;

use crate::{
    client::{Content, CredentialArguments, OTHER_VERSION, encoded},
    output::{Confirmation, OutputArguments, note, print, print_json, spinner},
};

/// The pause between two polls of the request's state.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The user's id
    id: String,
    /// Ask for it, and do not wait until it is done
    #[arg(long)]
    no_wait: bool,
    /// Show how far an earlier request is, and ask for nothing
    #[arg(long, conflicts_with = "no_wait")]
    state: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: CredentialArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let id = &arguments.id;
    let (client, query) = arguments.server.client()?;
    let path = format!("/v1/users/{}/forget{query}", encoded(id));
    let method = if arguments.state { Method::GET } else { Method::POST };
    if !arguments.state {
        arguments.confirmation.require(id, &format!("this removes everything that names the user {id:?} for ever"))?;
    }
    let mut text = client.send_for_text(method, &path, Content::None)?;
    let mut request: ForgetRequest = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let waits = !arguments.no_wait && !arguments.state;
    let waiting = waits.then(|| spinner("the server removes what names the user"));
    while waits && request.state != "completed" {
        thread::sleep(POLL_INTERVAL);
        text = client.send_for_text(Method::GET, &path, Content::None)?;
        request = serde_json::from_str(&text).context(OTHER_VERSION)?;
    }
    if let Some(waiting) = waiting {
        waiting.finish_and_clear();
    }
    if arguments.output.json {
        return print_json(&text);
    }
    print(&request.state)?;
    note(&format!("request {}", request.id));
    Ok(())
}
