//! `POST /v1/environments`: creates an environment with every source in it, in one transaction.

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::environments::{CreateEnvironment, Environment};
use inlet_core::settings::Settings;
use inlet_engine::{
    Engine,
    catalog::default_settings,
    snapshot::{Source, new_token},
};
use inlet_store::{NewEnvironment, NewEnvironmentSource};

use super::{find, request, response};
use crate::{
    auth::Operator,
    body::Body,
    error::{ApiError, Kind},
};

/// The most environments. Each has every source, and all are kept in memory.
const MAX_ENVIRONMENTS: usize = 100;

/// Creates an environment. Every source gets an endpoint there, with its provider's default settings and no mappings.
#[utoipa::path(
    post,
    path = "/v1/environments",
    operation_id = "createEnvironment",
    tag = "environments",
    request_body = CreateEnvironment,
    responses((status = 201, description = "The environment", body = Environment)),
)]
pub async fn create_environment(
    operator: Operator,
    State(engine): State<Engine>,
    Body(request): Body<CreateEnvironment>,
) -> Result<(StatusCode, Json<Environment>), ApiError> {
    let (slug, settings) = request::create(request)?;
    let created = engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            if snapshot.environments.len() >= MAX_ENVIRONMENTS {
                let message = format!("there are {MAX_ENVIRONMENTS} environments, and no more are possible");
                return Err(ApiError::new(Kind::Conflict, message));
            }
            let sources = snapshot.sources.values().map(|source| set_up(change.engine(), source));
            let new = NewEnvironment { slug: slug.clone(), settings, sources: sources.collect::<Result<_, _>>()? };
            change.create_environment(new).await?;
            tracing::info!(environment = slug, by = operator.name(), "an environment was created");
            Ok(response::environment(find(&change.snapshot(), &slug)?))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Returns the initial state of a source in a new environment.
fn set_up(engine: &Engine, source: &Source) -> Result<NewEnvironmentSource, ApiError> {
    let record = &source.record;
    let unusable = |message: String| ApiError::new(Kind::Conflict, message);
    // A source without a loaded plugin gets the scheme that is in force in its first environment.
    let catalog = engine.catalog();
    let plugin = catalog.get(&record.provider);
    let (settings, scheme) = match plugin {
        Some(plugin) => {
            let settings = default_settings(plugin).map_err(|error| {
                unusable(format!("the default settings of {:?} are not valid: {error}", record.provider))
            })?;
            let scheme = plugin.manifest().verification.as_ref();
            (settings, scheme.map(serde_json::to_string).transpose().map_err(|error| unusable(error.to_string()))?)
        }
        None => (Settings::default(), record.environments.first().and_then(|first| first.scheme.clone())),
    };
    Ok(NewEnvironmentSource {
        source_id: record.id,
        token: new_token()?,
        settings: serde_json::to_string(&settings).map_err(|error| unusable(error.to_string()))?,
        scheme,
        plugin: plugin.and_then(|plugin| catalog.pin_of(plugin)),
    })
}
