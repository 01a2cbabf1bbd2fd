//! `--demo`: creates two sources with example mappings in `development`, and prints commands to try them.
//!
//! Sources that exist are left unchanged, so a second start changes nothing.

use std::fmt::Write as _;

use anyhow::Context as _;
use inlet_cli::secret_file;
use inlet_engine::{
    ConfigurationChange, Engine,
    catalog::default_settings,
    clock::now_ms,
    snapshot::{new_api_key, new_id, new_token},
};
use inlet_store::{Author, MappingRecord, NewSource, NewSourceEnvironment};

use crate::config::Config;

const ENVIRONMENT: &str = "development";
/// The file of the demo's API key, of which the store keeps only a hash.
const KEY_FILE: &str = "demo-key";

/// One example source.
struct Example {
    key: &'static str,
    name: &'static str,
    mapping: (&'static str, &'static str),
    body: &'static str,
    user: &'static str,
}

const EXAMPLES: [Example; 2] = [
    Example {
        key: "segment",
        name: "Segment",
        mapping: ("Order Completed", r#"{"key":"order-confirmation","recipients":"user_id","data":"properties"}"#),
        body: r#"[{"type":"identify","messageId":"ajs-next-1700000000000-aa","userId":"u_42","traits":{"name":"Ana","email":"ana@example.com","phone":"+351900000000"},"timestamp":"2026-01-02T03:04:05.678Z"},{"type":"track","event":"Order Completed","messageId":"ajs-next-1700000000000-bb","userId":"u_42","properties":{"order_id":"o-1","total":39.50},"timestamp":"2026-01-02T03:04:06.000Z"}]"#,
        user: "u_42",
    },
    Example {
        key: "http",
        name: "HTTP",
        mapping: (
            "Report Ready",
            r#"{"key":"report-ready","recipients":"data.recipients","data":{"title":"data.title"}}"#,
        ),
        body: r#"{"type":"track","event":"Report Ready","messageId":"report-1","userId":"u_7","properties":{"title":"Q4","recipients":[{"id":"u_7","name":"Bo","$trigger_data":{"greeting":"Hi Bo"}},"u_42"]}}"#,
        user: "u_7",
    },
];

/// Creates the sources and the API key that are missing, and prints the commands.
pub async fn run(engine: &Engine, config: &Config) -> anyhow::Result<()> {
    let key = api_key(engine, config).await?;
    for example in &EXAMPLES {
        let author = Author::named(Author::DEMO);
        engine.configure(author, move |change| async move { create(&change, example).await }).await?;
    }
    let text = instructions(engine, config, &key);
    println!("{text}");
    Ok(())
}

async fn api_key(engine: &Engine, config: &Config) -> anyhow::Result<String> {
    let path = config.data_dir.join(KEY_FILE);
    if let Some(key) = secret_file::read(&path)? {
        return Ok(key);
    }
    let key = engine
        .configure(Author::named(Author::DEMO), |change| async move {
            let snapshot = change.snapshot();
            let environment = snapshot.environment(ENVIRONMENT).context("there is no environment `development`")?;
            let key = new_api_key()?;
            change.create_api_key(environment, &key).await?;
            anyhow::Ok(key)
        })
        .await?;
    secret_file::write(&path, &key)?;
    Ok(key)
}

async fn create(change: &ConfigurationChange, example: &Example) -> anyhow::Result<()> {
    let snapshot = change.snapshot();
    if snapshot.sources.contains_key(example.key) {
        return Ok(());
    }
    let catalog = change.catalog();
    let plugin = catalog.get(example.key).context("a bundled plugin is missing")?;
    let scheme = plugin.manifest().verification.as_ref().map(serde_json::to_string).transpose()?;
    let environments = snapshot.environments.iter().map(|environment| {
        let (mut settings, mut mappings) = (default_settings(plugin)?, Vec::new());
        if environment.slug == ENVIRONMENT {
            settings.handle_identifies = true;
            settings.enforce_idempotency = true;
            mappings.push(mapping(example));
        }
        Ok(NewSourceEnvironment {
            environment_id: environment.id,
            token: new_token()?,
            settings: serde_json::to_string(&settings)?,
            scheme: scheme.clone(),
            plugin: catalog.pin_of(plugin),
            mappings,
            ..NewSourceEnvironment::default()
        })
    });
    let source = NewSource {
        key: example.key.to_owned(),
        name: example.name.to_owned(),
        description: Some("Created by --demo.".to_owned()),
        custom_image_url: None,
        provider: example.key.to_owned(),
        environments: environments.collect::<anyhow::Result<_>>()?,
    };
    change.create_source(source).await?;
    Ok(())
}

/// Returns the example's mapping.
fn mapping(example: &Example) -> MappingRecord {
    let now_ms = now_ms();
    let (event_type, parameters) = example.mapping;
    MappingRecord {
        id: new_id(),
        event_type: event_type.to_owned(),
        action_type: "workflows_trigger".to_owned(),
        when: None,
        parameters: parameters.to_owned(),
        forms: true,
        active: true,
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    }
}

fn instructions(engine: &Engine, config: &Config, key: &str) -> String {
    let (base, admin) = (config.base_url(), config.admin_url());
    let mut text = format!("\nInlet is ready at {base}. The demo's API key for `{ENVIRONMENT}` is {key}\n");
    for example in &EXAMPLES {
        let snapshot = engine.snapshot();
        let endpoint = snapshot.sources.get(example.key).and_then(|source| source.endpoints.get(ENVIRONMENT));
        let Some(endpoint) = endpoint else { continue };
        let (name, token, body, user) = (example.name, &endpoint.record.token, example.body, example.user);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n# {name}: send what it sends\n\
             curl -sS {base}/integrations/receive/{token} -H 'content-type: application/json' -d '{body}'\n\
             # the user, and the workflow run\n\
             curl -sS {admin}/v1/users/{user} -H 'authorization: Bearer {key}'\n\
             curl -sS '{admin}/v1/workflow_runs?limit=1' -H 'authorization: Bearer {key}'\n"
        );
    }
    let file = config.data_dir.join(secret_file::MANAGEMENT_TOKEN);
    let token = match config.management_token {
        Some(_) => "$INLET_MANAGEMENT_TOKEN".to_owned(),
        None => format!("$(cat '{}')", file.display()),
    };
    let _ = write!(
        text,
        "\n# every step that was logged\n\
         curl -sS '{admin}/v1/sources/segment/logs?environment={ENVIRONMENT}&include=actions' -H \"authorization: Bearer {token}\"\n"
    );
    text
}
