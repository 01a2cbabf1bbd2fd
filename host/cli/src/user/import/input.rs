//! The input of an import: a file or standard input, read once from its beginning.
//!
//! The bytes since the last [`Input::checkpoint`] are kept, so that the hash of what was read ends exactly at a row, and
//! so that a row cannot grow without bound.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

/// The most bytes that are kept between two checkpoints: those of one chunk and of a row beyond it.
pub const MAX_PENDING: usize = 8 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file or standard input, with the hash of what was read.
pub struct Input {
    source: Box<dyn Read>,
    /// The length of the file, in bytes; none if the input is no regular file.
    pub size: Option<u64>,
    /// The bytes from the last checkpoint on.
    pending: Vec<u8>,
    /// The number of bytes of `pending` that a reader has got already.
    taken: usize,
    /// The offset of `pending` in the input.
    offset: u64,
    hasher: Sha256,
}

/// More than [`MAX_PENDING`] bytes without the end of a row.
#[derive(Debug, thiserror::Error)]
#[error("more than {MAX_PENDING} bytes come without the end of a row; is a quote or a line break missing?")]
struct EndlessRow;

impl Input {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::new(Box::new(io::stdin().lock()), None));
        }
        let cannot_read = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(cannot_read)?;
        let metadata = file.metadata().with_context(cannot_read)?;
        if metadata.is_dir() {
            bail!("{} is a directory; expected a file of users", path.display());
        }
        Ok(Self::new(Box::new(file), metadata.is_file().then_some(metadata.len())))
    }

    /// Creates an input of any bytes.
    pub fn new(source: Box<dyn Read>, size: Option<u64>) -> Self {
        Self { source, size, pending: Vec::new(), taken: 0, offset: 0, hasher: Sha256::new() }
    }

    /// Begins at the first row: skips a byte order mark, and refuses an input that is empty or no UTF-8.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        while self.pending.len() < BYTE_ORDER_MARK.len() && self.fill()? > 0 {}
        match self.pending.as_slice() {
            [] => bail!("it is empty; expected users"),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => bail!("it is UTF-16; expected UTF-8: save or export it as UTF-8"),
            [0x1f, 0x8b, ..] => bail!("it is compressed with gzip; expected text: zcat FILE | inlet user import -"),
            [b'P', b'K', 3, 4, ..] => bail!("it is a ZIP archive or a spreadsheet; expected text: export it as CSV"),
            bytes if bytes.starts_with(BYTE_ORDER_MARK) => self.taken = BYTE_ORDER_MARK.len(),
            _ => {}
        }
        Ok(())
    }

    /// Skips the first `position` bytes; returns true if their hash is the given one.
    pub fn skip(&mut self, position: u64, sha256: &str) -> anyhow::Result<bool> {
        while self.offset < position {
            if self.fill()? == 0 {
                return Ok(false);
            }
            let end = self.end().min(position);
            self.checkpoint(end);
        }
        Ok(self.sha256() == sha256)
    }

    /// Returns the offset of the next byte that a reader gets.
    pub fn position(&self) -> u64 {
        self.offset + self.taken as u64
    }

    /// Returns the bytes between two offsets since the last checkpoint.
    pub fn raw(&self, from: u64, to: u64) -> &[u8] {
        let index = |offset: u64| usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        self.pending.get(index(from)..index(to)).unwrap_or_default()
    }

    /// Adds the bytes up to an offset to the hash, and forgets them.
    pub fn checkpoint(&mut self, offset: u64) {
        let length = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(self.pending.len());
        self.hasher.update(&self.pending[..length]);
        self.pending.drain(..length);
        self.taken = self.taken.saturating_sub(length);
        self.offset += length as u64;
    }

    /// Returns the hash of the bytes before the last checkpoint, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }

    fn end(&self) -> u64 {
        self.offset + self.pending.len() as u64
    }

    /// Reads more bytes; returns 0 at the end.
    fn fill(&mut self) -> io::Result<usize> {
        if self.pending.len() >= MAX_PENDING {
            return Err(io::Error::new(io::ErrorKind::InvalidData, EndlessRow));
        }
        let mut buffer = [0; 64 << 10];
        let length = loop {
            match self.source.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.pending.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.pending.len() {
            self.fill()?;
        }
        let rest = &self.pending[self.taken..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: &'static [u8]) -> Input {
        Input::new(Box::new(bytes), Some(bytes.len() as u64))
    }

    fn digest(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    #[test]
    fn the_hash_ends_at_the_checkpoint_however_far_was_read() {
        let mut input = input(b"\xef\xbb\xbfid\n1\n2\n");
        input.begin().unwrap();
        assert_eq!(input.position(), 3);
        let mut text = String::new();
        input.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), input.raw(6, 8)), ("id\n1\n2\n", &b"1\n"[..]));
        input.checkpoint(8);
        assert_eq!(input.sha256(), digest(b"\xef\xbb\xbfid\n1\n"));
        input.checkpoint(10);
        assert_eq!(input.sha256(), digest(b"\xef\xbb\xbfid\n1\n2\n"));
    }

    #[test]
    fn what_was_read_is_skipped_if_it_is_the_same() {
        let sha256 = digest(b"id\n1\n");
        let mut same = input(b"id\n1\n2\n");
        assert!(same.skip(5, &sha256).unwrap());
        let mut rest = String::new();
        same.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), same.position()), ("2\n", 7));
        assert!(!input(b"id\n3\n2\n").skip(5, &sha256).unwrap());
        assert!(!input(b"id\n").skip(5, &sha256).unwrap(), "it is shorter");
    }

    #[test]
    fn what_is_no_text_is_named() {
        let error = |bytes| input(bytes).begin().unwrap_err().to_string();
        insta::assert_snapshot!(error(b""), @"it is empty; expected users");
        insta::assert_snapshot!(error(b"\xff\xfei\0d\0"), @"it is UTF-16; expected UTF-8: save or export it as UTF-8");
        insta::assert_snapshot!(error(b"\x1f\x8b\x08"), @"it is compressed with gzip; expected text: zcat FILE | inlet user import -");
    }

    #[test]
    fn a_row_without_an_end_is_not_held() {
        let mut input = Input::new(Box::new(io::repeat(b'x')), None);
        let error = io::copy(&mut input, &mut io::sink()).unwrap_err();
        insta::assert_snapshot!(error, @"more than 8388608 bytes come without the end of a row; is a quote or a line break missing?");
    }
}
