//! `inlet event dismiss`: takes failed and rejected events off the list of what needs attention.

use anyhow::{Context as _, bail};
use inlet_api_types::attention::{DismissAttention, Dismissed};
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    exit_code::Usage,
    output::{Confirmation, OutputArguments, print, print_json, text::counted},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Dismissed events stay in the log and can be replayed. The server does not try them again by itself.")]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The events' ids; without one, all that the filters select
    #[arg(value_name = "ID", conflicts_with_all = ["outcome", "code"])]
    ids: Vec<String>,
    /// All events of this outcome: failed or rejected
    #[arg(long)]
    outcome: Option<String>,
    /// All events with this code
    #[arg(long)]
    code: Option<String>,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let request = DismissAttention {
        ids: Some(arguments.ids.clone()).filter(|ids| !ids.is_empty()),
        outcome: arguments.outcome.clone(),
        code: arguments.code.clone(),
        ..DismissAttention::default()
    };
    if request == DismissAttention::default() {
        bail!(Usage("which events? Give their ids, --outcome or --code".to_owned()));
    }
    let client = arguments.server.client()?;
    let SourceRef { source, environment } = &arguments.source;
    if request.ids.is_none() {
        let consequence =
            format!("this dismisses the selected events of {source:?}; the server does not try them again");
        arguments.confirmation.require(source, &consequence)?;
    }
    let path = format!("/v1/sources/{}/attention/dismiss?environment={}", encoded(source), encoded(environment));
    let text = client.send_for_text(Method::POST, &path, Content::json(&request)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let Dismissed { dismissed } = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&format!("{} dismissed", counted(dismissed, "event", "events")))
}
