//! `inlet open`: opens a page of the dashboard in a browser.

use std::io::{IsTerminal as _, stdout};

use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
    event::read_event,
    output::{note, print},
};

/// The arguments of `inlet open`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A source in an environment (shop@production), an event's id, or a path such as /system [default: the overview]
    #[arg(value_name = "PAGE")]
    page: Option<String>,
    /// Print the URL, and open nothing
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Prints the URL of the page, and opens it where there is a browser.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let page = arguments.page.as_deref().unwrap_or("/");
    let path = if page.starts_with('/') {
        page.to_owned()
    } else if let Some((source, environment)) = page.rsplit_once('@') {
        format!("/e/{}/sources/{}/events", encoded(environment), encoded(source))
    } else {
        let event = read_event(&client, page)?;
        format!("/e/{}/logs/{}", encoded(&event.environment), event.id)
    };
    let url = format!("{}{path}", client.base());
    print(&url)?;
    // A program that reads the URL wants no window.
    if arguments.print || !stdout().is_terminal() {
        return Ok(());
    }
    if let Err(error) = open::that_detached(&url) {
        note(&format!("note: no browser could be started ({error}); open the URL yourself"));
    }
    Ok(())
}
