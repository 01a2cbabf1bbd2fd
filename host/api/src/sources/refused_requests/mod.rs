//! Requests that signature verification refused.

use inlet_engine::replay::refused::NotDone;

use crate::error::{ApiError, Kind};

pub mod list;
pub mod verify;
pub mod verify_all;

impl From<NotDone> for ApiError {
    fn from(error: NotDone) -> Self {
        let kind = match error {
            NotDone::Read(error) => return error.into(),
            NotDone::Commit(error) => return error.into(),
            NotDone::NotFound(_) => Kind::NotFound,
            NotDone::NoPlugin | NotDone::Busy => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}
