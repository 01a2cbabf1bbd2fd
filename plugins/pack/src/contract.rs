//! The contract version of a component, which its manifest must name too.

use anyhow::{Result, bail};
use wasmparser::ComponentExport;

use crate::sections::sections;

/// The export of every plugin, without its version.
const TRANSLATOR: &str = "inlet:source/translator@";
/// Number of a component's section of exports.
const EXPORT: u8 = 11;

/// Checks that a manifest names the contract version of its component. A component without the export is left to the host,
/// which says what is missing.
pub(crate) fn check(component: &[u8], manifest: &str) -> Result<()> {
    match exported(component)? {
        Some(built) if built != manifest => bail!(
            "plugin.toml says contract = {manifest:?}, and the component is built for {built:?}; write contract = {built:?}, or \
             build it with the WIT files and the SDK of the other version"
        ),
        _ => Ok(()),
    }
}

/// Checks the same for a plugin without code, whose component comes with this program.
pub(crate) fn check_rules(component: &[u8], manifest: &str) -> Result<()> {
    match exported(component)? {
        Some(built) if built != manifest => bail!(
            "plugin.toml says contract = {manifest:?}, and this Inlet makes plugins without code for {built:?}; write contract = \
             {built:?}: rules mean the same in every version"
        ),
        _ => Ok(()),
    }
}

/// Returns the version of the translator that a component exports.
fn exported(component: &[u8]) -> Result<Option<String>> {
    for section in sections(component)?.iter().filter(|section| section.id == EXPORT) {
        let exports: Vec<ComponentExport<'_>> = section.items()?;
        let version = exports.iter().find_map(|export| export.name.name.strip_prefix(TRANSLATOR));
        if let Some(version) = version {
            return Ok(Some(version.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{check, check_rules};

    const OF_0_1: &[u8] = include_bytes!("../../../host/sandbox/tests/contract_components/v0_1/plugin.wasm");
    const OF_0_2: &[u8] = include_bytes!("../../../host/sandbox/tests/contract_components/v0_2/plugin.wasm");

    #[test]
    fn the_manifest_names_the_version_of_the_component() {
        for (component, version) in [(OF_0_1, "0.1.0"), (OF_0_2, "0.2.0")] {
            check(component, version).unwrap();
            check_rules(component, version).unwrap();
        }
        insta::assert_snapshot!(
            check(OF_0_1, "0.2.0").unwrap_err(),
            @r#"plugin.toml says contract = "0.2.0", and the component is built for "0.1.0"; write contract = "0.1.0", or build it with the WIT files and the SDK of the other version"#
        );
        insta::assert_snapshot!(
            check_rules(OF_0_2, "0.1.0").unwrap_err(),
            @r#"plugin.toml says contract = "0.1.0", and this Inlet makes plugins without code for "0.2.0"; write contract = "0.2.0": rules mean the same in every version"#
        );
    }

    #[test]
    fn a_component_without_a_translator_is_left_to_the_host() {
        check(&wasm_encoder::Component::new().finish(), "0.2.0").unwrap();
    }
}
