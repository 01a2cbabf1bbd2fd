//! `inlet refused show`: prints one refused request.

use anyhow::Context as _;
use inlet_api_types::refused_requests::{NamedValue, RefusedRequestDetails};
use ureq::http::Method;

use super::path;
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{Details, OutputArguments, print, print_json, print_text, shown_json, table},
    plugin::reference::SourceRef,
    route_commands::{Subject, with_commands_for},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The refused request's id
    id: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = path(&arguments.source, &format!("/{}", encoded(&arguments.id)));
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let RefusedRequestDetails { request, headers, body, body_text, .. } =
        serde_json::from_str(&text).context(OTHER_VERSION)?;
    let SourceRef { source, environment } = &arguments.source;
    let subject = Subject { source: Some(source.as_str()), environment: Some(environment.as_str()) };
    let details = Details::default()
        .add("id", &request.id)
        .add("received", &request.received_at)
        .add("cause", &request.cause)
        .add_some("reason", request.reason.as_deref())
        .add_some("method", request.method.as_deref())
        .add_some("path", request.path.as_deref())
        .add("body", format!("{} bytes, SHA-256 {}", request.size, request.digest))
        .add("body kept", if request.has_body { "yes" } else { "no" })
        .add("what to do", with_commands_for(subject, &request.what_to_do));
    print(&details.text())?;
    let rows = headers.into_iter().flatten().map(|NamedValue { name, value }| [name, value]);
    print(&format!("\n{}", table(["HEADER", "VALUE"], rows)))?;
    match (body, body_text) {
        (Some(json), _) => print(&format!("\n{}", shown_json(json.as_text()))),
        (None, Some(text)) => {
            print("")?;
            print_text(&text)
        }
        (None, None) => Ok(()),
    }
}
