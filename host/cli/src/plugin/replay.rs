//! `inlet plugin replay`: replays the stored requests that a source's plugin failed on or was not run on.

use std::{thread, time::Duration};

use anyhow::bail;
use inlet_api_types::replays::{CreateReplay, Replay};
use ureq::http::Method;

use super::reference::SourceRef;
use crate::client::{Content, ServerArguments, encoded};

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
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let SourceRef { source, environment } = &arguments.source;
    let (source, environment) = (encoded(source), encoded(environment));
    let request = CreateReplay { code: Some(arguments.code.clone()), ..CreateReplay::default() };
    let path = format!("/v1/sources/{source}/replays?environment={environment}");
    let mut replay: Replay = client.send(Method::POST, &path, Content::json(&request)?)?;
    while replay.state == "running" {
        thread::sleep(POLL_INTERVAL);
        replay = client.get(&format!("/v1/sources/{source}/replays/{}?environment={environment}", replay.id))?;
    }
    let Replay { state, done, failed, outcomes, last_error, .. } = replay;
    println!("{done} carried out again, {state}.");
    for (outcome, count) in &outcomes {
        println!("    {outcome} {count}");
    }
    if failed > 0 {
        bail!("{failed} could not be, and are as they were: {}", last_error.unwrap_or_default());
    }
    Ok(())
}
