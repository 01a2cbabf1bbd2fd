//! The content encodings that are known.

use axum::http::{HeaderMap, header::CONTENT_ENCODING};

use crate::ingest::error::IngestError;

/// Returns true if the body is compressed with one `gzip`, the only content encoding that is known.
pub(super) fn is_gzip(headers: &HeaderMap) -> Result<bool, IngestError> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().map_err(|_| IngestError::Encoding)?;
        codings.extend(value.split(',').map(|coding| coding.trim().to_ascii_lowercase()));
    }
    codings.retain(|coding| !coding.is_empty() && coding != "identity");
    match codings.as_slice() {
        [] => Ok(false),
        [coding] if coding == "gzip" || coding == "x-gzip" => Ok(true),
        _ => Err(IngestError::Encoding),
    }
}
