//! Reading and checking a manifest.

use inlet_core::{
    json,
    verification::{SignedTemplate, handshake},
};
use inlet_manifest_schema::{ManifestVersion, take_unknown_members};
use semver::Version;
use serde::Deserialize as _;
use serde_json::Value;

use super::{
    error::{MAX_MANIFEST_BYTES, ManifestError},
    explain::{Explained, explain},
    icon, option_schema,
    types::Manifest,
};
use crate::{contract::VersionFamily, display::shorten, forms::CONTENT_TYPE};

/// The features of this host that a manifest may require. wit/VERSIONING.md lists the same names.
const FEATURES: [&str; 2] = ["forms", "handshake"];

impl Manifest {
    /// Reads and checks a manifest.
    pub fn from_json(text: &[u8]) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge { found: text.len() });
        }
        let mut value: Value = serde_json::from_slice(text).map_err(ManifestError::NotJson)?;
        let version = ManifestVersion::of(&value)?;
        check_contract(&value)?;
        // Before the schema: a plugin that needs a newer host may have members of a form that this one does not know.
        check_required_features(&value)?;
        let unknown_members = take_unknown_members(&mut value, version);
        check_schema(&value, version)?;
        check_signed_templates(&value, version)?;
        // The schema covers everything that the type requires. If the two ever differ, this error names the reason.
        let mut manifest: Manifest =
            serde_json::from_value(value).map_err(|error| wrong(version, "shape", error.to_string()))?;
        manifest.unknown_members = unknown_members;
        if manifest.forms && !manifest.headers.iter().any(|name| name == CONTENT_TYPE) {
            // Names the boundary of a multipart form, also where a stored request is read again.
            manifest.headers.push(CONTENT_TYPE.to_owned());
        }
        manifest.check(version)?;
        manifest.icon = manifest.icon.as_deref().map(icon::sanitize).transpose()?;
        Ok(manifest)
    }

    /// Checks the rules that the schema cannot express.
    fn check(&self, version: ManifestVersion) -> Result<(), ManifestError> {
        Version::parse(&self.version).map_err(|error| {
            wrong(version, "version", format!("{:?} is not a semantic version ({error})", self.version))
        })?;
        let links = [
            ("links.website", Some(&self.links.website)),
            ("links.docs", Some(&self.links.docs)),
            ("links.tutorial", self.links.tutorial.as_ref()),
        ];
        let author = self.author.as_ref().and_then(|author| author.link.as_ref());
        let steps = self.setup.iter().map(|step| ("setup.link", step.link.as_ref()));
        for (field, link) in links.into_iter().chain([("author.link", author)]).chain(steps) {
            // Operators see these as links: `javascript:` would run in the dashboard.
            if let Some(link) = link.filter(|link| !link.starts_with("https://")) {
                return Err(ManifestError::Link { field, found: shorten(link) });
            }
        }
        if let Some(template) = &self.verification {
            template.check_vectors()?;
        }
        handshake::check(&self.handshake, &self.methods, self.verification.as_ref())?;
        for example in &self.examples {
            if let Value::String(text) = &example.body
                && example.is_json()
            {
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

/// Checks that this host can do what the manifest requires.
fn check_required_features(manifest: &Value) -> Result<(), ManifestError> {
    let required = manifest.get("requires").and_then(Value::as_array);
    let missing = required.into_iter().flatten().filter_map(Value::as_str).find(|name| !FEATURES.contains(name));
    missing.map_or(Ok(()), |name| Err(ManifestError::MissingFeature { name: shorten(name) }))
}

/// Checks the templates of what is signed, which the schema's pattern admits too widely. serde would not name the member.
fn check_signed_templates(manifest: &Value, version: ManifestVersion) -> Result<(), ManifestError> {
    let signed = manifest.pointer("/verification/signed").and_then(Value::as_array);
    for (index, template) in signed.into_iter().flatten().enumerate() {
        let field = || format!("verification.signed.{index}");
        let read =
            SignedTemplate::deserialize(template).map_err(|error| wrong(version, &field(), error.to_string()))?;
        // A host of version 0.1 would refuse the plugin.
        if version == ManifestVersion::V1 && !read.is_of_first_version() {
            let reason = format!("{:?} is of manifest version 2; add `manifest = 2`", read.as_str());
            return Err(wrong(version, &field(), reason));
        }
    }
    Ok(())
}

fn check_schema(manifest: &Value, version: ManifestVersion) -> Result<(), ManifestError> {
    version.validator().validate(manifest).map_err(|error| {
        let Explained { field, reason } = explain(&error);
        wrong(version, &field, reason)
    })
}

fn wrong(version: ManifestVersion, field: &str, reason: String) -> ManifestError {
    ManifestError::Schema { field: field.to_owned(), reason, schema: version.schema_path() }
}
