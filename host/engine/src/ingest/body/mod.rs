//! Reading a body: bounded in size, in time, and in the bytes that it may hold.
//!
//! A body reserves what has arrived, never what it announces, and reserves before it allocates. Nothing is buffered past the
//! limit. The rest of a refused body is drained for a moment, so that its sender can read the answer instead of seeing its
//! connection reset.

mod buffer;
mod describe;
mod encoding;
mod pace;
mod sent_bytes;

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use http_body_util::BodyExt as _;
use inlet_core::{ByteString, contract};
use tokio::time::{Instant, timeout_at};

pub(super) use self::sent_bytes::{FIRST_BYTES, Uninflated};
use self::{
    buffer::{Buffer, Decoder},
    pace::Pace,
    sent_bytes::SentBytes,
};
use super::{error::IngestError, not_accepted::NotAccepted};
use crate::{
    Engine,
    admission::{Reservation, Share},
};

/// The bytes of a compressed body that are inflated at once: at most a thousand times as many. Other requests have their
/// turn in between.
const INFLATED_AT_ONCE: usize = 4096;
/// The byte order mark of UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A body that was read whole.
pub(crate) struct ReadBody {
    /// The body, inflated, without a byte order mark.
    pub(crate) body: contract::Body,
    /// True if a byte order mark was removed.
    pub(crate) has_byte_order_mark: bool,
}

/// The reason why there is no body.
pub(super) enum NotRead {
    /// The request is not accepted.
    NotAccepted(NotAccepted),
    /// The body is announced as gzip and cannot be inflated.
    Uninflated(Box<Uninflated>),
}

impl From<Share> for NotRead {
    fn from(share: Share) -> Self {
        Self::NotAccepted(IngestError::from(share).into())
    }
}

impl From<NotAccepted> for NotRead {
    fn from(refused: NotAccepted) -> Self {
        Self::NotAccepted(refused)
    }
}

/// Reads a body whole.
pub(super) async fn read(
    engine: &Engine,
    limit: usize,
    headers: &HeaderMap,
    body: Body,
    reservation: &Arc<Reservation>,
) -> Result<ReadBody, NotRead> {
    let is_gzip = match encoding::check_transfer(headers).and_then(|()| encoding::is_gzip(headers)) {
        Ok(is_gzip) => is_gzip,
        Err(error) => return Err(NotAccepted::drain(error, body).into()),
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(NotAccepted::drain(IngestError::TooLarge { limit }, body).into());
    }
    let announced = announced.filter(|_| !is_gzip);
    let buffer = Buffer::new(reservation.clone(), limit, announced);
    let mut decoder = match Decoder::new(buffer, is_gzip) {
        Ok(decoder) => decoder,
        Err(error) => return Err(NotAccepted::drain(error, body).into()),
    };
    let mut sent = is_gzip.then(|| SentBytes::new(reservation.clone()));
    let pace = Pace::new(engine.options.body_timeout, engine.options.min_body_bytes_per_second, Instant::now());
    let mut frames = Frames { body, pace };
    while let Some(data) = frames.next().await? {
        if let Some(sent) = &mut sent {
            // Empty gzip members and empty blocks inflate to nothing, so the limit on inflated bytes does not end them.
            if sent.size() + data.len() as u64 > limit as u64 {
                return Err(NotAccepted::drain(IngestError::TooLarge { limit }, frames.body).into());
            }
            if let Err(share) = sent.add(&data) {
                return Err(NotAccepted::drain(share.into(), frames.body).into());
            }
        }
        match (take(&mut decoder, &data, is_gzip).await, sent.take()) {
            (Ok(()), kept) => sent = kept,
            (Err(IngestError::NotGzip { .. }), Some(sent)) => {
                drop(decoder);
                return Err(Box::pin(read_uninflated(sent, frames, limit)).await);
            }
            (Err(error), _) => return Err(NotAccepted::drain(error, frames.body).into()),
        }
    }
    match (decoder.finish(), sent) {
        (Ok(bytes), sent) => {
            if let Some(sent) = sent {
                sent.release();
            }
            Ok(ReadBody::of(bytes))
        }
        (Err(IngestError::NotGzip { .. }), Some(sent)) => Err(NotRead::Uninflated(Box::new(sent.into_uninflated()))),
        (Err(error), _) => Err(NotAccepted::from(error).into()),
    }
}

/// The pieces of a body, which must keep a pace.
struct Frames {
    body: Body,
    pace: Pace,
}

impl Frames {
    /// Returns the next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, NotAccepted> {
        loop {
            let frame = match timeout_at(self.pace.deadline(), self.body.frame()).await {
                Err(_) => return Err(NotAccepted::close(IngestError::TooSlow)),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(NotAccepted::close(IngestError::Broken)),
                Ok(Some(Ok(frame))) => frame,
            };
            if let Ok(data) = frame.into_data() {
                self.pace.received(data.len(), Instant::now());
                return Ok(Some(data));
            }
        }
    }
}

/// Reads the rest of a body that cannot be inflated, for its size and its digest. Little more of it is kept.
async fn read_uninflated(mut sent: SentBytes, mut frames: Frames, limit: usize) -> NotRead {
    loop {
        match frames.next().await {
            Err(refused) => return refused.into(),
            Ok(None) => return NotRead::Uninflated(Box::new(sent.into_uninflated())),
            Ok(Some(data)) => {
                if sent.size() + data.len() as u64 > limit as u64 {
                    return NotAccepted::drain(IngestError::TooLarge { limit }, frames.body).into();
                }
                if let Err(share) = sent.add(&data) {
                    return NotAccepted::drain(share.into(), frames.body).into();
                }
            }
        }
    }
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

impl ReadBody {
    /// Reads inflated bytes: as text if they are UTF-8, without their byte order mark.
    pub(crate) fn of(bytes: Bytes) -> Self {
        let has_byte_order_mark = bytes.starts_with(BYTE_ORDER_MARK);
        let bytes = if has_byte_order_mark { bytes.slice(BYTE_ORDER_MARK.len()..) } else { bytes };
        let body = match ByteString::try_from(bytes.clone()) {
            Ok(text) => contract::Body::Text(text),
            Err(_) => contract::Body::Bytes(bytes),
        };
        Self { body, has_byte_order_mark }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::http::{HeaderValue, header::CONTENT_ENCODING};
    use futures_util::{StreamExt as _, stream};

    use super::*;
    use crate::{
        admission::{Ledger, ledger::Party},
        test_engine::TestEngine,
    };

    const LIMIT: usize = 1000;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    /// Reads a gzip body of these pieces, without an announced length. If it is open, it has no end.
    async fn read_gzip(
        pieces: impl Iterator<Item = Bytes> + Send + 'static,
        is_open: bool,
    ) -> Result<ReadBody, NotRead> {
        let rest = if is_open { stream::pending().left_stream() } else { stream::empty().right_stream() };
        let test = TestEngine::start().await;
        let party = Party { source: 1, peer: None, is_suspect: false };
        let reservation = Ledger::new(1 << 30).open(party, 0, std::time::Instant::now()).unwrap();
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        let body = Body::from_stream(stream::iter(pieces.map(Ok::<_, std::convert::Infallible>)).chain(rest));
        read(&test.engine, LIMIT, &headers, body, &reservation).await
    }

    #[tokio::test]
    async fn a_compressed_body_of_unknown_length_is_limited_as_sent() {
        let member = gzip(b"");
        let endless = read_gzip(std::iter::repeat_n(member.clone(), LIMIT), true).await;
        let Err(NotRead::NotAccepted(refused)) = endless else { panic!("it was read") };
        assert_eq!((refused.error, refused.closes), (IngestError::TooLarge { limit: LIMIT }, true));
        let members = LIMIT / member.len();
        let short = read_gzip(std::iter::repeat_n(member, members - 2).chain([gzip(b"body")]), false).await;
        let Ok(short) = short else { panic!("it was not read") };
        assert_eq!(short.body.as_bytes(), b"body");
    }
}
