//! The outermost sections of a component: manifest, rules, imports and exports, read without compiling or running anything.

use std::ops::ControlFlow;

use wasmparser::{Parser, Payload};

use super::{
    error::LoadError,
    plugin_file::{MANIFEST_SECTION, MAX_RULES_BYTES, RULES_SECTION},
};

/// The outermost sections of a component.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    /// The content of the manifest section.
    pub(super) manifest: &'a [u8],
    /// The content of the section of rules; empty if there is none.
    pub(super) rules: &'a [u8],
    /// Names of the imports.
    pub(super) imports: Vec<&'a str>,
    /// Names of the exports.
    pub(super) exports: Vec<&'a str>,
}

/// Reads the outline of a component, which must have exactly one manifest, and at most one section of rules.
pub(super) fn outline(wasm: &[u8]) -> Result<Outline<'_>, LoadError> {
    if Parser::is_core_wasm(wasm) {
        return Err(LoadError::CoreModule);
    }
    if !Parser::is_component(wasm) {
        return Err(LoadError::NotWasm { found: first_bytes(wasm) });
    }
    let mut reader = Reader::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(LoadError::malformed)?;
        if reader.read(payload).map_err(LoadError::malformed)?.is_break() {
            break;
        }
    }
    let manifest = match reader.manifests[..] {
        [manifest] => manifest,
        [] => return Err(LoadError::NoManifest),
        _ => return Err(LoadError::ManyManifests { found: reader.manifests.len() }),
    };
    let rules: &[u8] = match reader.rules[..] {
        [] => &[],
        [rules] if rules.len() <= MAX_RULES_BYTES => rules,
        _ => return Err(LoadError::Rules { sections: reader.rules.len(), bytes: reader.rules.concat().len() }),
    };
    Ok(Outline { manifest, rules, imports: reader.imports, exports: reader.exports })
}

#[derive(Default)]
struct Reader<'a> {
    // Inner modules and components have their own sections, which do not describe the plugin.
    depth: u32,
    manifests: Vec<&'a [u8]>,
    rules: Vec<&'a [u8]>,
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
            Payload::CustomSection(section) if section.name() == RULES_SECTION => self.rules.push(section.data()),
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
