//! Reading a body: bounded in size, in time, and in the bytes that it may hold.
//!
//! A body reserves what has arrived, never what it announces, and reserves before it allocates. Nothing is buffered past the
//! limit. The rest of a refused body is drained for a moment, so that its sender can read the answer instead of seeing its
//! connection reset.

mod buffer;
mod encoding;
mod pace;

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use http_body_util::BodyExt as _;
use inlet_core::{ByteString, contract};
use tokio::time::{Instant, timeout_at};

use self::{
    buffer::{Buffer, Decoder},
    pace::Pace,
};
use super::{error::IngestError, not_accepted::NotAccepted};
use crate::{Engine, admission::Reservation};

/// The bytes of a compressed body that are inflated at once: at most a thousand times as many. Other requests have their
/// turn in between.
const INFLATED_AT_ONCE: usize = 4096;

/// Reads a body whole: inflated, without a byte order mark.
pub(super) async fn read(
    engine: &Engine,
    limit: usize,
    headers: &HeaderMap,
    body: Body,
    reservation: &Arc<Reservation>,
) -> Result<contract::Body, NotAccepted> {
    let is_gzip = match encoding::is_gzip(headers) {
        Ok(is_gzip) => is_gzip,
        Err(error) => return Err(NotAccepted::drain(error, body)),
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(NotAccepted::drain(IngestError::TooLarge { limit }, body));
    }
    let announced = announced.filter(|_| !is_gzip);
    let buffer = Buffer::new(reservation.clone(), limit, announced);
    let mut decoder = match Decoder::new(buffer, is_gzip) {
        Ok(decoder) => decoder,
        Err(error) => return Err(NotAccepted::drain(error, body)),
    };
    let mut pace = Pace::new(engine.options.body_timeout, engine.options.min_body_bytes_per_second, Instant::now());
    let mut body = body;
    loop {
        let frame = match timeout_at(pace.deadline(), body.frame()).await {
            Err(_) => return Err(NotAccepted::close(IngestError::TooSlow)),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(NotAccepted::close(IngestError::Broken)),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if let Err(error) = take(&mut decoder, &data, is_gzip).await {
            return Err(NotAccepted::drain(error, body));
        }
        pace.received(data.len(), Instant::now());
    }
    Ok(text_or_bytes(decoder.finish()?))
}

async fn take(decoder: &mut Decoder, data: &[u8], is_gzip: bool) -> Result<(), IngestError> {
    if !is_gzip {
        return decoder.take(data);
    }
    for (index, part) in data.chunks(INFLATED_AT_ONCE).enumerate() {
        if index > 0 {
            tokio::task::yield_now().await;
        }
        decoder.take(part)?;
    }
    Ok(())
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
