//! Objects of an environment.

pub mod delete;
pub mod get;
pub mod list;
pub mod list_collections;
pub mod put;
pub mod response;

use crate::error::ApiError;

/// The error for an object that is not there.
pub fn missing(collection: &str, id: &str) -> ApiError {
    ApiError::not_found(format!("there is no object {id:?} in the collection {collection:?} of this environment"))
}
