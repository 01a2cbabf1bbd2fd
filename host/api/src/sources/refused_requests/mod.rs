//! Requests that signature verification refused.

use inlet_engine::replay::refused_requests::VerifyAgainError;

use crate::{
    answer_memory::AnswerMemory,
    error::{ApiError, Kind},
};

pub mod dismiss;
pub mod get;
pub mod list;
pub mod verify;
pub mod verify_all;

impl From<VerifyAgainError> for ApiError {
    fn from(error: VerifyAgainError) -> Self {
        let kind = match error {
            VerifyAgainError::Read(error) => return error.into(),
            VerifyAgainError::Commit(error) => return error.into(),
            VerifyAgainError::Memory => return AnswerMemory::exhausted(),
            VerifyAgainError::NotFound(_) => Kind::NotFound,
            VerifyAgainError::NoPlugin | VerifyAgainError::Busy => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}
