//! Replaces the manifest of a component, to get another key or version of a plugin without a build.

use anyhow::{Context as _, Result};
use serde_json::Value;
use wasmparser::{Parser, Payload};

use crate::{MANIFEST_SECTION, append_manifest};

/// Returns the component with a manifest edited by `change`. Other sections stay unchanged, byte for byte.
pub fn repack(component: &[u8], change: impl FnOnce(&mut Value)) -> Result<Vec<u8>> {
    let (from, to, manifest) = manifest_section(component)?.context("the component has no manifest")?;
    let mut manifest: Value = serde_json::from_slice(manifest).context("the manifest is not JSON")?;
    change(&mut manifest);
    let mut packed = [&component[..from], &component[to..]].concat();
    append_manifest(&mut packed, &manifest.to_string());
    Ok(packed)
}

/// Returns the manifest that a component carries; none if it carries none, or is not a component.
pub fn packed_manifest(component: &[u8]) -> Option<&[u8]> {
    let (.., manifest) = manifest_section(component).ok()??;
    Some(manifest)
}

/// Returns the manifest section's start, including its header, its end, and its content.
fn manifest_section(component: &[u8]) -> Result<Option<(usize, usize, &[u8])>> {
    let mut depth = 0;
    // End of the previous payload. A section's range does not include its header.
    let mut end = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.context("not a component")?;
        match &payload {
            Payload::CustomSection(section) if depth == 0 && section.name() == MANIFEST_SECTION => {
                return Ok(Some((usize::try_from(end)?, usize::try_from(section.range().end)?, section.data())));
            }
            Payload::Version { range, .. } => end = range.end,
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                depth += 1;
                end = unchecked_range.end;
            }
            Payload::End(_) => depth -= 1,
            other => {
                if let (0, Some((_, range))) = (depth, other.as_section()) {
                    end = range.end;
                }
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{packed_manifest, repack};
    use crate::append_manifest;

    #[test]
    fn a_manifest_is_replaced_and_nothing_else() {
        let mut component = wasm_encoder::Component::new();
        component.section(&wasm_encoder::ComponentTypeSection::new());
        component.section(&wasm_encoder::CustomSection { name: "other".into(), data: b"kept".as_slice().into() });
        let bare = component.finish();
        let mut packed = bare.clone();
        append_manifest(&mut packed, r#"{"version":"1.0.0"}"#);
        let mut expected = bare;
        append_manifest(&mut expected, r#"{"version":"1.0.1"}"#);
        assert_eq!(repack(&packed, |manifest| manifest["version"] = "1.0.1".into()).unwrap(), expected);
        assert!(repack(b"\0asm", |_| {}).is_err());
        assert_eq!(packed_manifest(&packed), Some(br#"{"version":"1.0.0"}"#.as_slice()));
        assert_eq!(packed_manifest(b"\0asm"), None);
    }
}
