//! The manifest: a plugin's description of itself and its platform, read before anything is compiled or run.
//!
//! A manifest is JSON in the custom section `inlet:manifest`, in the shape of `wit/v0.1/manifest.schema.json`. The checks
//! run in this order: JSON, known contract version (a later version may have unknown fields), schema, and the rules that a
//! schema cannot express.

mod error;
mod explain;
mod option_schema;
mod options;
mod read;
mod types;

pub use error::ManifestError;
pub use options::OptionsError;
pub use types::{DefaultMapping, Defaults, Example, Links, Manifest, Sender};
