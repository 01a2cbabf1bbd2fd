//! `inlet plugin remove`: removes a version from a running server, unless a source uses it.

use serde_json::json;
use ureq::http::Method;

use super::reference::VersionRef;
use crate::{
    client::{Content, ServerArguments, encoded},
    output::{Confirmation, OutputArguments},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The version, for example acme/orders@1.0.0
    #[arg(value_name = "KEY@VERSION")]
    version_ref: VersionRef,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let VersionRef { key, version } = &arguments.version_ref;
    let path = format!("/v1/source_providers/{}/versions/{}", encoded(key), encoded(version));
    let client = arguments.server.client()?;
    let name = format!("{key}@{version}");
    arguments.confirmation.require(&name, &format!("this removes {name} from the server"))?;
    client.send_for_text(Method::DELETE, &path, Content::None)?;
    let result = json!({ "deleted": name });
    arguments.output.print(&result, &format!("{key} {version} is removed."))
}
