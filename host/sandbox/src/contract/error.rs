//! Mismatches between a component and the contract.

use super::version::{KNOWN_VERSIONS, PACKAGE};

/// A component that does not match the contract.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The component was built against a contract version that this host does not know.
    #[error(
        "the component exports {found:?}; this Inlet knows contract {KNOWN_VERSIONS}; use a newer Inlet or an older plugin"
    )]
    UnknownVersion {
        /// The export.
        found: String,
    },
    /// The component does not export a required interface.
    #[error("the component does not export {expected:?}; export it, as the world {PACKAGE}source says")]
    NoExport {
        /// The missing export.
        expected: String,
    },
    /// The manifest and the exports name different contract versions.
    #[error(
        "the manifest says contract {manifest} and the component exports {found:?}; pack it again with the SDK it was built with"
    )]
    VersionMismatch {
        /// The version in the manifest.
        manifest: String,
        /// The export.
        found: String,
    },
    /// An export has the right name and the wrong type.
    #[error(
        "the component's export {export:?} is not what contract {KNOWN_VERSIONS} says: {reason}; build it against wit/v0.1"
    )]
    ExportShape {
        /// The function.
        export: String,
        /// The first difference.
        reason: String,
    },
    /// An import has the right name and the wrong type.
    #[error(
        "the component's imports are not what contract {KNOWN_VERSIONS} and WASI 0.2 say: {reason}; build it against wit/v0.1"
    )]
    Imports {
        /// The first difference.
        reason: String,
    },
}

impl ContractError {
    pub(crate) fn imports(error: &wasmtime::Error) -> Self {
        ContractError::Imports { reason: format!("{error:#}") }
    }
}
