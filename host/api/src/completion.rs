//! Work that runs to its end even if the client disconnects.

use super::error::ApiError;

/// Runs work to its end even if the client disconnects: what is stored must be answered, logged and in force.
pub async fn to_completion<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    inlet_engine::to_completion(work).await?
}
