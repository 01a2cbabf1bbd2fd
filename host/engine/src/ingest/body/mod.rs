//! Reading a body: bounded in size, in time, and in the bytes that all requests may hold at once.
//!
//! Nothing is buffered past the limit. The rest of a refused body is drained for a moment, so that its sender can read the
//! answer instead of seeing its connection reset.

mod reservation;
mod sink;

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_LENGTH},
    },
};
use http_body_util::BodyExt as _;
use inlet_core::{ByteString, contract};
use tokio::time::timeout;

pub(crate) use self::reservation::BodyReservation;
use self::sink::Sink;
use crate::{Engine, drain, ingest::error::IngestError};

/// Reads a body whole: inflated, without a byte order mark.
pub(super) async fn read(
    engine: &Engine,
    limit: usize,
    headers: &HeaderMap,
    body: Body,
) -> Result<(contract::Body, BodyReservation), IngestError> {
    let is_gzip = match is_gzip(headers) {
        Ok(is_gzip) => is_gzip,
        Err(error) => return drain_and_refuse(body, error),
    };
    let mut reservation = BodyReservation::new(&engine.body_budget);
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return drain_and_refuse(body, IngestError::TooLarge { limit });
    }
    if let Err(error) = reservation.extend_to(announced.unwrap_or_default()) {
        return drain_and_refuse(body, error);
    }
    let mut sink = match is_gzip {
        false => Sink::plain(announced.unwrap_or_default()),
        true => Sink::gzip(limit),
    };
    let pause = engine.options.body_timeout;
    let mut body = body;
    let mut only: Option<Bytes> = None;
    loop {
        let frame = match timeout(pause, body.frame()).await {
            Err(_) => return Err(IngestError::TooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(IngestError::Broken),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        // A body that comes in one piece, as most do, is not copied.
        if !is_gzip && only.is_none() && sink.len() == 0 && data.len() <= limit {
            reservation.extend_to(data.len())?;
            only = Some(data);
            continue;
        }
        let taken = only.take().map_or(Ok(()), |first| sink.take(&first, limit)).and_then(|()| sink.take(&data, limit));
        if let Err(error) = taken.and_then(|()| reservation.extend_to(sink.len())) {
            return drain_and_refuse(body, error);
        }
    }
    let bytes = match only {
        Some(bytes) => bytes,
        None => sink.finish()?,
    };
    reservation.extend_to(bytes.len())?;
    Ok((text_or_bytes(bytes), reservation))
}

/// Returns true if the body is compressed with one `gzip`, the only content encoding that is known.
fn is_gzip(headers: &HeaderMap) -> Result<bool, IngestError> {
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

fn drain_and_refuse<T>(body: Body, error: IngestError) -> Result<T, IngestError> {
    drain::drain(body);
    Err(error)
}

/// Returns a body as text if it is UTF-8, without its byte order mark.
pub(super) fn text_or_bytes(bytes: Bytes) -> contract::Body {
    let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(_) => bytes.slice(3..),
        None => bytes,
    };
    match ByteString::try_from(bytes.clone()) {
        Ok(text) => contract::Body::Text(text),
        Err(_) => contract::Body::Bytes(bytes),
    }
}
