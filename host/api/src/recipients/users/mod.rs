//! Users of an environment.

pub mod delete;
pub mod export;
pub mod forget;
pub mod get;
pub mod list;
pub mod put;
pub mod response;

use crate::error::ApiError;

/// The error for a user that is not there.
pub fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("no user {id:?} was identified in this environment"))
}
