//! `DELETE /v1/source_providers/{key}/versions/{version}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::Engine;

use super::versions::users_of_added;
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::ProviderVersion,
};

/// Removes an added version of a provider.
///
/// 409 while a source uses it; `GET /v1/source_providers/{key}` lists the users. Bundled versions cannot be removed.
#[utoipa::path(
    delete,
    path = "/v1/source_providers/{key}/versions/{version}",
    operation_id = "removeSourceProviderVersion",
    tag = "providers",
    params(
        ("key" = String, Path, description = "The provider; the `/` of a key such as `acme/crm` is written as it is or `%2F`"),
        ("version" = String, Path, description = "The version"),
    ),
    responses((status = 204, description = "It is removed")),
)]
pub async fn remove_source_provider_version(
    operator: Operator,
    State(engine): State<Engine>,
    ProviderVersion { key, version }: ProviderVersion,
) -> Result<StatusCode, ApiError> {
    engine.configure(operator.author(), |change| async move {
        let catalog = change.catalog();
        let kept = change.engine().store.plugin_versions().await?;
        let Some(kept) = kept.into_iter().find(|kept| kept.key == key && kept.version == version) else {
            return Err(match catalog.own(&key).is_some_and(|own| own.manifest().version == version) {
                true => {
                    let message = format!(
                        "the version {version} of {key:?} came with the server; it goes with another server or out of \
                         --plugins-dir"
                    );
                    ApiError::new(Kind::Conflict, message)
                }
                false => ApiError::not_found(format!(
                    "there is no version {version:?} of {key:?}; GET /v1/source_providers/{{key}} lists those there are"
                )),
            });
        };
        let users = users_of_added(&change.snapshot(), &key, &kept.digest);
        if !users.is_empty() {
            let message = format!(
                "the version {version} of {key:?} is in use: {}; let them use another (inlet plugin use, or POST \
                 /v1/sources/{{key}}/plugin), then remove it",
                users.join(", ")
            );
            return Err(ApiError::new(Kind::Conflict, message));
        }
        change.remove_plugin(&kept).await?;
        tracing::info!(key, version, digest = kept.digest, by = operator.name(), "a plugin was removed");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
