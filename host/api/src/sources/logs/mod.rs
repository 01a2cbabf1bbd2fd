//! The log of a source's events and actions.

mod kept_request;
pub mod late_values;
pub mod list;
pub mod personal_data;
pub mod replay;
pub mod response;
pub mod test_case;
pub mod time_bounds;
pub mod trace;

use inlet_engine::replay::event_replayer::EventReplayError;

use crate::error::{ApiError, Kind};

impl From<EventReplayError> for ApiError {
    fn from(error: EventReplayError) -> Self {
        let kind = match error {
            EventReplayError::Read(error) => return error.into(),
            EventReplayError::NotFound(_) => Kind::NotFound,
            EventReplayError::NothingKept | EventReplayError::OtherItems { .. } | EventReplayError::PluginFailed(_) => {
                Kind::Conflict
            }
            EventReplayError::NoPlugin | EventReplayError::Busy => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}
