//! Tenants of an environment.

pub mod delete;
pub mod get;
pub mod list;
pub mod put;
pub mod response;

use crate::error::ApiError;

/// The error for a tenant that is not there.
fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no tenant {id:?} in this environment"))
}
