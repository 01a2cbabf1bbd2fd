//! Changes run to their end.

use super::error::{ApiError, Kind};

/// Runs a change to its end even if the caller hangs up in the middle: what is stored and what is in force must not
/// part.
pub async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::spawn(change).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(%error, "a change through the API ended early");
            Err(ApiError::new(Kind::Internal, "the server failed; its log says where; read again what is in force"))
        }
    }
}
