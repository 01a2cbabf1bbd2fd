//! Reading a body: bounded in size, in time, and in what all requests together may hold.
//!
//! Nothing is buffered past the limit. What a sender still sends is read and thrown away for a moment, so that it can
//! read our answer instead of seeing its connection reset.

use std::{io::Write as _, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_LENGTH},
    },
};
use flate2::write::GzDecoder;
use http_body_util::BodyExt as _;
use inlet_core::{ByteString, contract};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{BODY_UNIT, Engine, drain, ingest::answer::Refusal};

/// The room that a body takes; given back when it is dropped.
pub struct Held {
    budget: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Held {
    fn new(budget: &Arc<Semaphore>) -> Self {
        Self { budget: budget.clone(), permits: None, bytes: 0 }
    }

    /// Makes room for a body of this many bytes in all, or says that there is none.
    fn reserve(&mut self, bytes: usize) -> Result<(), Refusal> {
        let (has, wants) = (self.bytes.div_ceil(BODY_UNIT), bytes.div_ceil(BODY_UNIT));
        let more = u32::try_from(wants.saturating_sub(has)).map_err(|_| Refusal::NoRoom)?;
        if more > 0 {
            let permits = self.budget.clone().try_acquire_many_owned(more).map_err(|_| Refusal::NoRoom)?;
            match &mut self.permits {
                Some(held) => held.merge(permits),
                none => *none = Some(permits),
            }
        }
        self.bytes = self.bytes.max(bytes);
        Ok(())
    }
}

/// Reads a body whole: inflated, without a byte order mark.
pub async fn read(
    engine: &Engine,
    limit: usize,
    headers: &HeaderMap,
    body: Body,
) -> Result<(contract::Body, Held), Refusal> {
    let is_gzip = match encoding(headers) {
        Ok(is_gzip) => is_gzip,
        Err(refusal) => return throw_away(body, refusal),
    };
    let mut held = Held::new(&engine.body_budget);
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return throw_away(body, Refusal::TooLarge { limit });
    }
    if let Err(refusal) = held.reserve(announced.unwrap_or_default()) {
        return throw_away(body, refusal);
    }
    let mut sink = match is_gzip {
        false => Sink::Plain(Vec::with_capacity(announced.unwrap_or_default())),
        true => Sink::Gzip(Box::new(GzDecoder::new(Inflated { bytes: Vec::new(), limit }))),
    };
    let pause = engine.options.body_timeout;
    let mut body = body;
    let mut only: Option<Bytes> = None;
    loop {
        let frame = match timeout(pause, body.frame()).await {
            Err(_) => return Err(Refusal::TooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Refusal::Broken),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        // A body that comes in one piece, as most do, is not copied.
        if !is_gzip && only.is_none() && sink.len() == 0 && data.len() <= limit {
            held.reserve(data.len())?;
            only = Some(data);
            continue;
        }
        let taken = only.take().map_or(Ok(()), |first| sink.take(&first, limit)).and_then(|()| sink.take(&data, limit));
        if let Err(refusal) = taken.and_then(|()| held.reserve(sink.len())) {
            return throw_away(body, refusal);
        }
    }
    let bytes = match only {
        Some(bytes) => bytes,
        None => sink.finish()?,
    };
    held.reserve(bytes.len())?;
    Ok((text_or_bytes(bytes), held))
}

/// Whether the body is compressed; one `gzip` is known.
fn encoding(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().map_err(|_| Refusal::Encoding)?;
        codings.extend(value.split(',').map(|coding| coding.trim().to_ascii_lowercase()));
    }
    codings.retain(|coding| !coding.is_empty() && coding != "identity");
    match codings.as_slice() {
        [] => Ok(false),
        [coding] if coding == "gzip" || coding == "x-gzip" => Ok(true),
        _ => Err(Refusal::Encoding),
    }
}

/// Refuses a request, and goes on reading what is still coming for a moment.
fn throw_away<T>(body: Body, refusal: Refusal) -> Result<T, Refusal> {
    drain::throw_away(body);
    Err(refusal)
}

/// A body that was read, without its byte order mark.
pub fn text_or_bytes(bytes: Bytes) -> contract::Body {
    let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(_) => bytes.slice(3..),
        None => bytes,
    };
    match ByteString::try_from(bytes.clone()) {
        Ok(text) => contract::Body::Text(text),
        Err(_) => contract::Body::Bytes(bytes),
    }
}

/// Where a body is collected.
enum Sink {
    Plain(Vec<u8>),
    Gzip(Box<GzDecoder<Inflated>>),
}

impl Sink {
    fn len(&self) -> usize {
        match self {
            Sink::Plain(bytes) => bytes.len(),
            Sink::Gzip(decoder) => decoder.get_ref().bytes.len(),
        }
    }

    fn take(&mut self, data: &[u8], limit: usize) -> Result<(), Refusal> {
        match self {
            Sink::Plain(bytes) if bytes.len() + data.len() > limit => Err(Refusal::TooLarge { limit }),
            Sink::Plain(bytes) => {
                bytes.extend_from_slice(data);
                Ok(())
            }
            Sink::Gzip(decoder) => decoder.write_all(data).map_err(|error| inflate_error(&error, limit)),
        }
    }

    fn finish(self) -> Result<Bytes, Refusal> {
        match self {
            Sink::Plain(bytes) => Ok(bytes.into()),
            Sink::Gzip(decoder) => {
                let limit = decoder.get_ref().limit;
                let inflated = decoder.finish().map_err(|error| inflate_error(&error, limit))?;
                Ok(inflated.bytes.into())
            }
        }
    }
}

fn inflate_error(error: &std::io::Error, limit: usize) -> Refusal {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => Refusal::TooLarge { limit },
        _ => Refusal::NotGzip,
    }
}

/// What was inflated, never more than the limit: a small request can claim to be a large one.
struct Inflated {
    bytes: Vec<u8>,
    limit: usize,
}

impl std::io::Write for Inflated {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + data.len() > self.limit {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
