//! The reasons why a manifest is refused, one error sentence each.

use inlet_core::{
    json,
    verification::{VectorError, handshake::BadHandshake},
};
use inlet_manifest_schema::UnknownManifestVersion;

use crate::{contract::KNOWN_VERSIONS, display::format_bytes};

/// The largest manifest, in bytes. A hundred examples of some kilobytes each fit.
pub(super) const MAX_MANIFEST_BYTES: usize = 1 << 20;

/// The reason why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The manifest is larger than 1 MiB.
    #[error(
        "the manifest has {found}; at most {allowed} are allowed; shorten its examples and texts in its plugin.toml",
        found = format_bytes(*found),
        allowed = format_bytes(MAX_MANIFEST_BYTES)
    )]
    TooLarge {
        /// Bytes of the manifest.
        found: usize,
    },
    /// The manifest is not JSON.
    #[error("the manifest is not JSON: {0}; pack the plugin again from its plugin.toml")]
    NotJson(#[source] serde_json::Error),
    /// The manifest names no contract version.
    #[error("the manifest names no contract version: found {found}; expected \"contract\": \"0.2.0\"")]
    NoContract {
        /// The value found instead.
        found: String,
    },
    /// The manifest names a contract version that this host does not support.
    #[error(
        "the manifest says contract {found}; this Inlet knows {KNOWN_VERSIONS}; use a newer Inlet or an older plugin"
    )]
    UnknownContract {
        /// The version.
        found: String,
    },
    /// The manifest is of a version that this host does not read.
    #[error(transparent)]
    UnknownVersion(#[from] UnknownManifestVersion),
    /// The manifest requires something that this host cannot do.
    #[error("the manifest requires {name:?}, which this Inlet does not have; use a newer Inlet or an older plugin")]
    MissingFeature {
        /// The name of the feature.
        name: String,
    },
    /// The icon is not an SVG document.
    #[error("the manifest's icon is not an SVG document: {reason}; correct `icon` in its plugin.toml or leave it out")]
    Icon {
        /// The first difference.
        reason: String,
    },
    /// The manifest does not match the schema.
    #[error("the manifest is wrong at {field}: {reason}; see {schema}")]
    Schema {
        /// The field.
        field: String,
        /// The first difference.
        reason: String,
        /// The path of the schema in the repository.
        schema: &'static str,
    },
    /// A link does not begin with `https://`.
    #[error("the manifest's {field} is {found:?}; expected a link that begins with https://")]
    Link {
        /// The field.
        field: &'static str,
        /// The value of the field.
        found: String,
    },
    /// The verification template fails its own test vectors.
    #[error("the manifest's verification is wrong: {0}")]
    Verification(#[from] VectorError),
    /// A handshake cannot be answered, or must not be.
    #[error("the manifest is wrong at {0}")]
    Handshake(#[from] BadHandshake),
    /// The body of an example is not JSON.
    #[error("the manifest's example {event_type:?} is not JSON: {reason}; correct its body")]
    Example {
        /// Event type of the example.
        event_type: String,
        /// The violated rule.
        reason: json::Malformed,
    },
    /// The option schema would cost the validator too much.
    #[error(
        "the manifest's options are refused: {reason}; write the settings out, simpler, in [options] of its plugin.toml"
    )]
    OptionSchema {
        /// The exceeded limit.
        reason: String,
    },
    /// The options are not a valid JSON Schema.
    #[error("the manifest's options are not a JSON Schema: {reason}; correct [options] in its plugin.toml")]
    Options {
        /// The first difference.
        reason: String,
    },
}
