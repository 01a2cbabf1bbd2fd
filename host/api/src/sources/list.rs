//! `GET /v1/sources`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, sources::SourceList};
use inlet_engine::Engine;

use super::{lookup::endpoints_in, response, status::all::AllStatus};
use crate::{auth::Operator, error::ApiError, query::Params};

/// Lists all sources, newest first.
#[utoipa::path(
    get,
    path = "/v1/sources",
    operation_id = "listSources",
    tag = "sources",
    params(
        ("environment" = Option<String>, Query, description = "The environment whose settings to include; if absent, all that the token is good for"),
        ("include" = Option<Vec<String>>, Query, description = "`environment_settings`, which are null otherwise; `environment_status`"),
        ("annotate" = Option<bool>, Query, description = "Accepted for compatibility; it changes nothing"),
    ),
    responses((status = 200, description = "The sources", body = SourceList)),
)]
pub async fn list_sources(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<SourceList>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.environment(&snapshot)?;
    let mut sources: Vec<_> = snapshot.sources.values().collect();
    sources.sort_by_key(|source| std::cmp::Reverse((source.record.created_at_ms, source.record.id)));
    let mut entries: Vec<_> = match params.includes("environment_settings") {
        false => sources.iter().map(|source| response::source(source)).collect(),
        true => sources
            .iter()
            .map(|source| {
                let own =
                    endpoints_in(source, environment).filter(|(_, endpoint)| operator.sees(endpoint.environment_id));
                response::source_with_settings(source, own, &engine.options)
            })
            .collect(),
    };
    if params.includes("environment_status") {
        let (mut status, catalog) = (AllStatus::read(&engine).await?, engine.catalog());
        for (entry, source) in entries.iter_mut().zip(sources) {
            entry.environment_status = Some(status.of(source, environment, &operator, &catalog));
        }
    }
    Ok(Json(SourceList { page_info: PageInfo::whole(entries.len()), entries }))
}
