//! The manifest: a plugin's description of itself and its platform, read before anything is compiled or run.
//!
//! A manifest is JSON in the custom section `inlet:manifest`, in the shape of the schema of its version (`wit/v0.1` and
//! `wit/manifest`). The checks run in this order: JSON, known versions of the manifest and of the contract, required features
//! (a later host's manifest may have unknown fields), schema, and the rules that a schema cannot express.

mod error;
mod example;
mod explain;
mod icon;
mod option_schema;
mod options;
mod read;
mod types;

pub use error::ManifestError;
pub use example::Example;
pub use options::OptionsError;
pub use types::{Author, DefaultMapping, Defaults, Links, Manifest, Sender, SetupStep, Support, SupportLevel};
