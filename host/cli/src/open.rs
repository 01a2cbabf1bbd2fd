//! `inlet open`: opens a page of the dashboard in a browser, signed in.

use std::io::{IsTerminal as _, stdout};

use inlet_api_types::sign_in_links::SignInLink;
use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Client, Content, EnvironmentArgument, ServerArguments, encoded},
    event::read_event,
    output::{OutputArguments, note},
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
    /// Print a URL that signs in once, within ten minutes, with your token, and open nothing
    #[arg(long, conflicts_with = "print")]
    link: bool,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// Prints the URL of the page, and opens it where there is a browser, signed in with the client's token.
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
    if arguments.link {
        let link = signed_in(&client, &path)?;
        return arguments.output.print(&json!({ "url": link }), &link);
    }
    arguments.output.print(&json!({ "url": url }), &url)?;
    // A program that reads the URL wants no window.
    if arguments.print || arguments.output.json || !stdout().is_terminal() {
        return Ok(());
    }
    let link = signed_in(&client, &path).unwrap_or_else(|error| {
        note(&format!("note: {error:#}; sign in on the page itself"));
        url
    });
    if let Err(error) = open::that_detached(link) {
        note(&format!("note: no browser could be started ({error}); open the URL yourself, or one of --link"));
    }
    Ok(())
}

/// Returns the URL that signs in once with the client's token, and leads to a page.
fn signed_in(client: &Client, path: &str) -> anyhow::Result<String> {
    let link: SignInLink = client.send(Method::POST, "/v1/sign_in_links", Content::None)?;
    Ok(format!("{}{}?next={}", client.base(), link.path, encoded(path)))
}
