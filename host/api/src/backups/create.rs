//! `POST /v1/backups`

use std::io;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::stream;
use inlet_engine::Engine;
use inlet_store::{Backup, BackupError};

use crate::{
    auth::Operator,
    error::{ApiError, Kind},
};

/// The digest of a whole answer (RFC 9530).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// Makes a backup and returns it: a consistent copy of the SQLite database, with all environments, events and added plugins,
/// while webhooks are received.
///
/// `Repr-Digest` is the SHA-256 of the answer; compare it, because a download can break off. The master key is not in the
/// backup, and its secrets cannot be read without it. The answer begins when the whole copy is made.
#[utoipa::path(
    post,
    path = "/v1/backups",
    operation_id = "createBackup",
    tag = "administration",
    responses((
        status = 200, description = "The database", body = String, content_type = "application/vnd.sqlite3",
        headers(
            ("Content-Length" = u64, description = "Its size in bytes"),
            ("Repr-Digest" = String, description = "`sha-256=:…:`, in base64"),
        ),
    )),
)]
pub async fn create_backup(operator: Operator, State(engine): State<Engine>) -> Result<Response, ApiError> {
    let backup = engine.store.backup().await?;
    tracing::info!(by = operator.name(), bytes = backup.bytes, "a backup of the database was made and is sent");
    let headers = headers(&backup)?;
    let chunks = stream::unfold(Some(backup), async |backup| match next_chunk(backup?).await {
        Ok(None) => None,
        Ok(Some((chunk, backup))) => Some((Ok(chunk), Some(backup))),
        Err(error) => Some((Err(error), None)),
    });
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn headers(backup: &Backup) -> Result<HeaderMap, ApiError> {
    let value = |text: String| {
        HeaderValue::try_from(text)
            .map_err(|_| ApiError::new(Kind::Internal, "a header of the backup cannot be written"))
    };
    Ok(HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.sqlite3")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"inlet.db\"")),
        (header::CONTENT_LENGTH, HeaderValue::from(backup.bytes)),
        (REPR_DIGEST, value(format!("sha-256=:{}:", STANDARD.encode(backup.sha256)))?),
    ]))
}

async fn next_chunk(mut backup: Backup) -> io::Result<Option<(Vec<u8>, Backup)>> {
    let read = tokio::task::spawn_blocking(move || Ok(backup.next_chunk()?.map(|chunk| (chunk, backup)))).await;
    let read = read.map_err(io::Error::other).flatten();
    if let Err(error) = &read {
        tracing::error!(%error, "a backup could not be read to its end; its download broke off");
    }
    read
}

impl From<BackupError> for ApiError {
    fn from(error: BackupError) -> Self {
        if !matches!(error, BackupError::Running) {
            tracing::error!(%error, "no backup was made");
        }
        Self::new(Kind::Unavailable, error.to_string())
    }
}
