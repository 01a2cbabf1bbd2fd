//! Names in paths.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use super::error::ApiError;

/// The one variable segment of a path, decoded.
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(ApiError::not_found("the path is not UTF-8, so it names nothing")),
        }
    }
}

/// A name and an id: the two variable segments of a path, decoded.
pub struct NameAndId(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for NameAndId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path((name, id))) => Ok(Self(name, id)),
            Err(_) => Err(ApiError::not_found("the path is not UTF-8, so it names nothing")),
        }
    }
}
