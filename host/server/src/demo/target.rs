//! The demo's target: a webhook that the demo's own receiver gets.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::http::Uri;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_core::json;
use inlet_delivery::targets;
use inlet_engine::Engine;
use inlet_store::{Author, NewTarget, TargetRecord, TargetState};
use serde_json::{Value, json};

use super::ENVIRONMENT;

/// The key of the target.
pub const KEY: &str = "demo";
const KIND: &str = "webhook";
/// The path that deliveries are sent to.
pub const PATH: &str = "/deliveries";
/// The bytes of a new signing secret, as the specification recommends them.
const SECRET_BYTES: usize = 32;

/// The target after the demo's start.
pub enum DemoTarget {
    /// It leads to the receiver.
    Own {
        /// The signing secret.
        secret: String,
        /// The state. An operator may have paused it.
        state: TargetState,
    },
    /// A target of this key exists that an operator made for something else. It is left as it is.
    Foreign,
}

/// Returns the port that the target led to at the last time; none if there was no last time.
pub async fn last_port(engine: &Engine) -> anyhow::Result<Option<u16>> {
    let snapshot = engine.snapshot();
    let Some(environment) = snapshot.environment(ENVIRONMENT) else { return Ok(None) };
    Ok(find(engine, environment.id).await?.as_ref().and_then(receiver_port))
}

/// Creates the target, or leads it to the receiver's address of today.
pub async fn create(engine: &Engine, receiver: SocketAddr) -> anyhow::Result<DemoTarget> {
    engine
        .configure(Author::named(Author::DEMO), move |change| async move {
            let (engine, snapshot) = (change.engine(), change.snapshot());
            let environment = snapshot.environment(ENVIRONMENT).context("there is no environment `development`")?;
            let present = find(engine, environment.id).await?;
            if present.as_ref().is_some_and(|present| receiver_port(present).is_none()) {
                return Ok(DemoTarget::Foreign);
            }
            let state = present.as_ref().map_or(TargetState::Running, |present| present.state);
            let stored = match present.as_ref().filter(|present| present.has_secrets) {
                Some(present) => stored_secret(engine, present.id).await?,
                None => None,
            };
            let url = format!("http://{receiver}{PATH}");
            let is_same = present.as_ref().is_some_and(|present| receiver_port(present) == Some(receiver.port()));
            match stored {
                Some(secret) if is_same => Ok(DemoTarget::Own { secret, state }),
                stored => {
                    let secret = stored.map_or_else(new_secret, Ok)?;
                    let new = new_target(environment.id, &url, &secret, present.as_ref())?;
                    change.put_target(environment, present.as_ref(), new).await?;
                    anyhow::Ok(DemoTarget::Own { secret, state })
                }
            }
        })
        .await
}

async fn find(engine: &Engine, environment: i64) -> anyhow::Result<Option<TargetRecord>> {
    let targets = engine.store.targets().await?;
    Ok(targets.into_iter().find(|target| target.environment_id == environment && target.key == KEY))
}

/// Returns the port of a target that leads to a receiver of this demo.
fn receiver_port(target: &TargetRecord) -> Option<u16> {
    let url: Uri = json::string(json::member(&target.settings, "url")?)?.parse().ok()?;
    let is_ours = target.kind == KIND && url.host() == Some(&Ipv4Addr::LOCALHOST.to_string()) && url.path() == PATH;
    url.port_u16().filter(|_| is_ours)
}

/// Returns the first signing secret of a target.
async fn stored_secret(engine: &Engine, id: i64) -> anyhow::Result<Option<String>> {
    let Some(stored) = engine.store.target_secrets(id).await? else { return Ok(None) };
    let Some(secrets) = json::member(&stored.0, "signing_secret") else { return Ok(None) };
    Ok(json::string(secrets).or_else(|| json::string(json::items(secrets)?.first()?)))
}

/// Returns a fresh secret, `whsec_` and base64.
fn new_secret() -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// Returns the target. What an operator changed about it stays: its options and its workflows.
fn new_target(
    environment_id: i64,
    url: &str,
    secret: &str,
    present: Option<&TargetRecord>,
) -> anyhow::Result<NewTarget> {
    let mut settings = match present {
        Some(present) => serde_json::from_str(&present.settings)?,
        None => json!({}),
    };
    if let Value::Object(members) = &mut settings {
        members.insert("url".to_owned(), Value::from(url));
    }
    let secrets = json!({"signing_secret": secret});
    let mut routing = targets::parse(KIND, &settings, &secrets)
        .map_err(|error| anyhow::anyhow!("the demo's target is refused: {}", error.sentence))?
        .routing();
    routing.workflows = present.and_then(|present| present.routing.workflows.clone());
    Ok(NewTarget {
        environment_id,
        key: KEY.to_owned(),
        kind: KIND.to_owned(),
        settings: settings.to_string(),
        routing,
        // A secret that is stored stays, with those that it is in rotation with.
        secrets: present.is_none_or(|present| !present.has_secrets).then(|| secrets.to_string()),
        state: None,
    })
}
