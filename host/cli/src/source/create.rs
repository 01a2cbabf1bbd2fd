//! `inlet source create`: creates a source.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use inlet_api_types::{providers::SourceProvider, sources::Source};
use serde_json::{Map, Value, json};

use super::put::put_source;
use crate::{
    client::{Client, EnvironmentArgument, ServerArguments, ServerError, encoded},
    exit_code::Usage,
    output::{OutputArguments, note, print},
    plugin::reference::SourceRef,
    settings_arguments::{Setting, apply, read_secret},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source's key in URLs: a-z, 0-9, _ and -; or KEY@ENVIRONMENT
    key: String,
    /// The plugin that translates its requests, one of `inlet plugin list`
    #[arg(long, value_name = "KEY")]
    plugin: String,
    /// The name for people [default: the key]
    #[arg(long)]
    name: Option<String>,
    /// A description for people
    #[arg(long)]
    description: Option<String>,
    /// The file with the secret that the platform signs with; - is the standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A setting, for example enforce_idempotency=true; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    setting: Vec<Setting>,
    /// Begin with the mappings that the plugin suggests
    #[arg(long)]
    default_mappings: bool,
    #[command(flatten)]
    environment: EnvironmentArgument,
    /// Check it and show what would be created
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let SourceRef { source: key, environment } = match arguments.key.contains('@') {
        true => arguments.key.parse().map_err(|expected| anyhow!(Usage(expected)))?,
        false => {
            SourceRef { source: arguments.key.clone(), environment: arguments.environment.slug(&client)?.to_owned() }
        }
    };
    arguments.environment.agrees_with(&environment)?;
    let key = &key;
    if exists(&client, key, &environment)? {
        bail!("there is a source {key:?} already; `inlet source set` changes it");
    }
    let mut settings = Map::new();
    if let Some(file) = &arguments.secret_file {
        settings.insert("signing_secret".to_owned(), Value::String(read_secret(file)?));
    }
    apply(&mut settings, &arguments.setting);
    let mut in_environment = json!({ "settings": settings });
    if arguments.default_mappings {
        in_environment["mappings"] = default_mappings(&client, &arguments.plugin)?;
    }
    let mut source = json!({
        "name": arguments.name.as_ref().unwrap_or(key),
        "preconfigured_provider": arguments.plugin,
        "environment_settings": { environment.as_str(): in_environment },
    });
    if let Some(description) = &arguments.description {
        source["description"] = json!(description);
    }
    let reference = SourceRef { source: key.clone(), environment };
    let upserted = put_source(&client, &reference, &source, None, arguments.dry_run, arguments.output)?;
    let Some(created) = upserted.and_then(|upserted| upserted.source) else { return Ok(()) };
    let settings = created.environment_settings.unwrap_or_default().remove(&reference.environment);
    let endpoint = settings.and_then(|settings| settings.settings.endpoint).unwrap_or_default();
    note(&format!("{key:?} is created; its platform sends to:"));
    print(&endpoint)?;
    note(&format!("`inlet tail {key}@{}` shows what arrives", reference.environment));
    Ok(())
}

fn exists(client: &Client, key: &str, environment: &str) -> anyhow::Result<bool> {
    let path = format!("/v1/sources/{}?environment={}", encoded(key), encoded(environment));
    match client.get::<Source>(&path) {
        Ok(_) => Ok(true),
        Err(error) => match error.downcast_ref::<ServerError>() {
            Some(ServerError(body)) if body.code == "not_found" => Ok(false),
            _ => Err(error),
        },
    }
}

fn default_mappings(client: &Client, plugin: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/source_providers/{}?include=default_action_mappings", encoded(plugin));
    let provider: SourceProvider = client.get(&path)?;
    Ok(serde_json::to_value(provider.default_action_mappings.unwrap_or_default())?)
}
