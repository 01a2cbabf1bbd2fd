//! The log of a source's events and actions.

pub mod list;
mod personal_data;
pub mod replay;
pub mod response;

use inlet_engine::replay::rerun::RerunError;

use crate::error::{ApiError, Kind};

impl From<RerunError> for ApiError {
    fn from(error: RerunError) -> Self {
        let kind = match error {
            RerunError::Read(error) => return error.into(),
            RerunError::NotFound(_) => Kind::NotFound,
            RerunError::NothingKept | RerunError::OtherItems { .. } | RerunError::PluginFailed(_) => Kind::Conflict,
            RerunError::NoPlugin | RerunError::Busy => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}
