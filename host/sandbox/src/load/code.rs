//! The part of a file that is compiled.
//!
//! Plugins without code, and versions of a plugin that differ in their manifest only, have the same code. It is compiled without
//! the sections that only Inlet reads, so that what is run depends on nothing else, and is shared by all of them.

use wasmparser::BinaryReaderError;

use super::{
    outer_sections::outer_sections,
    plugin_file::{MANIFEST_SECTION, RULES_SECTION},
    signature::SIGNATURE_SECTION,
};

/// Returns a component without the outermost sections that only Inlet reads.
pub(super) fn code_of(wasm: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut code = Vec::with_capacity(wasm.len());
    let mut end = 0;
    for section in outer_sections(wasm)? {
        let is_own = section
            .custom()
            .is_some_and(|(name, _)| [MANIFEST_SECTION, RULES_SECTION, SIGNATURE_SECTION].contains(&name));
        if is_own {
            code.extend_from_slice(&wasm[end..section.range.start]);
            end = section.range.end;
        }
    }
    code.extend_from_slice(&wasm[end..]);
    Ok(code)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{Component, CustomSection, NestedComponentSection};

    use super::*;

    fn custom<'a>(name: &'a str, data: &'a [u8]) -> CustomSection<'a> {
        CustomSection { name: name.into(), data: data.into() }
    }

    #[test]
    fn only_the_outermost_sections_of_inlet_are_left_out() {
        let inner = || {
            let mut inner = Component::new();
            inner.section(&custom(MANIFEST_SECTION, b"of an inner component"));
            inner
        };
        let mut whole = Component::new();
        whole.section(&custom(MANIFEST_SECTION, b"{}"));
        whole.section(&custom("name", b"kept"));
        whole.section(&NestedComponentSection(&inner()));
        whole.section(&custom(RULES_SECTION, b"rules"));
        whole.section(&custom(SIGNATURE_SECTION, b"{}"));
        let mut code = Component::new();
        code.section(&custom("name", b"kept"));
        code.section(&NestedComponentSection(&inner()));
        let code = code.finish();
        assert_eq!(code_of(&whole.finish()).unwrap(), code);
        assert_eq!(code_of(&code).unwrap(), code);
    }
}
