//! `inlet refused verify`: verifies refused requests again, and lets in those whose credential is right now.

use anyhow::Context as _;
use inlet_api_types::refused_requests::{VerifiedRequest, VerifiedRequests, VerifyRefusedRequests};
use ureq::http::Method;

use super::path;
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{Confirmation, OutputArguments, note, print, print_json, text::counted},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A request whose credential is right now is treated as if its sender had sent it again. One that is still wrong stays
refused.")]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The refused requests' ids; without one, all of them
    #[arg(value_name = "ID", conflicts_with = "cause")]
    ids: Vec<String>,
    /// Only requests that were refused for this cause
    #[arg(long)]
    cause: Option<String>,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    for id in &arguments.ids {
        let path = path(&arguments.source, &format!("/{}/verify", encoded(id)));
        let text = client.send_for_text(Method::POST, &path, Content::None)?;
        if arguments.output.json {
            print_json(&text)?;
            continue;
        }
        let verified: VerifiedRequest = serde_json::from_str(&text).context(OTHER_VERSION)?;
        match verified.cause {
            None => print(&format!("{id} verified, {}", counted(verified.count as u64, "event", "events")))?,
            Some(cause) => print(&format!("{id} still refused: {cause}"))?,
        }
        warn_unless(verified.enforced || !verified.verified);
    }
    if !arguments.ids.is_empty() {
        return Ok(());
    }
    let name = &arguments.source.source;
    let consequence = format!("this verifies the refused requests of {name:?} again, and lets in those that are right");
    arguments.confirmation.require(name, &consequence)?;
    let request = VerifyRefusedRequests { cause: arguments.cause.clone(), ..VerifyRefusedRequests::default() };
    let path = path(&arguments.source, "/verify");
    let text = client.send_for_text(Method::POST, &path, Content::json(&request)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let VerifiedRequests { enforced, verified, events, refused, not_kept } =
        serde_json::from_str(&text).context(OTHER_VERSION)?;
    let (verified, events) = (verified as u64, events as u64);
    print(&format!(
        "{} verified with {}, {refused} still refused, {not_kept} without a kept body",
        counted(verified, "request", "requests"),
        counted(events, "event", "events")
    ))?;
    warn_unless(enforced || verified == 0);
    Ok(())
}

fn warn_unless(is_proven: bool) {
    if !is_proven {
        note("note: verification is not enforced, so they were let in without a proof of who sent them");
    }
}
