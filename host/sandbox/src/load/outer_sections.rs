//! The outermost sections of a component, unread.

use std::ops::Range;

use wasmparser::{BinaryReader, BinaryReaderError};

/// Bytes of a component before its first section.
const HEADER: usize = 8;
/// The id of custom sections.
pub(super) const CUSTOM: u8 = 0;

/// A section, with those of inner modules and components inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OuterSection<'a> {
    /// The place in the file, the header of the section included.
    pub(super) range: Range<usize>,
    id: u8,
    content: &'a [u8],
}

impl<'a> OuterSection<'a> {
    /// Returns the name and the content of a custom section; `None` for another one.
    pub(super) fn custom(&self) -> Option<(&'a str, &'a [u8])> {
        if self.id != CUSTOM {
            return None;
        }
        let mut reader = BinaryReader::new(self.content, 0);
        let name = reader.read_string().ok()?;
        Some((name, reader.read_bytes(reader.bytes_remaining()).ok()?))
    }
}

/// Returns the sections in order.
pub(super) fn outer_sections(wasm: &[u8]) -> Result<Vec<OuterSection<'_>>, BinaryReaderError> {
    let mut found = Vec::new();
    let Some(sections) = wasm.get(HEADER..) else { return Ok(found) };
    let mut reader = BinaryReader::new(sections, 0);
    while !reader.eof() {
        let start = wasm.len() - reader.bytes_remaining();
        let (id, size) = (reader.read_u8()?, reader.read_var_u32()?);
        let content = reader.read_bytes(size as usize)?;
        found.push(OuterSection { range: start..wasm.len() - reader.bytes_remaining(), id, content });
    }
    Ok(found)
}
