//! `inlet refused dismiss`: deletes refused requests that are not to be let in.

use anyhow::{Context as _, bail};
use inlet_api_types::{attention::Dismissed, refused_requests::DismissRefusedRequests};
use ureq::http::Method;

use super::path;
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments},
    exit_code::Usage,
    output::{Confirmation, OutputArguments, print, print_json, text::counted},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The refused requests' ids
    #[arg(value_name = "ID", conflicts_with = "cause")]
    ids: Vec<String>,
    /// All requests that were refused for this cause
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
    let ids = Some(arguments.ids.clone()).filter(|ids| !ids.is_empty());
    if ids.is_none() && arguments.cause.is_none() {
        bail!(Usage("which requests? Give their ids or --cause".to_owned()));
    }
    let client = arguments.server.client()?;
    let name = &arguments.source.source;
    arguments.confirmation.require(name, &format!("this deletes refused requests of {name:?}, which no log has"))?;
    let request = DismissRefusedRequests { ids, cause: arguments.cause.clone() };
    let path = path(&arguments.source, "/dismiss");
    let text = client.send_for_text(Method::POST, &path, Content::json(&request)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let Dismissed { dismissed } = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&format!("{} dismissed", counted(dismissed, "request", "requests")))
}
