//! Finds the source, the source environment or the record that a request names.

use std::sync::Arc;

use inlet_core::Uuid;
use inlet_engine::{
    Engine,
    snapshot::{Endpoint, Snapshot, Source},
};
use inlet_store::{API_LOG, Environment};

use crate::{error::ApiError, query::Params};

/// Returns the source with this key.
pub fn find_source<'a>(snapshot: &'a Snapshot, key: &str) -> Result<&'a Arc<Source>, ApiError> {
    snapshot.sources.get(key).ok_or_else(|| {
        ApiError::not_found(format!("there is no source {key:?}; GET /v1/sources lists those there are"))
    })
}

/// Returns the source's endpoint in one environment.
pub fn find_endpoint<'a>(source: &'a Source, environment: &Environment) -> Result<&'a Arc<Endpoint>, ApiError> {
    source.endpoints.get(&environment.slug).ok_or_else(|| {
        let (key, slug) = (&source.record.key, &environment.slug);
        ApiError::not_found(format!("the source {key:?} is not set up in the environment {slug:?}"))
    })
}

/// Returns the source environment whose event log a request reads: also that of the environment's API calls, under the key
/// [`API_LOG`].
pub fn find_log<'a>(
    snapshot: &'a Snapshot,
    key: &str,
    environment: &Environment,
) -> Result<&'a Arc<Endpoint>, ApiError> {
    match snapshot.api_log(environment.id).filter(|_| key == API_LOG) {
        Some(log) => Ok(log),
        None => find_endpoint(find_source(snapshot, key)?, environment),
    }
}

/// Returns the source's endpoints by environment slug, in one environment or, if none is given, in all.
pub fn endpoints_in<'a>(
    source: &'a Source,
    environment: Option<&Environment>,
) -> impl Iterator<Item = (&'a String, &'a Arc<Endpoint>)> {
    let slug = environment.map(|environment| environment.slug.clone());
    source.endpoints.iter().filter(move |(name, _)| slug.as_ref().is_none_or(|slug| slug == *name))
}

/// Returns the source's endpoint in the environment of the query parameter `environment`.
pub fn queried_endpoint(engine: &Engine, key: &str, params: &Params) -> Result<Arc<Endpoint>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, key)?;
    find_endpoint(source, params.required_environment(&snapshot)?).cloned()
}

/// Parses the id in a path. Text that is no id names nothing, so it is a 404 like an unknown id.
pub fn parse_path_id(resource: &str, text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| ApiError::not_found(format!("there is no {resource} {text:?}; ids are UUIDs")))
}
