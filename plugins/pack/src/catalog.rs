//! The catalogue: packed plugins in one archive.

use anyhow::{Context as _, Result, ensure};
use wasmparser::{Parser, Payload};

use crate::MANIFEST_SECTION;

/// Returns an archive of packed plugins. `plugins` holds the name of each file, for errors, and its content.
pub fn catalog(plugins: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let with_manifests: Vec<(&[u8], &str)> = plugins
        .iter()
        .map(|(name, plugin)| Ok((plugin.as_slice(), manifest_of(plugin).with_context(|| name.clone())?)))
        .collect::<Result<_>>()?;
    Ok(inlet_plugin_archive::write(with_manifests)?)
}

/// Returns the manifest of a packed plugin.
fn manifest_of(plugin: &[u8]) -> Result<&str> {
    ensure!(Parser::is_component(plugin), "it is no component");
    for payload in Parser::new(0).parse_all(plugin) {
        match payload? {
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                return std::str::from_utf8(section.data()).context("its manifest is no text");
            }
            _ => {}
        }
    }
    anyhow::bail!("it has no manifest; pack it with inlet-pack bundle")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use inlet_plugin_archive::PluginArchive;
    use wasm_encoder::Component;

    use super::*;
    use crate::append_manifest;

    #[test]
    fn packed_plugins_are_in_the_archive() {
        let mut plugin = Component::new().finish();
        append_manifest(
            &mut plugin,
            r#"{"key": "acme/crm", "name": "CRM", "version": "1.0.0", "description": "", "categories": []}"#,
        );
        let archive = PluginArchive::open(catalog(&[("crm.wasm".to_owned(), plugin.clone())]).unwrap()).unwrap();
        assert_eq!(archive.component(archive.get("acme/crm").unwrap()).unwrap(), plugin);
    }

    #[test]
    fn what_is_no_packed_plugin_is_named() {
        let error = |content: Vec<u8>| format!("{:#}", catalog(&[("crm.wasm".to_owned(), content)]).unwrap_err());
        assert_eq!(error(b"nonsense".to_vec()), "crm.wasm: it is no component");
        let expected = "crm.wasm: it has no manifest; pack it with inlet-pack bundle";
        assert_eq!(error(Component::new().finish()), expected);
    }
}
