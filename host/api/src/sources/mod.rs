//! Sources: platforms that send events, and how each environment treats them.
//!
//! The handlers are in files named after what they do. What a `PUT` asks for is read by `asked` and worked out by
//! `settings` and `mappings`, what is to be rehearsed by `rehearsal_request`; `shown`, `log_entry`, `rehearsed` and
//! `rehearsed_item` are what the answers look like.

pub mod asked;
pub mod compare_plugin;
pub mod delete;
pub mod events;
pub mod get;
pub mod hidden;
pub mod list;
pub mod log_entry;
pub mod logs;
pub mod mappings;
pub mod put;
pub mod rehearsal_request;
pub mod rehearse;
pub mod rehearsed;
pub mod rehearsed_item;
pub mod repair;
pub mod request;
pub mod rotate_endpoint;
pub mod settings;
pub mod shown;
pub mod status;
pub mod use_plugin;
pub mod which_plugin;

use std::sync::Arc;

use inlet_engine::snapshot::{Endpoint, Snapshot, Source};
use inlet_store::Environment;

use super::error::ApiError;

/// The source of that key.
fn find<'a>(snapshot: &'a Snapshot, key: &str) -> Result<&'a Arc<Source>, ApiError> {
    snapshot.sources.get(key).ok_or_else(|| {
        ApiError::not_found(format!("there is no source {key:?}; GET /v1/sources lists those there are"))
    })
}

/// The source in that environment.
fn in_environment<'a>(source: &'a Source, environment: &Environment) -> Result<&'a Arc<Endpoint>, ApiError> {
    source.endpoints.get(&environment.slug).ok_or_else(|| {
        let (key, slug) = (&source.record.key, &environment.slug);
        ApiError::not_found(format!("the source {key:?} is not set up in the environment {slug:?}"))
    })
}

/// The source in that environment, or in all if none is named.
fn in_environments<'a>(
    source: &'a Source,
    environment: Option<&Environment>,
) -> impl Iterator<Item = (&'a String, &'a Arc<Endpoint>)> {
    let slug = environment.map(|environment| environment.slug.clone());
    source.endpoints.iter().filter(move |(name, _)| slug.as_ref().is_none_or(|slug| slug == *name))
}
