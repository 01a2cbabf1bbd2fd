//! Takes the memory out of a module.

use anyhow::Result;
use wasm_encoder::{
    EntityType, ExportKind, ExportSection, ImportSection, MemorySection, MemoryType, Module, RawSection,
};
use wasmparser::{DataKind, Export, Import, TypeRef};

use crate::sections::{Section, sections};

/// Section numbers of a module.
const IMPORT: u8 = 2;
const MEMORY: u8 = 5;
const EXPORT: u8 = 7;
const DATA: u8 = 11;
const DATA_COUNT: u8 = 12;

/// The name under which the code imports its memory, and the memory's module exports it.
pub(crate) const MEMORY_IMPORT: (&str, &str) = ("env", "memory");

/// The function with which the host reserves memory for arguments.
pub(crate) const REALLOC: &str = "cabi_realloc";

/// A module in two: the code, and the memory with the data.
pub(crate) struct SplitModule {
    pub(crate) code: Vec<u8>,
    pub(crate) memory: Vec<u8>,
}

impl SplitModule {
    /// Returns `None` for a module without a plain memory or [`REALLOC`], or with data that the code itself copies.
    pub(crate) fn split(module: &[u8]) -> Result<Option<Self>> {
        let sections = sections(module)?;
        let find = |id| sections.iter().find(|section| section.id == id);
        let Some(memory) = find(MEMORY) else { return Ok(None) };
        let Some(memory_type) = plain_memory(&memory.items()?) else { return Ok(None) };
        let Some(imports) = find(IMPORT) else { return Ok(None) };
        let Some(imports) = with_memory(&imports.items()?, memory_type) else { return Ok(None) };
        let exports: Vec<Export<'_>> = find(EXPORT).map_or(Ok(vec![]), Section::items)?;
        if !exports.iter().any(|export| export.name == REALLOC) {
            return Ok(None);
        }
        let data = find(DATA);
        if find(DATA_COUNT).is_some() || !data.map_or(Ok(true), all_active)? {
            return Ok(None);
        }
        Ok(Some(Self { code: code(&sections, &imports), memory: memory_module(memory_type, data) }))
    }
}

fn plain_memory(memories: &[wasmparser::MemoryType]) -> Option<MemoryType> {
    match memories {
        [wasmparser::MemoryType { memory64: false, shared: false, initial, maximum, page_size_log2: None }] => {
            let (minimum, maximum) = (*initial, *maximum);
            Some(MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None })
        }
        _ => None,
    }
}

/// Returns the imports, which must be functions, and the memory.
fn with_memory(functions: &[Import<'_>], memory: MemoryType) -> Option<ImportSection> {
    let mut imports = ImportSection::new();
    for Import { module, name, ty } in functions {
        let TypeRef::Func(index) = ty else { return None };
        imports.import(module, name, EntityType::Function(*index));
    }
    imports.import(MEMORY_IMPORT.0, MEMORY_IMPORT.1, memory);
    Some(imports)
}

/// Returns true if all data is in place before the code runs, at addresses that are written in the file.
fn all_active(data: &Section<'_>) -> Result<bool> {
    let is_active = |data: &wasmparser::Data<'_>| match &data.kind {
        DataKind::Active { memory_index: 0, offset_expr } => {
            let mut operators = offset_expr.get_operators_reader();
            matches!(operators.read(), Ok(wasmparser::Operator::I32Const { .. }))
        }
        _ => false,
    };
    Ok(data.items()?.iter().all(is_active))
}

fn code(sections: &[Section<'_>], imports: &ImportSection) -> Vec<u8> {
    let mut code = Module::new();
    for section in sections {
        match section.id {
            IMPORT => code.section(imports),
            MEMORY | DATA => &mut code,
            _ => code.section(&section.raw()),
        };
    }
    code.finish()
}

fn memory_module(memory: MemoryType, data: Option<&Section<'_>>) -> Vec<u8> {
    let mut module = Module::new();
    module.section(MemorySection::new().memory(memory));
    module.section(ExportSection::new().export(MEMORY_IMPORT.1, ExportKind::Memory, 0));
    if let Some(data) = data {
        module.section(&RawSection { id: DATA, data: data.content });
    }
    module.finish()
}
