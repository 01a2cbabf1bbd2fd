//! Extractors of path parameters.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use super::error::ApiError;

/// The single parameter of a path, decoded.
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(not_utf8()),
        }
    }
}

/// The two parameters of a path, decoded.
pub struct TwoNames(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for TwoNames {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path((first, second))) => Ok(Self(first, second)),
            Err(_) => Err(not_utf8()),
        }
    }
}

fn not_utf8() -> ApiError {
    ApiError::not_found("the path is not UTF-8, so it names nothing")
}
