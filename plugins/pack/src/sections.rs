//! The sections of a module or component, unread.

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::RawSection;
use wasmparser::{BinaryReader, FromReader, SectionLimited};

/// The bytes before the first section: magic number and version.
const HEADER: usize = 8;

#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) id: u8,
    pub(crate) content: &'a [u8],
}

impl<'a> Section<'a> {
    pub(crate) fn raw(&self) -> RawSection<'a> {
        RawSection { id: self.id, data: self.content }
    }

    /// Returns the items of a section that is a list.
    pub(crate) fn items<T: FromReader<'a>>(&self) -> Result<Vec<T>> {
        let list = SectionLimited::new(BinaryReader::new(self.content, 0))?;
        Ok(list.into_iter().collect::<Result<_, _>>()?)
    }

    /// Returns true for a custom section with this name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        BinaryReader::new(self.content, 0).read_string().is_ok_and(|found| found == name)
    }
}

/// Returns the sections of a module or component, in order. Those of inner modules stay inside their section.
pub(crate) fn sections(wasm: &[u8]) -> Result<Vec<Section<'_>>> {
    ensure!(wasm.starts_with(b"\0asm") && wasm.len() >= HEADER, "it is no WebAssembly");
    let mut reader = BinaryReader::new(&wasm[HEADER..], HEADER as u64);
    let mut found = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()? as usize;
        let content = reader.read_bytes(size).context("a section is longer than the file")?;
        found.push(Section { id, content });
    }
    Ok(found)
}
