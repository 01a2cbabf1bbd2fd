//! The JSON Schemas of plugin manifests, one for each version. The packer and the host check manifests by the same ones.
//!
//! A manifest of version 1 is part of the contract v0.1 and closed: an unknown member is an error. Later versions say so in the
//! member `manifest` and are open: an unknown member is named in a warning, because a newer host may use it.

mod unknown_members;

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

pub use unknown_members::take_unknown_members;

/// A version of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestVersion {
    /// The manifest of the contract v0.1. It has no member `manifest`.
    V1,
    /// `"manifest": 2`.
    V2,
}

/// The member `manifest` names no version that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the manifest has version {found}; this Inlet reads version 2, and version 1, which has no member `manifest`; use a newer \
     Inlet or an older plugin"
)]
pub struct UnknownManifestVersion {
    /// The value of the member, at most 64 characters of it.
    pub found: String,
}

impl ManifestVersion {
    /// Returns the version that a manifest says it has.
    pub fn of(manifest: &Value) -> Result<Self, UnknownManifestVersion> {
        match manifest.get("manifest") {
            None => Ok(Self::V1),
            Some(version) if version.as_u64() == Some(2) => Ok(Self::V2),
            Some(other) => Err(UnknownManifestVersion { found: other.to_string().chars().take(64).collect() }),
        }
    }

    /// Returns the path of the schema in the repository, for error sentences.
    pub const fn schema_path(self) -> &'static str {
        match self {
            Self::V1 => "wit/v0.1/manifest.schema.json",
            Self::V2 => "wit/manifest/v2.schema.json",
        }
    }

    /// Returns the validator of the schema.
    pub fn validator(self) -> &'static Validator {
        static V1: LazyLock<Validator> =
            LazyLock::new(|| validator(include_str!("../../../wit/v0.1/manifest.schema.json")));
        static V2: LazyLock<Validator> =
            LazyLock::new(|| validator(include_str!("../../../wit/manifest/v2.schema.json")));
        match self {
            Self::V1 => &V1,
            Self::V2 => &V2,
        }
    }

    /// True if unknown members are warned of instead of refused.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::V2)
    }
}

#[expect(
    clippy::expect_used,
    reason = "the schemas are part of this program, and every test that packs a plugin reads them"
)]
fn validator(schema: &str) -> Validator {
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a JSON Schema")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_names_its_version_from_the_second_on() {
        assert_eq!(ManifestVersion::of(&json!({"key": "acme"})), Ok(ManifestVersion::V1));
        assert_eq!(ManifestVersion::of(&json!({"manifest": 2})), Ok(ManifestVersion::V2));
        let later = ManifestVersion::of(&json!({"manifest": 3})).unwrap_err().to_string();
        insta::assert_snapshot!(later, @"the manifest has version 3; this Inlet reads version 2, and version 1, which has no member `manifest`; use a newer Inlet or an older plugin");
        assert!(ManifestVersion::of(&json!({"manifest": 1})).is_err());
        assert!(ManifestVersion::of(&json!({"manifest": "2"})).is_err());
    }
}
