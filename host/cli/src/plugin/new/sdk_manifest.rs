//! The `Cargo.toml` of the SDK in a project's `vendor/`.

use anyhow::Context as _;
use toml::{Table, Value};

use super::embedded::{SDK_MANIFEST, WORKSPACE_MANIFEST};

/// Returns the SDK's `Cargo.toml` with the values that it inherits from the workspace written out.
pub(super) fn standalone() -> anyhow::Result<String> {
    let workspace: Table = WORKSPACE_MANIFEST.parse().context("the embedded Cargo.toml is not TOML")?;
    let mut sdk: Table = SDK_MANIFEST.parse().context("the embedded Cargo.toml of the SDK is not TOML")?;
    let inherited = |section: &str, name: &str| workspace.get("workspace")?.get(section)?.get(name).cloned();
    for section in ["package", "dependencies"] {
        for (name, value) in sdk.get_mut(section).and_then(Value::as_table_mut).into_iter().flatten() {
            if value.get("workspace").is_some() {
                *value = inherited(section, name).with_context(|| format!("the workspace has no {section}.{name}"))?;
            }
        }
    }
    for section in ["lints", "dev-dependencies"] {
        sdk.remove(section);
    }
    toml::to_string(&sdk).context("cannot write the SDK's Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::{super::embedded::SDK_AND_CONTRACT, *};

    #[test]
    fn the_sdk_stands_alone() {
        let sdk = standalone().unwrap();
        assert!(!sdk.contains("workspace"), "{sdk}");
        assert!(sdk.contains("wit-bindgen"), "{sdk}");
        assert!(SDK_AND_CONTRACT.iter().any(|(path, _)| *path == "wit/v0.2/types.wit"));
        assert!(SDK_AND_CONTRACT.iter().any(|(path, _)| *path == "plugins/sdk/src/lib.rs"));
    }
}
