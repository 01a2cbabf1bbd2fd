//! The collected part of a body: inflated where it is compressed, reserved before it is allocated, never beyond its limit.

use std::{io::Write, sync::Arc};

use axum::body::Bytes;
use flate2::write::MultiGzDecoder;

use crate::{admission::Reservation, ingest::error::IngestError};

/// The smallest allocation for a body of unknown length.
const FIRST_CAPACITY: usize = 4096;
/// The bytes that inflating takes: its window, its tables, and its buffer for what is inflated at once.
const INFLATER_BYTES: usize = 80 * 1024;

/// The body is not gzip. What it is instead is looked for later.
const NOT_GZIP: IngestError = IngestError::NotGzip { found: "something else" };

/// Collects a body.
pub(super) enum Decoder {
    Plain(Buffer),
    Gzip(Inflater),
}

/// Inflates a body, of one member or several.
pub(super) struct Inflater {
    decoder: Box<MultiGzDecoder<Buffer>>,
    /// The bytes that are reserved for inflating. The headers of members, which may be long, are kept as they arrive.
    reserved: usize,
}

impl Decoder {
    pub(super) fn new(buffer: Buffer, is_gzip: bool) -> Result<Self, IngestError> {
        if !is_gzip {
            return Ok(Self::Plain(buffer));
        }
        buffer.reservation.extend_by(INFLATER_BYTES)?;
        Ok(Self::Gzip(Inflater { decoder: Box::new(MultiGzDecoder::new(buffer)), reserved: INFLATER_BYTES }))
    }

    /// Takes the next piece.
    pub(super) fn take(&mut self, data: &[u8]) -> Result<(), IngestError> {
        match self {
            Self::Plain(buffer) => buffer.add(data),
            Self::Gzip(inflater) => inflater.take(data),
        }
    }

    /// Returns the whole body.
    pub(super) fn finish(self) -> Result<Bytes, IngestError> {
        match self {
            Self::Plain(buffer) => Ok(buffer.bytes.into()),
            Self::Gzip(inflater) => inflater.finish(),
        }
    }
}

impl Inflater {
    fn take(&mut self, data: &[u8]) -> Result<(), IngestError> {
        let decoder = &mut self.decoder;
        if decoder.header().is_none() {
            decoder.get_ref().reservation.extend_by(data.len())?;
            self.reserved += data.len();
        }
        decoder.write_all(data).map_err(|_| inflate_error(decoder.get_mut()))
    }

    fn finish(mut self) -> Result<Bytes, IngestError> {
        if self.decoder.try_finish().is_err() {
            return Err(inflate_error(self.decoder.get_mut()));
        }
        let buffer = self.decoder.finish().map_err(|_| NOT_GZIP)?;
        buffer.reservation.shrink_by(self.reserved);
        Ok(buffer.bytes.into())
    }
}

/// An error while inflating is the buffer's own if it takes no more; else the body is not gzip.
fn inflate_error(buffer: &mut Buffer) -> IngestError {
    buffer.refusal.take().unwrap_or(NOT_GZIP)
}

/// Collected bytes, at most `limit`. Their capacity is reserved before it is allocated.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    reservation: Arc<Reservation>,
    limit: usize,
    /// The announced length, in bytes.
    announced: Option<usize>,
    /// The reason why no more is taken.
    refusal: Option<IngestError>,
}

impl Buffer {
    pub(super) fn new(reservation: Arc<Reservation>, limit: usize, announced: Option<usize>) -> Self {
        Self { bytes: Vec::new(), reservation, limit, announced, refusal: None }
    }

    fn add(&mut self, data: &[u8]) -> Result<(), IngestError> {
        let wanted = self.bytes.len() + data.len();
        if wanted > self.limit {
            return Err(IngestError::TooLarge { limit: self.limit });
        }
        if wanted > self.bytes.capacity() {
            self.grow(wanted)?;
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    /// Doubles the capacity, up to the announced length: a body that announces much and sends little reserves little.
    fn grow(&mut self, wanted: usize) -> Result<(), IngestError> {
        let most = self.announced.filter(|announced| *announced >= wanted).unwrap_or(self.limit);
        let capacity = self.bytes.capacity().saturating_mul(2).max(FIRST_CAPACITY).max(wanted).min(most);
        self.reservation.extend_by(capacity - self.bytes.capacity())?;
        self.bytes.reserve_exact(capacity - self.bytes.len());
        Ok(())
    }
}

impl Write for Buffer {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        match self.add(data) {
            Ok(()) => Ok(data.len()),
            Err(error) => {
                self.refusal = Some(error);
                Err(std::io::ErrorKind::OutOfMemory.into())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::admission::{Ledger, ledger::Party};

    const LIMIT: usize = 1 << 20;

    fn open(max: usize) -> (Arc<Ledger>, Arc<Reservation>) {
        let ledger = Ledger::new(max);
        let party = Party { source: 1, peer: None, is_suspect: false };
        let reservation = ledger.open(party, 0, Instant::now()).unwrap();
        (ledger, reservation)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_reserves_what_arrived_and_not_what_it_announced() {
        let (_ledger, reservation) = open(1 << 30);
        let mut buffer = Buffer::new(reservation.clone(), LIMIT, Some(LIMIT));
        buffer.add(b"x").unwrap();
        assert_eq!(reservation.bytes(), FIRST_CAPACITY);
        for _ in 1..10_000 {
            buffer.add(b"x").unwrap();
        }
        assert_eq!(reservation.bytes(), 16_384);
        assert_eq!(buffer.bytes.capacity(), reservation.bytes());
        buffer.add(&vec![b'x'; LIMIT - 10_000]).unwrap();
        assert_eq!(reservation.bytes(), LIMIT, "the announced length, without room for more");
        assert_eq!(buffer.add(b"x"), Err(IngestError::TooLarge { limit: LIMIT }));
    }

    #[test]
    fn a_small_body_that_announces_its_length_reserves_just_that() {
        let (_ledger, reservation) = open(1 << 30);
        let mut buffer = Buffer::new(reservation.clone(), LIMIT, Some(700));
        buffer.add(&[b'x'; 700]).unwrap();
        assert_eq!((reservation.bytes(), buffer.bytes.capacity()), (700, 700));
    }

    #[test]
    fn a_compressed_body_that_finds_no_room_is_refused_before_it_takes_it() {
        let bomb = gzip(&vec![b' '; LIMIT]);
        assert!(bomb.len() < 4096);
        let (ledger, reservation) = open(LIMIT);
        let mut decoder = Decoder::new(Buffer::new(reservation.clone(), LIMIT, None), true).unwrap();
        assert_eq!(decoder.take(&bomb), Err(IngestError::NoRoom(crate::admission::Share::Source)));
        assert!(ledger.held().bytes <= LIMIT / 2);
        drop((decoder, reservation));
        assert_eq!(ledger.held().bytes, 0);
    }

    #[test]
    fn a_compressed_body_reserves_its_inflated_bytes() {
        let text = vec![b' '; 300_000];
        let (_ledger, reservation) = open(1 << 30);
        let mut decoder = Decoder::new(Buffer::new(reservation.clone(), LIMIT, None), true).unwrap();
        for piece in gzip(&text).chunks(7) {
            decoder.take(piece).unwrap();
        }
        assert_eq!(decoder.finish().unwrap(), text);
        assert!((300_000..2 * 300_000).contains(&reservation.bytes()), "{}", reservation.bytes());
        let mut two = Decoder::new(Buffer::new(reservation.clone(), LIMIT, None), true).unwrap();
        for piece in [gzip(b"one "), gzip(b""), gzip(b"body")].concat().chunks(5) {
            two.take(piece).unwrap();
        }
        assert_eq!(two.finish().unwrap(), "one body", "several members are one body");
        let mut small = Decoder::new(Buffer::new(reservation.clone(), 1000, None), true).unwrap();
        assert_eq!(small.take(&gzip(&text)), Err(IngestError::TooLarge { limit: 1000 }));
        let mut other = Decoder::new(Buffer::new(reservation, 1000, None), true).unwrap();
        assert_eq!(other.take(b"not gzip at all").and_then(|()| other.finish().map(|_| ())), Err(NOT_GZIP));
    }
}
