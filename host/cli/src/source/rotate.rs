//! `inlet source rotate`: replaces the URL of a source in one environment.

use anyhow::Context as _;
use inlet_api_types::sources::{RotateEndpoint, RotatedEndpoint};
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{Confirmation, OutputArguments, note, print, print_json},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The time for which the present URL stays valid; 0 ends it and all earlier ones at once [default: a day]
    #[arg(long, value_name = "SECONDS")]
    overlap_seconds: Option<u64>,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let SourceRef { source, environment } = &arguments.source;
    let client = arguments.server.client()?;
    let end = match arguments.overlap_seconds {
        None => "a day later".to_owned(),
        Some(0) => "at once".to_owned(),
        Some(seconds) => format!("{seconds} s later"),
    };
    let consequence = format!("this replaces the URL of {source:?} in {environment:?}; the present one ends {end}");
    arguments.confirmation.require(source, &consequence)?;
    let path = format!("/v1/sources/{}/rotate_endpoint?environment={}", encoded(source), encoded(environment));
    let request = Content::json(&RotateEndpoint { overlap_seconds: arguments.overlap_seconds })?;
    let text = client.send_for_text(Method::POST, &path, request)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let rotated: RotatedEndpoint = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&rotated.endpoint)?;
    match rotated.previous_endpoint_until {
        Some(until) => note(&format!("the platform must send to it from now on; the earlier URL ends at {until}")),
        None => note("the platform must send to it from now on; the earlier URL has ended"),
    }
    Ok(())
}
