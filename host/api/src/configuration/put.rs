//! `PUT /v1/configuration`

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::configuration::{Configuration, ConfigurationPlan};
use inlet_delivery::workflows::WorkflowLists;
use inlet_engine::Engine;

use super::{
    plan::{Plan, Planner, ProposedMappings},
    version::version,
};
use crate::{
    auth::Operator,
    body::JsonBody,
    error::ApiError,
    etag::{check_if_match, etag},
    query::Params,
    sources::upsert::{mapping_warnings, workflow_warnings},
};

/// The most source environments whose mappings are tried with events of the past.
const MAX_TRIED: usize = 20;

/// Changes several resources at once, or none of them.
///
/// The document is checked as a whole, by the rules of the single resources, on the state that it leads to: a mapping may
/// name a target or a variable that the same document brings. What is absent from it stays; what is there is whole. Targets,
/// variables and sources that a present list does not name are deleted with `delete=true` only. With `dry_run=true` nothing is
/// written, and the answer is the plan. All changes are written in one transaction, each with its entry in the log of changes.
///
/// Settings of environments, and the deletion of sources, need the scope `admin`; new sources, and what all environments share,
/// a token that is not limited to some.
#[utoipa::path(
    put,
    path = "/v1/configuration",
    operation_id = "putConfiguration",
    tag = "configuration",
    params(
        ("dry_run" = Option<bool>, Query, description = "`true`: the changes are checked and shown, and not made"),
        ("delete" = Option<bool>, Query, description = "`true`: what a list of the document does not name is deleted"),
        ("If-Match" = Option<String>, Header, description = "The version that the plan was made from; 412 if there is another by now"),
    ),
    request_body = Configuration,
    responses((
        status = 200,
        description = "The changes",
        body = ConfigurationPlan,
        headers(("ETag" = String, description = "The version of the configuration, for `If-Match`")),
    )),
)]
pub async fn put_configuration(
    operator: Operator,
    State(engine): State<Engine>,
    Extension(lists): Extension<Arc<WorkflowLists>>,
    params: Params,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    // Before the configuration is locked: nobody waits for a body that is refused.
    let document: Configuration = body.read()?;
    let (dry_run, deletes) = (params.flag("dry_run")?, params.flag("delete")?);
    let (mut answer, proposed) = engine
        .configure(operator.author(), move |change| async move {
            let visible = |change: &inlet_engine::ConfigurationChange| {
                let snapshot = change.snapshot();
                let seen = snapshot.environments.iter().filter(|environment| operator.sees(environment.id));
                version(&snapshot, seen)
            };
            let present = visible(&change);
            check_if_match(&headers, Some(&present))?;
            let plan = Planner::new(&change, &operator, deletes, dry_run).plan(&document).await?;
            let Plan { parts, changes, secrets, kept, warnings, proposed } = plan;
            let applied = !dry_run && !parts.is_empty();
            if applied {
                let count = parts.len();
                change.change_parts(parts).await?;
                tracing::info!(changes = count, by = operator.name(), "the configuration was changed as a whole");
            }
            let version = if applied { visible(&change) } else { present };
            let answer = ConfigurationPlan { version, applied, changes, secrets, kept, warnings };
            Ok::<_, ApiError>((answer, proposed))
        })
        .await?;
    // Afterwards, because nobody waits for it.
    for ProposedMappings { endpoint, environment, mappings, field } in proposed.iter().take(MAX_TRIED) {
        answer.warnings.extend(mapping_warnings(&engine, endpoint, mappings, field).await);
        answer.warnings.extend(workflow_warnings(&engine, &lists, endpoint, environment, field).await);
    }
    Ok((AppendHeaders([(header::ETAG, etag(&answer.version))]), Json(answer)))
}
