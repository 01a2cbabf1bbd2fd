//! Receives an uploaded component and checks its digest, which the query announces.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use http_body_util::BodyExt as _;
use inlet_engine::{MAX_UPLOADS, drain::drain};
use inlet_sandbox::MAX_PLUGIN_BYTES;
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    error::{ApiError, Kind},
    query::Params,
};

/// Hexadecimal digits of a SHA-256.
const HEX_DIGITS: usize = 64;

/// Returns the announced digest: `sha256:` and 64 hexadecimal digits.
pub fn announced_digest(params: &Params) -> Result<String, ApiError> {
    const EXPECTED: &str = "expected `sha256:` and the 64 hexadecimal digits that `sha256sum` prints of the component";
    let given = params
        .get("digest")
        .ok_or_else(|| ApiError::invalid("digest", format!("this query parameter is missing; {EXPECTED}")))?;
    let digits = given.strip_prefix("sha256:").unwrap_or_default();
    match digits.len() == HEX_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        true => Ok(given.to_ascii_lowercase()),
        false => Err(ApiError::invalid("digest", format!("found {given:?}; {EXPECTED}"))),
    }
}

/// Checks media type, encoding and length before any of the body is read.
pub fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
    if text(header::CONTENT_ENCODING).is_some_and(|encoding| encoding.trim() != "identity") {
        let message = "the component is encoded; send it as it is, without Content-Encoding";
        return Err(ApiError::new(Kind::UnsupportedMediaType, message));
    }
    let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
    if media_type.split(';').next().unwrap_or_default().trim() != "application/wasm" {
        let message = "the body is not sent as a component; send Content-Type: application/wasm";
        return Err(ApiError::new(Kind::UnsupportedMediaType, message));
    }
    match length(headers).is_some_and(|length| length > MAX_PLUGIN_BYTES) {
        true => Err(too_large()),
        false => Ok(()),
    }
}

/// A permit to hold and compile one component. Dropping it releases the memory budget.
pub struct UploadPermit {
    _permit: OwnedSemaphorePermit,
}

/// Takes a permit for one more component, or refuses if too many are being added.
pub fn permit(uploads: &Arc<Semaphore>) -> Result<UploadPermit, ApiError> {
    uploads.clone().try_acquire_owned().map(|permit| UploadPermit { _permit: permit }).map_err(|_| {
        let message = format!("{MAX_UPLOADS} components are being added already; send it again when they are in");
        ApiError::new(Kind::Unavailable, message)
    })
}

/// Reads a component and checks its digest. Fails if the body pauses for longer than `pause`.
pub async fn read(mut body: Body, headers: &HeaderMap, announced: &str, pause: Duration) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::with_capacity(length(headers).unwrap_or_default().min(MAX_PLUGIN_BYTES));
    loop {
        let frame = match timeout(pause, body.frame()).await {
            Err(_) => {
                let message = format!("the body paused for more than {} s; send it again", pause.as_secs());
                return Err(ApiError::new(Kind::TooSlow, message));
            }
            Ok(None) => break,
            Ok(Some(frame)) => frame.map_err(|_| ApiError::new(Kind::Invalid, "the body broke off; send it again"))?,
        };
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > MAX_PLUGIN_BYTES {
            drain(body);
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    let found = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
    match found == announced {
        true => Ok(bytes),
        false => {
            let message = format!(
                "what came has the digest {found}, expected {announced}; it was damaged on its way, or another file was \
                 meant: look which, and send it again"
            );
            Err(ApiError::invalid("digest", message))
        }
    }
}

/// Returns the announced length of the body, in bytes.
fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the error for a component over the size limit.
pub fn too_large() -> ApiError {
    let message = format!("the component is over the limit of {MAX_PLUGIN_BYTES} bytes; build it for size");
    ApiError::new(Kind::TooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_sha256_and_announced() {
        let read = |query: &str| announced_digest(&Params::parse(query)).map_err(|error| error.to_string());
        let digits = "AB".repeat(32);
        assert_eq!(read(&format!("digest=sha256:{digits}")), Ok(format!("sha256:{}", "ab".repeat(32))));
        insta::assert_snapshot!(read("").unwrap_err(), @"this query parameter is missing; expected `sha256:` and the 64 hexadecimal digits that `sha256sum` prints of the component");
        insta::assert_snapshot!(read("digest=md5:00").unwrap_err(), @r#"found "md5:00"; expected `sha256:` and the 64 hexadecimal digits that `sha256sum` prints of the component"#);
    }
}
