//! `GET /v1/source_providers/{key}`

use axum::{Json, extract::State};

use super::{shown::ShownProvider, versions};
use crate::{
    api::{auth::Operator, error::ApiError, path::Name, query::Params},
    app::App,
};

/// A platform that sources can be made for, and what its plugin says about it.
#[utoipa::path(
    get,
    path = "/v1/source_providers/{key}",
    operation_id = "getSourceProvider",
    tag = "providers",
    params(
        ("key" = String, Path, description = "The provider; the `/` of a key such as `acme/crm` is written `%2F`"),
        (
            "include" = Option<Vec<String>>,
            Query,
            description = "`default_action_mappings`, `example_payloads`, `static_fields`",
        ),
    ),
    responses((status = 200, description = "The provider", body = ShownProvider)),
    security(("management_token" = [])),
)]
pub async fn get_source_provider(
    operator: Operator,
    State(app): State<App>,
    Name(key): Name,
    params: Params,
) -> Result<Json<ShownProvider>, ApiError> {
    let catalog = app.catalog();
    let plugin = catalog.get(&key).ok_or_else(|| {
        ApiError::not_found(format!("there is no provider {key:?}; GET /v1/source_providers lists those there are"))
    })?;
    let versions = versions::all(&app, &key, |environment_id| operator.sees(environment_id)).await?;
    Ok(Json(ShownProvider::of(plugin, versions, &params)))
}
