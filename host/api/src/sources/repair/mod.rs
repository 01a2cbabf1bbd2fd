//! Repairing what failed, was rejected or was refused, as operators ask for it.
//!
//! The handlers are in files named after what they do; `asked` reads what a replay is to replay, the `shown_…` files are
//! what the answers look like.

mod asked;
pub mod cancel_replay;
pub mod create_replay;
pub mod dismiss;
pub mod get_replay;
pub mod list_refused;
pub mod list_replays;
pub mod replay_log;
pub mod shown_attention;
mod shown_replay;
pub mod verify_all_refused;
pub mod verify_refused;

use std::sync::Arc;

use inlet_core::Uuid;
use inlet_engine::{
    Engine,
    replay::{refused::NotDone, rerun::RerunError},
    snapshot::Endpoint,
};

use super::{find, in_environment};
use crate::{error::ApiError, query::Params};

/// The source in the environment that the query names.
fn endpoint(engine: &Engine, key: &str, params: &Params) -> Result<Arc<Endpoint>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find(&snapshot, key)?;
    in_environment(source, params.required_environment(&snapshot)?).cloned()
}

/// An id in a path.
fn read_id(what: &str, text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| ApiError::not_found(format!("there is no {what} {text:?}; ids are UUIDs")))
}

impl From<RerunError> for ApiError {
    fn from(error: RerunError) -> Self {
        use crate::error::Kind;
        let kind = match error {
            RerunError::Read(error) => return error.into(),
            RerunError::NotFound(_) => Kind::NotFound,
            RerunError::NothingKept | RerunError::OtherItems { .. } | RerunError::PluginFailed(_) => Kind::Conflict,
            RerunError::NoPlugin | RerunError::Busy => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<NotDone> for ApiError {
    fn from(error: NotDone) -> Self {
        use crate::error::Kind;
        let kind = match error {
            NotDone::Read(error) => return error.into(),
            NotDone::Commit(error) => return error.into(),
            NotDone::NotFound(_) => Kind::NotFound,
            NotDone::NoPlugin | NotDone::Busy => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}
