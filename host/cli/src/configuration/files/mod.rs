//! The files of a configuration folder, and the document of the API that they stand for.
//!
//! ```text
//! environments/production.yaml      settings and variables of an environment
//! targets/production/crm.yaml       a target of an environment
//! sources/shop.yaml                 a source: what all environments share once, and what is different in each
//! ```
//!
//! A file has no secret. It names the variable of the process's environment that holds one: `{from_env: SHOP_SECRET}`.

mod checked_object;
mod checks;
mod environment_file;
mod folder;
mod references;
mod secrets;
mod source_file;
mod target_file;

#[cfg(test)]
pub use self::folder::members_of;
pub use self::{
    environment_file::EnvironmentFile,
    folder::{DEFAULT_FOLDER, Files, Kind},
    secrets::SecretReference,
    source_file::SourceFile,
    target_file::TargetFile,
};
