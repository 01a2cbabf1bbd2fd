//! Reading a manifest, and everything that is wrong with one.

use std::sync::LazyLock;

use inlet_core::{json, verification::VectorError};
use jsonschema::Validator;
use semver::Version;
use serde_json::Value;

use super::{
    Manifest,
    explain::{Explained, explain},
};
use crate::{
    contract::{Family, KNOWN},
    limits::{bytes, shortened},
};

const SCHEMA: &str = include_str!("../../../../wit/v0.1/manifest.schema.json");

/// The largest manifest that is read. A hundred examples of some kilobytes each have room in it.
const MAX_MANIFEST_BYTES: usize = 1 << 20;

/// Why a manifest is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is larger than a manifest may be.
    #[error(
        "the manifest has {found}; at most {allowed} are allowed; shorten its examples and texts in its plugin.toml",
        found = bytes(*found),
        allowed = bytes(MAX_MANIFEST_BYTES)
    )]
    TooLarge {
        /// Its bytes.
        found: usize,
    },
    /// It is not JSON.
    #[error("the manifest is not JSON: {0}; pack the plugin again from its plugin.toml")]
    NotJson(#[source] serde_json::Error),
    /// It names no contract version.
    #[error("the manifest names no contract version: found {found}; expected \"contract\": \"0.1.0\"")]
    NoContract {
        /// What is there instead.
        found: String,
    },
    /// It names a contract version that this host does not know.
    #[error("the manifest says contract {found}; this Inlet knows {KNOWN}; use a newer Inlet or an older plugin")]
    UnknownContract {
        /// The version.
        found: String,
    },
    /// It is not of the schema.
    #[error("the manifest is wrong at {field}: {reason}; see wit/v0.1/manifest.schema.json")]
    Schema {
        /// Where.
        field: String,
        /// The first difference.
        reason: String,
    },
    /// A link leads somewhere else than to a web page.
    #[error("the manifest's {field} is {found:?}; expected a link that begins with https://")]
    Link {
        /// Which.
        field: &'static str,
        /// What is there.
        found: String,
    },
    /// The verification template does not do what the manifest says it does.
    #[error("the manifest's verification is wrong: {0}")]
    Verification(#[from] VectorError),
    /// An example could not be sent.
    #[error("the manifest's example {event_type:?} is not JSON: {reason}; correct its body")]
    Example {
        /// Which.
        event_type: String,
        /// What is wrong with it.
        reason: json::Malformed,
    },
    /// The option schema asks too much of who checks with it.
    #[error(
        "the manifest's options are refused: {reason}; write the settings out, simpler, in [options] of its plugin.toml"
    )]
    OptionSchema {
        /// What there is too much of.
        reason: String,
    },
    /// The option schema is none.
    #[error("the manifest's options are not a JSON Schema: {reason}; correct [options] in its plugin.toml")]
    Options {
        /// The first difference.
        reason: String,
    },
}

impl Manifest {
    /// Reads and checks a manifest.
    pub fn from_json(text: &[u8]) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge { found: text.len() });
        }
        let value: Value = serde_json::from_slice(text).map_err(ManifestError::NotJson)?;
        check_contract(&value)?;
        check_schema(&value)?;
        // The schema says all that the type says; should they ever differ, this names the field as well.
        let manifest: Manifest = serde_json::from_value(value)
            .map_err(|error| ManifestError::Schema { field: "shape".to_owned(), reason: error.to_string() })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// What the schema cannot say.
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
            // Shown as links to operators: `javascript:` would run in the dashboard.
            if let Some(link) = link.filter(|link| !link.starts_with("https://")) {
                return Err(ManifestError::Link { field, found: shortened(link) });
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
        self.check_option_schema()
    }
}

/// Before the schema: what a later contract version's manifest holds is not for us to judge.
fn check_contract(manifest: &Value) -> Result<(), ManifestError> {
    let found = match manifest.get("contract") {
        Some(Value::String(found)) => found,
        Some(other) => return Err(ManifestError::NoContract { found: shortened(&other.to_string()) }),
        None => return Err(ManifestError::NoContract { found: "nothing".to_owned() }),
    };
    let known = Version::parse(found).is_ok_and(|version| Family::of(&version).is_some());
    if known { Ok(()) } else { Err(ManifestError::UnknownContract { found: shortened(found) }) }
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
