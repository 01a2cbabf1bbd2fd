//! `inlet refused list`: lists refused requests, newest first.

use inlet_api_types::refused_requests::RefusedRequest;

use super::path;
use crate::{
    client::ServerArguments,
    output::{OutputArguments, PageArguments, list, table},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    #[command(flatten)]
    page: PageArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (client, path) = (arguments.server.client()?, path(&arguments.source, ""));
    list(&client, &path, &arguments.page, arguments.output, |requests: Vec<RefusedRequest>| {
        let rows = requests.into_iter().map(|request| {
            let body = match request.has_body {
                true => format!("{} bytes", request.size),
                false => format!("{} bytes, not kept", request.size),
            };
            [request.received_at, request.id, request.cause, body, request.reason.unwrap_or_default()]
        });
        table(["TIME", "ID", "CAUSE", "BODY", "REASON"], rows)
    })
}
