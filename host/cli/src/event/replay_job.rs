//! A replay as a background job of the server: started, and waited for.

use std::{thread, time::Duration};

use anyhow::{Context as _, bail};
use inlet_api_types::replays::{CreateReplay, Replay};
use ureq::http::Method;

use crate::{
    client::{Client, Content, OTHER_VERSION, encoded},
    output::{
        OutputArguments, print, print_json, progress_bar, set_total,
        text::{clean, counted},
        tinted,
    },
    plugin::reference::SourceRef,
};

/// The pause between two polls of a replay's state.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Starts a replay, waits for its end, and prints the result.
pub(crate) fn run_replay(
    client: &Client,
    source: &SourceRef,
    request: &CreateReplay,
    output: OutputArguments,
) -> anyhow::Result<()> {
    let (source, environment) = (encoded(&source.source), encoded(&source.environment));
    let path = format!("/v1/sources/{source}/replays?environment={environment}");
    let mut text = client.send_for_text(Method::POST, &path, Content::json(request)?)?;
    let mut replay: Replay = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let bar = progress_bar(None, "replayed");
    while replay.state == "running" {
        if let Some(total) = replay.total {
            set_total(&bar, total.unsigned_abs());
        }
        bar.set_position(replay.done.unsigned_abs());
        thread::sleep(POLL_INTERVAL);
        let path = format!("/v1/sources/{source}/replays/{}?environment={environment}", encoded(&replay.id));
        text = client.send_for_text(Method::GET, &path, Content::None)?;
        replay = serde_json::from_str(&text).context(OTHER_VERSION)?;
    }
    bar.finish_and_clear();
    let Replay { state, done, failed, outcomes, last_error, .. } = replay;
    if output.json {
        print_json(&text)?;
    } else {
        let replayed = counted(done.unsigned_abs(), "event", "events");
        print(&format!("{replayed} replayed; the replay is {}", clean(&state)))?;
        for (outcome, count) in &outcomes {
            print(&format!("    {} {count}", tinted(outcome)))?;
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} could not be replayed and are unchanged: {}", last_error.unwrap_or_default()),
    }
}
