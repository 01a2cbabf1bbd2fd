//! `inlet plugin replay`: replays the stored requests that a source's plugin failed on or was not run on.

use std::{thread, time::Duration};

use anyhow::{Context as _, bail};
use inlet_api_types::replays::{CreateReplay, Replay};
use ureq::http::Method;

use super::reference::SourceRef;
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{OutputArguments, print_json, print_text},
};

/// The pause between two polls of the replay's state.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// What needs attention by this code, such as `trap` or `time`
    #[arg(long, default_value = "quarantined")]
    code: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let SourceRef { source, environment } = &arguments.source;
    let (source, environment) = (encoded(source), encoded(environment));
    let request = CreateReplay { code: Some(arguments.code.clone()), ..CreateReplay::default() };
    let path = format!("/v1/sources/{source}/replays?environment={environment}");
    let mut text = client.send_for_text(Method::POST, &path, Content::json(&request)?)?;
    let mut replay: Replay = serde_json::from_str(&text).context(OTHER_VERSION)?;
    while replay.state == "running" {
        thread::sleep(POLL_INTERVAL);
        let path = format!("/v1/sources/{source}/replays/{}?environment={environment}", replay.id);
        text = client.send_for_text(Method::GET, &path, Content::None)?;
        replay = serde_json::from_str(&text).context(OTHER_VERSION)?;
    }
    let Replay { state, done, failed, outcomes, last_error, .. } = replay;
    if arguments.output.json {
        print_json(&text)?;
    } else {
        print_text(&format!("{done} carried out again, {state}."))?;
        for (outcome, count) in &outcomes {
            print_text(&format!("    {outcome} {count}"))?;
        }
    }
    if failed > 0 {
        bail!("{failed} could not be, and are as they were: {}", last_error.unwrap_or_default());
    }
    Ok(())
}
