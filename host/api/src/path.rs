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

/// The key of a provider. The slash of a key such as `acme/crm` may be written as it is, or as `%2F`.
pub struct ProviderKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ProviderKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ProviderVersion { key, .. } = ProviderVersion::from_request_parts(parts, state).await?;
        Ok(Self(key))
    }
}

/// The key of a provider and a version of it.
pub struct ProviderVersion {
    /// The provider's key.
    pub key: String,
    /// The version; empty if the path names none.
    pub version: String,
}

impl<S: Send + Sync> FromRequestParts<S> for ProviderVersion {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Path(params) = params.map_err(|_| not_utf8())?;
        let take = |wanted: &str| params.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let key = match (take("publisher"), take("name")) {
            (Some(publisher), Some(name)) => format!("{publisher}/{name}"),
            _ => take("key").unwrap_or_default().to_owned(),
        };
        Ok(Self { key, version: take("version").unwrap_or_default().to_owned() })
    }
}

fn not_utf8() -> ApiError {
    ApiError::not_found("the path is not UTF-8, so it names nothing")
}
