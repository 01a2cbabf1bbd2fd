//! Errors of the API and the response that each becomes.
//!
//! A message says what was found, what was expected and what to do. It never holds a secret or values of a body.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use inlet_api_types::ErrorBody;
use inlet_engine::{ConfigureError, Interrupted};
use inlet_store::{ChangeError, CommitError, ReadError};

/// Seconds after which a caller may retry an unavailable operation.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
/// Seconds after which a caller may repeat an operation that it asked for too often.
const RETRY_AFTER_MINUTE: HeaderValue = HeaderValue::from_static("60");

/// An error that is answered to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    kind: Kind,
    message: String,
    field: Option<String>,
}

/// The kind of an error, which decides its status and its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No credential, or one that is not known.
    Unauthorized,
    /// A credential that does not permit the operation.
    Forbidden,
    /// The resource does not exist.
    NotFound,
    /// The path has other methods only.
    MethodNotAllowed,
    /// The state of the resource does not permit the operation.
    Conflict,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// The body stopped arriving for too long.
    TooSlow,
    /// The body is over the limit.
    TooLarge,
    /// The body is not sent as JSON.
    UnsupportedMediaType,
    /// A parameter or a member of the body is wrong.
    Invalid,
    /// The bearer has made too many such requests of late.
    TooManyRequests,
    /// A fault of the server.
    Internal,
    /// The server cannot carry the operation out now; a retry may succeed.
    Unavailable,
}

impl Kind {
    fn status(self) -> StatusCode {
        match self {
            Kind::Unauthorized => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Kind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Kind::Unauthorized => "unauthorized",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not_found",
            Kind::MethodNotAllowed => "method_not_allowed",
            Kind::Conflict => "conflict",
            Kind::PreconditionFailed => "precondition_failed",
            Kind::TooSlow => "request_timeout",
            Kind::TooLarge => "payload_too_large",
            Kind::UnsupportedMediaType => "unsupported_media_type",
            Kind::Invalid => "invalid",
            Kind::TooManyRequests => "too_many_requests",
            Kind::Internal => "internal",
            Kind::Unavailable => "unavailable",
        }
    }
}

impl ApiError {
    /// An error without a field.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None }
    }

    /// An error about a parameter or a member of the body.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: Kind::Invalid, message: message.into(), field: Some(field.into()) }
    }

    /// The parameter or member that the error is about.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Returns the message with the field before it.
    pub fn to_sentence(&self) -> String {
        match self.field() {
            Some(field) => format!("{field}: {self}"),
            None => self.to_string(),
        }
    }

    /// Returns the error about the member of another body that stands for this one's.
    pub fn at(self, place: impl FnOnce(&str) -> String) -> Self {
        Self { field: self.field.as_deref().map(place), ..self }
    }

    /// An error about a resource that does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let ApiError { kind, message, field } = self;
        let body = ErrorBody { code: kind.code().to_owned(), message, field };
        let mut response = (kind.status(), Json(body)).into_response();
        match kind {
            Kind::Unauthorized => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Kind::TooManyRequests => {
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_MINUTE);
            }
            Kind::Unavailable => {
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
            }
            _ => {}
        }
        response
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "a request of the API could not read the storage");
        Self::new(
            Kind::Unavailable,
            "the storage cannot be read now; try again, and see the server's log if it stays so",
        )
    }
}

impl From<ConfigureError> for ApiError {
    fn from(error: ConfigureError) -> Self {
        match error {
            ConfigureError::Read(error) => error.into(),
            ConfigureError::Change(error) => error.into(),
            ConfigureError::Interrupted(error) => error.into(),
        }
    }
}

impl From<Interrupted> for ApiError {
    fn from(error: Interrupted) -> Self {
        tracing::error!(%error, "a change through the API ended early");
        Self::new(Kind::Internal, "the server failed; its log says where; read again what is in force")
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        let kind = match error {
            ChangeError::Conflict { .. } | ChangeError::Taken { .. } | ChangeError::InUse { .. } => Kind::Conflict,
            ChangeError::NotFound { .. } => Kind::NotFound,
            ChangeError::Commit(error) => return error.into(),
        };
        Self::new(kind, error.to_string())
    }
}

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        if !matches!(error, CommitError::Superseded { .. }) {
            tracing::error!(%error, "a change through the API was not stored");
        }
        match error {
            CommitError::Overloaded { .. } | CommitError::Unavailable { .. } => {
                Self::new(Kind::Unavailable, error.to_string())
            }
            CommitError::Superseded { .. } => Self::new(Kind::Conflict, error.to_string()),
            // Only a webhook can have been seen before.
            CommitError::Refused { .. } | CommitError::Reused | CommitError::Forgotten(_) => {
                Self::new(Kind::Internal, "the storage refused the change; the server's log says why")
            }
        }
    }
}

impl From<getrandom::Error> for ApiError {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "the system gives no random bytes");
        Self::new(Kind::Unavailable, "the system gives no random bytes now, so no secret can be made; try again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_shape_for_every_error() {
        let text = async |error: ApiError| {
            let response = error.into_response();
            let headers = format!("{:?} {:?}", response.status(), response.headers());
            let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
            format!("{headers}\n{}", String::from_utf8(body.to_vec()).unwrap())
        };
        insta::assert_snapshot!(text(ApiError::invalid("limit", "found 0, expected 1 to 100")).await, @r#"
        422 {"content-type": "application/json"}
        {"code":"invalid","message":"found 0, expected 1 to 100","field":"limit"}
        "#);
        insta::assert_snapshot!(text(ApiError::new(Kind::Unauthorized, "m")).await, @r#"
        401 {"content-type": "application/json", "www-authenticate": "Bearer"}
        {"code":"unauthorized","message":"m","field":null}
        "#);
        let full = CommitError::Unavailable { reason: "the disk is full".to_owned() };
        insta::assert_snapshot!(text(ChangeError::Commit(full).into()).await, @r#"
        503 {"content-type": "application/json", "retry-after": "1"}
        {"code":"unavailable","message":"the storage is unavailable: the disk is full","field":null}
        "#);
        insta::assert_snapshot!(text(ChangeError::Conflict { expected: 2, found: 3 }.into()).await, @r#"
        409 {"content-type": "application/json"}
        {"code":"conflict","message":"it was changed in the meantime: version 2 was expected and 3 was found; read it again","field":null}
        "#);
    }
}
