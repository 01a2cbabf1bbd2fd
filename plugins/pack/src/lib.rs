//! Turns a core wasm module and a `plugin.toml` into a plugin that Inlet loads.
//!
//! ```text
//! core.wasm ── preinitialize, componentize, memory_first ──▶ component ─┐
//! plugin.toml ── manifest_from_toml ──▶ JSON ───────────────────────────┴─ pack ──▶ plugin.wasm
//! ```
//!
//! A plugin without code has `[rules]` in its `plugin.toml` instead of a module: [`pack_rules`] writes them into a custom
//! section behind the declarative component, which is built, and compiled by a server, once.
//!
//! The manifest becomes a custom section, so that a plugin is one file, and what it says is read before anything of it
//! is compiled or run.

mod bindings;
mod build;
mod catalog;
mod contract;
mod manifest;
mod memory_first;
mod memory_module;
mod preinitialize;
#[cfg(test)]
mod providers_table;
mod repack;
mod rules;
mod schema_faults;
mod sections;

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::Parser;
use wit_component::ComponentEncoder;

use memory_first::memory_first;
use preinitialize::preinitialize;

pub use bindings::c_bindings;
pub use build::core_module;
pub use catalog::catalog;
pub use manifest::{Manifest, manifest_from_toml};
pub use preinitialize::INITIALIZE;
pub use repack::{packed_manifest, repack};

/// Name of the custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "inlet:manifest";

/// Converts a core module into a component, by the types that `wit-bindgen` left in it, and validates the result. A module with
/// an initialization is run up to its end first ([`INITIALIZE`]).
pub fn componentize(core_wasm: &[u8]) -> Result<Vec<u8>> {
    let initialized = preinitialize(core_wasm).context("the module cannot be initialized")?;
    let core_wasm = initialized.as_deref().unwrap_or(core_wasm);
    let component = ComponentEncoder::default()
        .validate(true)
        .module(core_wasm)
        .context("the module holds no component type; was it built with `inlet_plugin::export!`?")?
        .encode()
        .context("the module cannot be made a component")?;
    Ok(memory_first(&component)?.unwrap_or(component))
}

/// Packs a core module and the text of its `plugin.toml` into a plugin.
pub fn pack(core_wasm: &[u8], plugin_toml: &str) -> Result<Vec<u8>> {
    let manifest = manifest_of_code(plugin_toml)?;
    let mut plugin = componentize(core_wasm)?;
    contract::check(&plugin, &manifest.contract)?;
    append_manifest(&mut plugin, &manifest.json);
    Ok(plugin)
}

/// Packs the output of any toolchain, a core module or a component, into a plugin.
pub fn pack_any(wasm: Vec<u8>, plugin_toml: &str) -> Result<Vec<u8>> {
    if !Parser::is_component(&wasm) {
        return pack(&wasm, plugin_toml);
    }
    let manifest = manifest_of_code(plugin_toml)?;
    let mut plugin = wasm;
    contract::check(&plugin, &manifest.contract)?;
    append_manifest(&mut plugin, &manifest.json);
    Ok(plugin)
}

/// Packs a `plugin.toml` with `[rules]` into a plugin. `declarative` is the component that interprets them.
pub fn pack_rules(declarative: &[u8], plugin_toml: &str) -> Result<Vec<u8>> {
    let manifest = manifest_from_toml(plugin_toml)?;
    let rules = manifest.rules.as_ref().context("plugin.toml has no [rules]; a plugin without code needs them")?;
    let mut plugin = rules::write(declarative, rules)?;
    contract::check_rules(&plugin, &manifest.contract)?;
    append_manifest(&mut plugin, &manifest.json);
    Ok(plugin)
}

fn manifest_of_code(plugin_toml: &str) -> Result<Manifest> {
    let manifest = manifest_from_toml(plugin_toml)?;
    let sentence = "plugin.toml has [rules], so it describes a plugin without code; remove them, or the code";
    ensure!(!manifest.has_rules(), sentence);
    Ok(manifest)
}

/// Appends the manifest to a component, whichever tool made it.
pub fn append_manifest(component: &mut Vec<u8>, manifest: &str) {
    append_section(component, MANIFEST_SECTION, manifest.as_bytes());
}

/// Appends a custom section to a component.
pub fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    CustomSection { name: name.into(), data: data.into() }.append_to_component(component);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use wasmparser::{Parser, Payload};

    use super::{MANIFEST_SECTION, append_manifest, componentize};

    #[test]
    fn the_manifest_is_found_at_the_top_of_the_component() {
        let mut component = wasm_encoder::Component::new().finish();
        append_manifest(&mut component, "{}");
        let found = Parser::new(0).parse_all(&component).find_map(|payload| match payload.unwrap() {
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => Some(section.data().to_vec()),
            _ => None,
        });
        assert_eq!(found.unwrap(), b"{}");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(componentize(b"\0asm nonsense").is_err());
    }
}
