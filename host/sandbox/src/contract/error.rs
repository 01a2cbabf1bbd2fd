//! Mismatches between a component and the contract.

use semver::Version;

use super::version::{KNOWN_VERSIONS, PACKAGE, folder_version};

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
        "the component's export {export:?} is not what contract {contract} says: {reason}; build it against wit/v{contract}"
    )]
    ExportShape {
        /// The function.
        export: String,
        /// The contract version of the component, without its patch.
        contract: String,
        /// The first difference.
        reason: String,
    },
    /// An import has the right name and the wrong type.
    #[error(
        "the component's imports are not what contract {contract} and WASI 0.2 say: {reason}; build it against wit/v{contract}"
    )]
    Imports {
        /// The contract version of the component, without its patch.
        contract: String,
        /// The first difference.
        reason: String,
    },
}

impl ContractError {
    pub(super) fn no_translator(version: &Version) -> Self {
        ContractError::NoExport { expected: format!("{PACKAGE}translator@{version}") }
    }

    pub(crate) fn imports(version: &Version, error: &wasmtime::Error) -> Self {
        ContractError::Imports { contract: folder_version(version), reason: format!("{error:#}") }
    }
}
