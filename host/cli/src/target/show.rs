//! `inlet target show`: prints a target. Its secrets are never shown.

use anyhow::Context as _;
use inlet_api_types::targets::Target;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    enum_word::word,
    output::{Details, OutputArguments, print, print_json},
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

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/targets/{}?{}", encoded(&arguments.key), arguments.environment.query(&client)?);
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let target: Target = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let secrets: Vec<String> = target
        .secrets
        .iter()
        .map(|secret| match &secret.hint {
            Some(hint) => format!("{} (…{hint})", secret.name),
            None => secret.name.clone(),
        })
        .collect();
    let details = Details::default()
        .add("key", &target.key)
        .add("kind", &target.kind)
        .add_some("url", target.url.as_ref().and_then(|url| url.to_str()))
        .add("options", target.options.as_text())
        .add("workflows", target.workflows.map_or_else(|| "all".to_owned(), |keys| keys.join(", ")))
        .add("secrets", secrets.join(", "))
        .add("state", format!("{} since {}", word(&target.state), target.state_since))
        .add_some("reason", target.state_reason.as_deref())
        .add("open deliveries", target.open_deliveries.to_string())
        .add_some("oldest", target.oldest_open_delivery_at.as_deref());
    print(&details.text())
}
