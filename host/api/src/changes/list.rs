//! `GET /v1/changes`

use axum::{Json, extract::State};
use inlet_core::time;
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::{ChangeQuery, ChangeRecord};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator,
    error::ApiError,
    page::{PageInfo, PageParams, PageRequest},
    query::Params,
    raw::Raw,
};

/// A page of changes, newest first.
#[derive(Serialize, ToSchema)]
pub struct ChangeList {
    /// The changes.
    entries: Vec<Change>,
    /// What lies around the page.
    page_info: PageInfo,
}

/// A change that was made through this API.
#[derive(Serialize, ToSchema)]
pub struct Change {
    /// Its id; later ones are greater.
    #[schema(format = Uuid)]
    id: String,
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
    /// Who made it.
    who: Who,
    /// The operation's id in this document, for example `upsertSource`.
    operation: String,
    /// What was changed, as its path under `/v1`, for example `sources/segment`.
    resource: String,
    /// Where; null when it is about all environments or about none.
    #[schema(required)]
    environment: Option<String>,
    /// What was: of a change only what differs; null when it was created. Secrets are `"set"`, tokens are not in it.
    #[schema(required, value_type = Option<Object>)]
    before: Option<Raw>,
    /// What is; null when it was deleted. A secret that is another now is `"changed"`.
    #[schema(required, value_type = Option<Object>)]
    after: Option<Raw>,
}

/// Who made a change.
#[derive(Serialize, ToSchema)]
pub struct Who {
    /// The management token's id, which may be deleted by now; null for `bootstrap` and `demo`.
    #[schema(required)]
    token_id: Option<String>,
    /// The token's name; `bootstrap` for the token that the server was started with, `demo` for the server itself.
    name: String,
}

impl Change {
    fn of(record: ChangeRecord, snapshot: &Snapshot) -> Self {
        let slug = |id: i64| snapshot.environments.iter().find(|known| known.id == id);
        Self {
            id: record.id.to_string(),
            at: time::write_ms(record.at_ms()),
            who: Who { token_id: record.author.token_id.map(|id| id.to_string()), name: record.author.name },
            operation: record.operation,
            resource: record.resource,
            environment: record.environment_id.and_then(slug).map(|environment| environment.slug.clone()),
            before: record.before.map(Raw::of),
            after: record.after.map(Raw::of),
        }
    }
}

/// Lists what was changed through this API, newest first. Kept for a year, or as long as the longest retention of an
/// environment if that is longer.
#[utoipa::path(
    get,
    path = "/v1/changes",
    operation_id = "listChanges",
    tag = "administration",
    params(
        ("environment" = Option<String>, Query, description = "In this environment; if absent, in all that the token is good for, and what is about all if it is good everywhere"),
        ("resource" = Option<String>, Query, description = "Of this resource, for example `sources/segment`"),
        PageParams,
    ),
    responses((status = 200, description = "The changes", body = ChangeList)),
    security(("management_token" = [])),
)]
pub async fn list_changes(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<ChangeList>, ApiError> {
    let snapshot = engine.snapshot();
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let environment_ids = match params.environment(&snapshot)? {
        Some(environment) => Some(vec![environment.id]),
        None => operator.environment_ids().map(<[i64]>::to_vec),
    };
    let resource = params.get("resource").map(str::to_owned);
    let page = engine.store.changes(&ChangeQuery { environment_ids, resource, cursor, limit }).await?;
    let page_info = PageInfo::of(&page, limit, |change| change.id);
    let entries = page.items.into_iter().map(|record| Change::of(record, &snapshot)).collect();
    Ok(Json(ChangeList { entries, page_info }))
}
