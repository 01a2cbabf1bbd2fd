//! Reading and checking a manifest.

use std::sync::LazyLock;

use inlet_core::{json, verification::SignedTemplate};
use jsonschema::Validator;
use semver::Version;
use serde::Deserialize as _;
use serde_json::Value;

use super::{
    error::{MAX_MANIFEST_BYTES, ManifestError},
    explain::{Explained, explain},
    option_schema,
    types::Manifest,
};
use crate::{contract::VersionFamily, display::shorten};

const SCHEMA: &str = include_str!("../../../../wit/v0.1/manifest.schema.json");

impl Manifest {
    /// Reads and checks a manifest.
    pub fn from_json(text: &[u8]) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge { found: text.len() });
        }
        let value: Value = serde_json::from_slice(text).map_err(ManifestError::NotJson)?;
        check_contract(&value)?;
        check_schema(&value)?;
        // The schema covers everything that the type requires. If the two ever differ, this error names the reason.
        check_signed_templates(&value)?;
        let manifest: Manifest = serde_json::from_value(value)
            .map_err(|error| ManifestError::Schema { field: "shape".to_owned(), reason: error.to_string() })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks the rules that the schema cannot express.
    fn check(&self) -> Result<(), ManifestError> {
        Version::parse(&self.version).map_err(|error| ManifestError::Schema {
            field: "version".to_owned(),
            reason: format!("{:?} is not a semantic version ({error})", self.version),
        })?;
        let links = [
            ("links.website", Some(&self.links.website)),
            ("links.docs", Some(&self.links.docs)),
            ("links.tutorial", self.links.tutorial.as_ref()),
        ];
        for (field, link) in links {
            // Operators see these as links: `javascript:` would run in the dashboard.
            if let Some(link) = link.filter(|link| !link.starts_with("https://")) {
                return Err(ManifestError::Link { field, found: shorten(link) });
            }
        }
        if let Some(template) = &self.verification {
            template.check_vectors()?;
        }
        for example in &self.examples {
            if let Value::String(text) = &example.body {
                json::check(text, json::MAX_DEPTH)
                    .map_err(|reason| ManifestError::Example { event_type: example.event_type.clone(), reason })?;
            }
        }
        self.options.as_ref().map_or(Ok(()), option_schema::check)
    }
}

/// Checks the contract version. It comes before the schema, which does not apply to manifests of later versions.
fn check_contract(manifest: &Value) -> Result<(), ManifestError> {
    let found = match manifest.get("contract") {
        Some(Value::String(found)) => found,
        Some(other) => return Err(ManifestError::NoContract { found: shorten(&other.to_string()) }),
        None => return Err(ManifestError::NoContract { found: "nothing".to_owned() }),
    };
    let known = Version::parse(found).is_ok_and(|version| VersionFamily::of(&version).is_some());
    if known { Ok(()) } else { Err(ManifestError::UnknownContract { found: shorten(found) }) }
}

/// Checks the templates of what is signed, which the schema's pattern admits too widely. serde would not name the member.
fn check_signed_templates(manifest: &Value) -> Result<(), ManifestError> {
    let signed = manifest.pointer("/verification/signed").and_then(Value::as_array);
    for (index, template) in signed.into_iter().flatten().enumerate() {
        SignedTemplate::deserialize(template).map_err(|error| ManifestError::Schema {
            field: format!("verification.signed.{index}"),
            reason: error.to_string(),
        })?;
    }
    Ok(())
}

fn check_schema(manifest: &Value) -> Result<(), ManifestError> {
    #[expect(
        clippy::expect_used,
        reason = "the schema is part of this program, and every test that loads a plugin reads it"
    )]
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(SCHEMA).expect("the bundled schema is JSON");
        jsonschema::validator_for(&schema).expect("the bundled schema is a JSON Schema")
    });
    VALIDATOR.validate(manifest).map_err(|error| {
        let Explained { field, reason } = explain(&error);
        ManifestError::Schema { field, reason }
    })
}
