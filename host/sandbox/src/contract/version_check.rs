//! The check that a component and its manifest name the same supported contract version.

use semver::Version;

use super::{
    error::ContractError,
    version::{PACKAGE, VersionFamily},
};
use crate::display::shorten;

/// Returns the contract version of a component's translator export. It must be the version that the manifest names.
pub(crate) fn exported_version(
    exports: &[&str],
    manifest_version: &str,
) -> Result<(VersionFamily, Version), ContractError> {
    let translator = format!("{PACKAGE}translator@");
    let expected = format!("{translator}{manifest_version}");
    let exported = exports.iter().find_map(|name| Some((*name, name.strip_prefix(&translator)?)));
    let Some((found, version)) = exported else { return Err(ContractError::NoExport { expected }) };
    let unknown = || ContractError::UnknownVersion { found: shorten(found) };
    let version = Version::parse(version).map_err(|_| unknown())?;
    let family = VersionFamily::of(&version).ok_or_else(unknown)?;
    if found != expected {
        return Err(ContractError::VersionMismatch { manifest: manifest_version.to_owned(), found: shorten(found) });
    }
    Ok((family, version))
}

/// Returns true if a component of this contract version exports an answerer.
pub(crate) fn exports_answerer(exports: &[&str], version: &Version) -> bool {
    let answerer = format!("{PACKAGE}answerer@{version}");
    exports.contains(&answerer.as_str())
}
