//! `PUT /v1/sources/{key}`: creates a source, or changes it in one environment.
//!
//! The request is checked as a whole before anything is written.

mod create;
mod mappings;
mod plan;
pub(crate) mod preprocess_script;
mod preview;
mod propose;
mod request;
mod settings;
mod update;

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::sources::{Source, UpsertSource, UpsertedSource};
use inlet_core::Uuid;
use inlet_delivery::workflows::WorkflowLists;
use inlet_engine::{ConfigurationChange, Engine, mapping_check, snapshot::Endpoint};
use inlet_store::Environment;
use serde::Serialize;

use self::preview::Preview;
pub(in crate::sources) use self::propose::propose;
pub(crate) use self::{
    create::configured,
    mappings::change as change_mappings,
    plan::{Plan, defaults_of, new_settings},
    request::{UpsertRequest, check_key},
    settings::{PresentSettings, checked_change as change_settings},
    update::update_of,
};
use super::{
    lookup::{endpoints_in, find_endpoint, find_source},
    response,
};
use crate::{
    auth::Operator,
    body::JsonBody,
    error::{ApiError, Kind},
    etag::{check_if_match, etag},
    path::Name,
    query::Params,
    targets::{
        mapping_targets::check_named_targets,
        targets_of,
        unknown_workflows::{self, Candidate},
        workflows,
    },
};

/// Creates a source, or changes it in one environment.
///
/// `settings` are merged: null clears, what is absent stays. `mappings` are the whole list: each is recognised by its
/// `id`, else by event type, action and parameters. What is absent is not changed. Creating a source, and changing what
/// all environments share (name, description, image), needs a token that is not limited to some.
#[utoipa::path(
    put,
    path = "/v1/sources/{key}",
    operation_id = "upsertSource",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source: 1 to 64 of a-z, 0-9, _ and -"),
        ("environment" = String, Query, description = "The environment"),
        ("annotate" = Option<bool>, Query, description = "Accepted for compatibility; it changes nothing"),
        ("dry_run" = Option<bool>, Query, description = "`true`: the change is checked and shown, and not made"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change was made from; 412 if there is another by now"),
    ),
    request_body = UpsertSource,
    responses((
        status = 200,
        description = "The source as it is now",
        body = UpsertedSource,
        headers(("ETag" = String, description = "The version of its settings in the environment, for `If-Match`")),
    )),
)]
pub async fn put_source(
    operator: Operator,
    State(engine): State<Engine>,
    Extension(lists): Extension<Arc<WorkflowLists>>,
    Name(key): Name,
    params: Params,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    check_key(&key)?;
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    // Before the configuration is locked: nobody waits for a body that is refused.
    let request = UpsertRequest::check(body.read()?, &environment.slug)?;
    let has_mappings = request.mappings.is_some();
    let mappings_field = request.field("mappings");
    let dry_run = params.flag("dry_run")?;
    let (saved_key, saved_environment) = (key.clone(), environment.clone());
    let (shown, notes, preview) = engine
        .configure(operator.author(), move |change| async move {
            let upsert = Upsert {
                change: &change,
                key: &key,
                environment: &environment,
                request,
                headers: &headers,
                operator,
                dry_run,
            };
            let (notes, preview) = upsert.carry_out().await?;
            Ok::<_, ApiError>((upsert.response()?, notes, preview))
        })
        .await?;
    // Afterwards, because nobody waits for it.
    let mut warnings = notes;
    if has_mappings {
        let snapshot = engine.snapshot();
        let saved = snapshot.sources.get(&saved_key).and_then(|source| source.endpoints.get(&saved_environment.slug));
        let proposed = preview.as_ref().and_then(|preview| preview.proposed.as_ref());
        // Deleted in the meantime, or a dry run of a new source.
        if let Some(endpoint) = proposed.or(saved) {
            let all: Vec<Uuid> = endpoint.mappings.iter().map(|mapping| mapping.id).collect();
            warnings.extend(mapping_warnings(&engine, endpoint, &all, &mappings_field).await);
            warnings.extend(workflow_warnings(&engine, &lists, endpoint, &saved_environment, &mappings_field).await);
        }
    }
    let (version, source) = shown.unzip();
    let version = version.map(|version| (header::ETAG, etag(version)));
    let would_change = preview.map(Preview::into_response);
    Ok((AppendHeaders(version), Json(UpsertedSource { source, warnings, would_change })))
}

/// Returns what is wrong with these mappings of a source, each with its path in the response.
pub(crate) async fn mapping_warnings(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    ids: &[Uuid],
    field: &str,
) -> Vec<String> {
    let warnings = match mapping_check::check(engine, endpoint, ids).await {
        Ok(warnings) => warnings,
        // An error would say that saved mappings are not saved.
        Err(error) => return vec![format!("the mappings were not checked against events: {error}")],
    };
    let position = |id| endpoint.record.mappings.iter().position(|record| record.id == id).unwrap_or_default();
    warnings.into_iter().map(|warning| format!("{field}[{}]: {}", position(warning.mapping), warning.message)).collect()
}

/// Returns the workflows of mappings that no target knows, as far as lists of workflows are kept. Nothing is fetched for it:
/// lists that are too old are fetched again in the background, for the next time.
pub(crate) async fn workflow_warnings(
    engine: &Engine,
    lists: &Arc<WorkflowLists>,
    endpoint: &Endpoint,
    environment: &Environment,
    field: &str,
) -> Vec<String> {
    let targets = match targets_of(engine, environment).await {
        Ok(targets) => targets,
        Err(error) => return vec![format!("the workflows were not checked: {error}")],
    };
    let candidates: Vec<Candidate<'_>> = targets
        .iter()
        .map(|target| Candidate {
            key: &target.key,
            workflows: target.routing.workflows.as_deref(),
            listed: lists.known(target),
        })
        .collect();
    workflows::refresh(engine, lists, &targets);
    let mappings = endpoint.record.mappings.iter().enumerate();
    mappings
        .filter_map(|(index, mapping)| {
            Some(format!("{field}[{index}].{}", unknown_workflows::warning(mapping, &candidates)?))
        })
        .collect()
}

/// An upsert of one source in one environment.
struct Upsert<'a> {
    change: &'a ConfigurationChange,
    key: &'a str,
    environment: &'a Environment,
    request: UpsertRequest,
    headers: &'a HeaderMap,
    operator: Operator,
    /// True to write nothing.
    dry_run: bool,
}

impl Upsert<'_> {
    /// Makes the change, or returns it on a dry run. Returns also the notes about it.
    async fn carry_out(&self) -> Result<(Vec<String>, Option<Preview>), ApiError> {
        self.check_targets().await?;
        let snapshot = self.change.snapshot();
        match snapshot.sources.get(self.key) {
            Some(source) => {
                let endpoint = find_endpoint(source, self.environment)?;
                check_if_match(self.headers, Some(endpoint.record.version))?;
                self.check_same_provider(source)?;
                let plan = self.plan_update(endpoint).await?;
                let notes = plan.notes();
                Ok((notes, self.update(source, endpoint, plan).await?))
            }
            None => {
                self.operator.may_see_all()?;
                check_if_match(self.headers, None::<i64>)?;
                let plugin = self.provider()?;
                let plan = self.plan_creation(&plugin).await?;
                let notes = plan.notes();
                Ok((notes, self.create(&plugin, plan, &snapshot.environments).await?))
            }
        }
    }

    /// Refuses mappings that name a target that the environment does not have.
    async fn check_targets(&self) -> Result<(), ApiError> {
        let Some(mappings) = &self.request.mappings else { return Ok(()) };
        let targets = targets_of(self.change.engine(), self.environment).await?;
        let keys: Vec<&str> = targets.iter().map(|target| target.key.as_str()).collect();
        check_named_targets(mappings, &self.request.field("mappings"), &keys)
    }

    /// Returns the version and the source that are in force; none after a dry run of a new source.
    fn response(&self) -> Result<Option<(i64, Source)>, ApiError> {
        let snapshot = self.change.snapshot();
        if self.dry_run && !snapshot.sources.contains_key(self.key) {
            return Ok(None);
        }
        let source = find_source(&snapshot, self.key)?;
        let version = find_endpoint(source, self.environment)?.record.version;
        let endpoints = endpoints_in(source, Some(self.environment));
        Ok(Some((version, response::source_with_settings(source, endpoints, &self.change.engine().options))))
    }
}

pub(crate) fn as_json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "settings cannot be written as JSON");
        ApiError::new(Kind::Internal, "the settings cannot be stored; the server's log says why")
    })
}
