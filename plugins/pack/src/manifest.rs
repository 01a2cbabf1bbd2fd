//! Converts a `plugin.toml` into the manifest's JSON, and checks it against the schema that the host uses.
//!
//! Both have the same members. An example's `body` is best a string that holds JSON: a payload copied from a platform
//! keeps its digits, and TOML has no null.

use anyhow::{Context as _, Result, bail, ensure};
use inlet_manifest_schema::{ManifestVersion, take_unknown_members};
use inlet_rules::WrittenRules;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{rules, schema_faults};

/// A valid manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// `segment`, or `publisher/name`.
    pub key: String,
    /// The contract version that it names, such as `0.2.0`.
    pub contract: String,
    /// The whole manifest, as the component carries it.
    pub json: String,
    /// Members that the schema does not know, as dot paths. The component carries them all the same.
    pub unknown_members: Vec<String>,
    /// The rules of a plugin without code.
    pub(crate) rules: Option<WrittenRules>,
}

impl Manifest {
    /// Returns a sentence about members that the schema does not know, if there are any.
    pub fn warning(&self) -> Option<String> {
        let names = self.unknown_members.join(", ");
        (!names.is_empty()).then(|| {
            format!("plugin.toml has members that no schema knows: {names}; they are packed, and a host ignores them")
        })
    }

    /// Returns true if it describes a plugin without code.
    pub fn has_rules(&self) -> bool {
        self.rules.is_some()
    }
}

/// Reads a `plugin.toml`. The error names every wrong member.
pub fn manifest_from_toml(plugin_toml: &str) -> Result<Manifest> {
    let manifest: Value = toml::from_str(plugin_toml).context("plugin.toml is not TOML")?;
    let version = ManifestVersion::of(&manifest)?;
    ensure!(
        version.is_open() || manifest.get("rules").is_none(),
        "plugin.toml has [rules], which a manifest has from version 2 on; add manifest = 2 at the top"
    );
    let json = manifest.to_string();
    // Checked before the schema, whose sentences say less.
    let rules = manifest.get("rules").map(|rules| rules::checked(rules, &manifest)).transpose()?;
    let mut manifest = manifest;
    let unknown_members = take_unknown_members(&mut manifest, version);
    check(&manifest, version)?;
    check_examples(&manifest)?;
    let text = |member: &str| manifest[member].as_str().unwrap_or_default().to_owned();
    Ok(Manifest { key: text("key"), contract: text("contract"), json, unknown_members, rules })
}

/// Checks that the body of every example is JSON unless its headers name another type, which the schema cannot express.
fn check_examples(manifest: &Value) -> Result<()> {
    let examples = manifest.get("examples").and_then(Value::as_array);
    for (index, example) in examples.into_iter().flatten().enumerate() {
        let content_type = example.pointer("/headers/content-type").and_then(Value::as_str);
        let is_json = content_type.is_none_or(|content_type| content_type.to_ascii_lowercase().contains("json"));
        if let Some(text) = example["body"].as_str()
            && is_json
        {
            serde_json::from_str::<IgnoredAny>(text)
                .with_context(|| format!("plugin.toml: the string at /examples/{index}/body is not JSON"))?;
        }
    }
    Ok(())
}

fn check(manifest: &Value, version: ManifestVersion) -> Result<()> {
    let faults: Vec<String> =
        version.validator().iter_errors(manifest).flat_map(|fault| schema_faults::lines(&fault)).collect();
    if !faults.is_empty() {
        bail!("plugin.toml does not match {}:\n  {}", version.schema_path(), faults.join("\n  "));
    }
    if let Some(options) = manifest.get("options") {
        let valid = jsonschema::meta::is_valid(options);
        ensure!(valid, "plugin.toml: `options` is no JSON Schema");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::manifest_from_toml;

    const LEAST: &str = r#"
        key = "acme/orders"
        name = "Acme Orders"
        version = "1.0.0"
        contract = "0.1.0"
        description = "Orders."
        categories = ["Ecommerce"]
        links = { website = "https://acme.example", docs = "https://acme.example/docs" }
    "#;

    #[test]
    fn the_least_manifest_is_small() {
        let manifest = manifest_from_toml(LEAST).unwrap();
        assert_eq!(manifest.key, "acme/orders");
        assert!(manifest.json.starts_with(r#"{"categories":["Ecommerce"]"#), "{}", manifest.json);
    }

    #[test]
    fn an_example_may_be_pasted_as_json() {
        let example = "[[examples]]\nevent_type = \"x\"\nbody = '''{\"a\": null}'''";
        assert!(manifest_from_toml(&format!("{LEAST}\n{example}")).unwrap().json.contains(r#""body":"{\"a\": null}""#));
        let broken = example.replace('}', "");
        let error = manifest_from_toml(&format!("{LEAST}\n{broken}")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"plugin.toml: the string at /examples/0/body is not JSON");
    }

    #[test]
    fn every_fault_is_named_with_its_place() {
        let toml = LEAST.replace("https://acme.example\"", "http://acme.example\"").replace("acme/orders", "Acme!");
        let error = manifest_from_toml(&format!("surprise = 1\n{toml}")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @r#"
        plugin.toml does not match wit/v0.1/manifest.schema.json:
          /key: "Acme!" does not match "^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?$"
          /links/website: "http://acme.example" does not match "^https://"
          the top level: Additional properties are not allowed ('surprise' was unexpected)
        "#);
    }

    #[test]
    fn a_fault_of_the_verification_is_named_with_its_member() {
        let error = |verification: &str| {
            manifest_from_toml(&format!("{LEAST}\n[verification]\n{verification}")).unwrap_err().to_string()
        };
        insta::assert_snapshot!(error("scheme = \"hmac\""), @r#"
        plugin.toml does not match wit/v0.1/manifest.schema.json:
          /verification/scheme: "hmac" is not "shared_secret" or "signature"
        "#);
        insta::assert_snapshot!(error("header = \"x\""), @r#"
        plugin.toml does not match wit/v0.1/manifest.schema.json:
          /verification: "scheme" is a required property
          /verification: "vectors" is a required property
        "#);
        insta::assert_snapshot!(error("scheme = \"shared_secret\"\nheadr = \"x\""), @r#"
        plugin.toml does not match wit/v0.1/manifest.schema.json:
          /verification: "header" is a required property
          /verification: "vectors" is a required property
          /verification: Additional properties are not allowed ('headr' was unexpected)
        "#);
        insta::assert_snapshot!(error("scheme = \"signature\"\nheader = \"x\"\nalgorithm = \"md5\""), @r#"
        plugin.toml does not match wit/v0.1/manifest.schema.json:
          /verification: "encoding" is a required property
          /verification: "signed" is a required property
          /verification: "uncovered" is a required property
          /verification: "vectors" is a required property
          /verification/algorithm: "md5" is not one of "hmac_sha1", "hmac_sha256" or "ed25519"
        "#);
        let vectors =
            "scheme = \"shared_secret\"\nheader = \"x\"\n[[verification.vectors]]\nname = \"a\"\nverified = 1";
        insta::assert_snapshot!(error(vectors), @r#"
        plugin.toml does not match wit/v0.1/manifest.schema.json:
          /verification/vectors/0: "secret" is a required property
          /verification/vectors/0: "headers" is a required property
          /verification/vectors/0: "body" is a required property
          /verification/vectors/0/verified: 1 is not of type "boolean"
        "#);
    }

    #[test]
    fn the_bundled_plugins_have_valid_manifests() {
        for toml in [
            include_str!("../../segment/plugin.toml"),
            include_str!("../../rudderstack/plugin.toml"),
            include_str!("../../hightouch/plugin.toml"),
            include_str!("../../census/plugin.toml"),
            include_str!("../../http/plugin.toml"),
            include_str!("../../script/plugin.toml"),
        ] {
            manifest_from_toml(toml).unwrap();
        }
    }
}
