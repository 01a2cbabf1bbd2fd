//! `inlet plugin use`: gives a source a version of its plugin in one environment, and tells first what that changes.

use anyhow::{Context as _, bail};
use inlet_core::json;
use serde::Deserialize;
use ureq::http::Method;

use super::{
    comparison::{self, Comparison},
    named::SourceAt,
};
use crate::client::{Client, Content, Refusal, ServerArguments, encoded};

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceAt,
    /// The version; `latest` follows what is added last, as long as it verifies alike and takes the options
    #[arg(value_name = "VERSION")]
    wanted: String,
    /// Take what differs in verification and settings
    #[arg(long)]
    confirm: bool,
    /// Do not compare first what it changes, where the server cannot
    #[arg(long)]
    without_summary: bool,
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
    let note = match arguments.without_summary {
        true => None,
        false => summarise(&client, arguments)?,
    };
    let which = [("version", json::quote(&arguments.wanted)), ("confirm", arguments.confirm.to_string())];
    tell(&client, &arguments.source, &which)?;
    if let Some(note) = note {
        eprintln!("note: nothing was compared: {note}");
    }
    Ok(())
}

/// Prints what it changes. Some: why there is nothing to compare with, which is a reason to give the source another version.
fn summarise(client: &Client, arguments: &Arguments) -> anyhow::Result<Option<String>> {
    let error = match comparison::ask(client, &arguments.source, None, &arguments.wanted, None) {
        Ok(compared) => {
            let compared: Comparison =
                serde_json::from_str(&compared).context("the server's answer is of another version")?;
            print!("{compared}");
            return Ok(None);
        }
        Err(error) => error,
    };
    match error.downcast_ref::<Refusal>() {
        // The source's plugin is gone.
        Some(refusal) if refusal.code == "conflict" => Ok(Some(refusal.message.clone())),
        Some(refusal) if !["unavailable", "internal"].contains(&refusal.code.as_str()) => bail!("{}", refusal.message),
        _ => Err(error.context(
            "what it changes could not be compared, and it was not taken; try again, or take it without looking with \
             --without-summary",
        )),
    }
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
