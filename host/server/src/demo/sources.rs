//! The demo's sources: two with an example mapping each.

use anyhow::Context as _;
use inlet_engine::{
    ConfigurationChange,
    catalog::default_settings,
    clock::now_ms,
    snapshot::{new_id, new_token},
};
use inlet_store::{MappingRecord, NewSource, NewSourceEnvironment};

use super::ENVIRONMENT;

/// One example source.
pub struct Example {
    /// The key of the source and of its plugin.
    pub key: &'static str,
    /// The platform's name.
    pub name: &'static str,
    mapping: (&'static str, &'static str),
    /// A request's body.
    pub body: &'static str,
    /// A user that the body identifies.
    pub user: &'static str,
}

/// The sources.
pub const EXAMPLES: [Example; 2] = [
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

/// Creates a source, unless it exists.
pub async fn create(change: &ConfigurationChange, example: &Example) -> anyhow::Result<()> {
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
