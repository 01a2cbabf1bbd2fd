//! Work that runs to its end even if its caller goes away.

/// The work panicked, or the runtime is shutting down.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Interrupted(#[from] tokio::task::JoinError);

/// Runs work in a task of its own, so that it reaches its end even if the caller's future is dropped: a client that
/// disconnects must not leave a change stored that is not in force.
pub async fn to_completion<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Interrupted> {
    Ok(tokio::spawn(work).await?)
}
