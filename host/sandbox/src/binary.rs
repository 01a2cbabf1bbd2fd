//! What a `.wasm` file says about itself, read without compiling or running anything of it.

use std::ops::ControlFlow;

use wasmparser::{Parser, Payload};

use crate::load::{LoadError, malformed};

/// The custom section that holds a plugin's manifest.
pub(crate) const MANIFEST_SECTION: &str = "inlet:manifest";

/// The outside of a component.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    /// What the manifest section holds.
    pub(crate) manifest: &'a [u8],
    /// Names of what it imports.
    pub(crate) imports: Vec<&'a str>,
    /// Names of what it exports.
    pub(crate) exports: Vec<&'a str>,
}

/// Reads the outline of a component that has exactly one manifest.
pub(crate) fn outline(wasm: &[u8]) -> Result<Outline<'_>, LoadError> {
    if Parser::is_core_wasm(wasm) {
        return Err(LoadError::CoreModule);
    }
    if !Parser::is_component(wasm) {
        return Err(LoadError::NotWasm { found: first_bytes(wasm) });
    }
    let mut reader = Reader::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(malformed)?;
        if reader.read(payload).map_err(malformed)?.is_break() {
            break;
        }
    }
    match reader.manifests[..] {
        [manifest] => Ok(Outline { manifest, imports: reader.imports, exports: reader.exports }),
        [] => Err(LoadError::NoManifest),
        _ => Err(LoadError::ManyManifests { found: reader.manifests.len() }),
    }
}

#[derive(Default)]
struct Reader<'a> {
    // Modules and components inside have sections of their own, which are not the plugin's.
    depth: u32,
    manifests: Vec<&'a [u8]>,
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, payload: Payload<'a>) -> Result<ControlFlow<()>, wasmparser::BinaryReaderError> {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => self.depth += 1,
            Payload::End(_) if self.depth == 0 => return Ok(ControlFlow::Break(())),
            Payload::End(_) => self.depth -= 1,
            _ if self.depth > 0 => {}
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                self.manifests.push(section.data());
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    self.imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.name);
                }
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn first_bytes(bytes: &[u8]) -> String {
    match bytes {
        [] => "nothing".to_owned(),
        _ => hex::encode(&bytes[..bytes.len().min(4)]),
    }
}
