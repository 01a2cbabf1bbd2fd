//! `inlet plugin use`: gives a source a version of its plugin in one environment, and tells first what that changes.

use anyhow::Context as _;
use inlet_core::json;
use serde::Deserialize;
use ureq::http::Method;

use super::{
    comparison::{self, Comparison},
    named::SourceAt,
};
use crate::cli::client::{Client, Content, ServerArguments, encoded};

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceAt,
    /// The version; `latest` follows whatever is added last, as long as it verifies alike
    #[arg(value_name = "VERSION")]
    wanted: String,
    /// Take what differs in verification and settings
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// What is in force from then on.
#[derive(Deserialize)]
struct Used {
    plugin: Plugin,
    follows_latest: bool,
}

#[derive(Deserialize)]
struct Plugin {
    key: String,
    version: String,
    digest: String,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    // That there is nothing to compare, because the source's plugin is gone, is a reason to give it another.
    let compared = comparison::ask(&client, &arguments.source, None, &arguments.wanted, None);
    if let Ok(compared) = &compared {
        let compared: Comparison =
            serde_json::from_str(compared).context("the server's answer is of another version")?;
        print!("{compared}");
    }
    let which = [("version", json::quote(&arguments.wanted)), ("confirm", arguments.confirm.to_string())];
    tell(&client, &arguments.source, &which)?;
    if let Err(error) = compared {
        eprintln!("note: nothing was compared: {error:#}");
    }
    Ok(())
}

/// Asks for another plugin, and prints what is in force then.
pub(super) fn tell(client: &Client, at: &SourceAt, which: &[(&str, String)]) -> anyhow::Result<()> {
    let SourceAt { source, environment } = at;
    let environment_text = json::quote(environment);
    let members = which.iter().map(|(name, value)| (*name, value.as_str()));
    let asked = json::object([("environment", environment_text.as_str())].into_iter().chain(members));
    let path = format!("/v1/sources/{}/plugin", encoded(source));
    let Used { plugin, follows_latest } = client.ask(Method::POST, &path, Content::Json(asked))?;
    let Plugin { key, version, digest } = plugin;
    let latest = if follows_latest { ", and follows latest" } else { "" };
    println!("{source}@{environment} has {key} {version} now{latest}.\n{digest}");
    Ok(())
}
