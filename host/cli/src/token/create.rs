//! `inlet token create`: makes a management token.

use anyhow::Context as _;
use inlet_api_types::management_tokens::NewManagementToken;
use serde_json::json;
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments},
    output::{OutputArguments, note, print, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name for people, also in the log of changes
    name: String,
    /// What it permits: read, operate, plugins or admin; repeatable, or separated by commas
    #[arg(long, required = true, value_delimiter = ',')]
    scope: Vec<String>,
    /// Limit it to this environment; repeatable, or separated by commas
    #[arg(long, value_name = "SLUG", value_delimiter = ',')]
    env: Vec<String>,
    /// The days after which it expires
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<i64>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut request = json!({ "name": arguments.name, "scopes": arguments.scope });
    if !arguments.env.is_empty() {
        request["environments"] = json!(arguments.env);
    }
    if let Some(days) = arguments.expires_in_days {
        request["expires_in_days"] = json!(days);
    }
    let client = arguments.server.client()?;
    let text = client.send_for_text(Method::POST, "/v1/management_tokens", Content::json(&request)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let NewManagementToken { token, management_token } = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&token)?;
    note(&format!("the token {} ({}); it is not shown again", management_token.id, management_token.name));
    Ok(())
}
