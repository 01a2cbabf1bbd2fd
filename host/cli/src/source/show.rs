//! `inlet source show`: prints a source.

use anyhow::Context as _;
use inlet_api_types::sources::{Source, SourceList, SourceSettings};
use ureq::http::Method;

use crate::{
    client::{Client, Content, OTHER_VERSION, ServerArguments, encoded},
    exit_code::NotFound,
    output::{Details, OutputArguments, print, print_json, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop; with @ENVIRONMENT only there, with all settings
    #[arg(value_name = "SOURCE[@ENVIRONMENT]")]
    source: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    match arguments.source.rsplit_once('@') {
        Some((key, environment)) => show_in(&client, key, environment, arguments.output),
        None => show_all(&client, &arguments.source, arguments.output),
    }
}

fn show_all(client: &Client, key: &str, output: OutputArguments) -> anyhow::Result<()> {
    let list: SourceList = client.get("/v1/sources?include=environment_settings")?;
    let source = list.entries.into_iter().find(|source| source.key == key);
    let source = source
        .ok_or_else(|| NotFound(format!("there is no source {key:?}; `inlet source list` lists those there are")))?;
    if output.json {
        return print_json(&serde_json::to_string(&source).context("cannot write the source")?);
    }
    print(&details(&source).text())?;
    let rows = source.environment_settings.unwrap_or_default().into_iter().map(|(slug, environment)| {
        let settings = environment.settings;
        let (verification, idempotency) = (verification(&settings), on_off(settings.enforce_idempotency));
        let endpoint = settings.endpoint.unwrap_or_default();
        [slug, environment.mappings.len().to_string(), verification.to_owned(), idempotency.to_owned(), endpoint]
    });
    print(&format!("\n{}", table(["ENVIRONMENT", "MAPPINGS", "VERIFICATION", "IDEMPOTENCY", "ENDPOINT"], rows)))
}

fn show_in(client: &Client, key: &str, environment: &str, output: OutputArguments) -> anyhow::Result<()> {
    let path = format!("/v1/sources/{}?environment={}", encoded(key), encoded(environment));
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if output.json {
        return print_json(&text);
    }
    let source: Source = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&details(&source).text())?;
    let Some(found) = source.environment_settings.unwrap_or_default().remove(environment) else { return Ok(()) };
    print(&format!("version      {}\n", found.version))?;
    let settings = serde_json::to_value(&found.settings).context("cannot write the settings")?;
    let rows = settings.as_object().into_iter().flatten().map(|(name, value)| [name.clone(), value.to_string()]);
    print(&table(["SETTING", "VALUE"], rows))
}

fn details(source: &Source) -> Details {
    Details::default()
        .add("source", &source.key)
        .add("name", &source.name)
        .add_some("description", source.description.as_deref())
        .add("plugin", &source.preconfigured_provider)
        .add("created", &source.created_at)
        .add("changed", &source.updated_at)
}

fn verification(settings: &SourceSettings) -> &'static str {
    match (settings.enforce_verification, settings.signing_secret_set || settings.write_key_set) {
        (true, _) => "enforced",
        (false, true) => "checked",
        (false, false) => "off",
    }
}

fn on_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}
