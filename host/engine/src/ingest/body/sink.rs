//! Collecting a body, inflated where it is compressed, never beyond its limit.

use std::io::Write;

use axum::body::Bytes;
use flate2::write::GzDecoder;

use crate::ingest::error::IngestError;

/// The collected part of a body.
pub(super) enum Sink {
    Plain(Vec<u8>),
    Gzip(Box<GzDecoder<Inflated>>),
}

impl Sink {
    /// Collects a plain body. `capacity` is the announced length, in bytes.
    pub(super) fn plain(capacity: usize) -> Self {
        Self::Plain(Vec::with_capacity(capacity))
    }

    /// Collects a compressed body, which inflates to `limit` bytes at most.
    pub(super) fn gzip(limit: usize) -> Self {
        Self::Gzip(Box::new(GzDecoder::new(Inflated { bytes: Vec::new(), limit })))
    }

    /// Returns the number of collected bytes, inflated.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Gzip(decoder) => decoder.get_ref().bytes.len(),
        }
    }

    /// Takes the next piece of a body of at most `limit` bytes.
    pub(super) fn take(&mut self, data: &[u8], limit: usize) -> Result<(), IngestError> {
        match self {
            Self::Plain(bytes) if bytes.len() + data.len() > limit => Err(IngestError::TooLarge { limit }),
            Self::Plain(bytes) => {
                bytes.extend_from_slice(data);
                Ok(())
            }
            Self::Gzip(decoder) => decoder.write_all(data).map_err(|error| inflate_error(&error, limit)),
        }
    }

    /// Returns the whole body.
    pub(super) fn finish(self) -> Result<Bytes, IngestError> {
        match self {
            Self::Plain(bytes) => Ok(bytes.into()),
            Self::Gzip(decoder) => {
                let limit = decoder.get_ref().limit;
                let inflated = decoder.finish().map_err(|error| inflate_error(&error, limit))?;
                Ok(inflated.bytes.into())
            }
        }
    }
}

fn inflate_error(error: &std::io::Error, limit: usize) -> IngestError {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => IngestError::TooLarge { limit },
        _ => IngestError::NotGzip,
    }
}

/// Inflated bytes, never more than the limit: a small request can inflate to a very large one.
pub(super) struct Inflated {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Inflated {
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
