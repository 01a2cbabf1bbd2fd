//! `inlet target pause`, `resume` and `enable`.

use inlet_api_types::targets::Target;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    enum_word::word,
    output::{OutputArguments, print, print_json, tinted},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The target's key
    key: String,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments, operation: &str) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let environment = arguments.environment.query(&client)?;
    let path = format!("/v1/targets/{}/{operation}?{environment}", encoded(&arguments.key));
    let text = client.send_for_text(Method::POST, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let target: Target = serde_json::from_str(&text)?;
    print(&format!("{} is {}", target.key, tinted(&word(&target.state))))
}
