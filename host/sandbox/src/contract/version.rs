//! Contract versions, as they appear in the names of a component's imports and exports.

use semver::Version;

/// The supported contract versions, for error sentences.
pub(crate) const KNOWN_VERSIONS: &str = "0.1 and 0.2";

/// The WIT package that plugins are written against.
pub(crate) const PACKAGE: &str = "inlet:source/";

/// Returns a version as the folders in `wit` are named, without its patch: `0.1`.
pub(super) fn folder_version(version: &Version) -> String {
    format!("{}.{}", version.major, version.minor)
}

/// Contract versions that share one adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionFamily {
    /// 0.1.x
    V0_1,
    /// 0.2.x
    V0_2,
    /// 0.99.x, which exists in tests only. It shows that the host supports more than one family.
    #[cfg(test)]
    VTest,
}

impl VersionFamily {
    /// Returns the family of a contract version, or `None` if this host does not support it.
    pub(crate) fn of(version: &Version) -> Option<Self> {
        match (version.major, version.minor) {
            (0, 1) if version.pre.is_empty() => Some(VersionFamily::V0_1),
            (0, 2) if version.pre.is_empty() => Some(VersionFamily::V0_2),
            #[cfg(test)]
            (0, 99) if version.pre.is_empty() => Some(VersionFamily::VTest),
            _ => None,
        }
    }
}

/// Returns true if `import` is an interface that the contract lets plugins import. `types` contains types only.
pub(crate) fn is_contract_import(import: &str) -> bool {
    ["log@", "types@"].iter().any(|interface| {
        let version = import.strip_prefix(PACKAGE).and_then(|name| name.strip_prefix(interface));
        version
            .and_then(|version| Version::parse(version).ok())
            .is_some_and(|version| VersionFamily::of(&version).is_some())
    })
}
