//! The cache of compiled plugins in the user's cache directory. A plugin in Python takes twenty seconds to compile, and
//! every command would compile it again.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::Path};

use etcetera::{BaseStrategy as _, choose_base_strategy};
use inlet_sandbox::CompiledCache;

/// The directory below the user's cache directory.
const DIRECTORY: &str = "inlet/compiled-plugins";

/// Opens the cache, and creates its directory. Without a usable one plugins are compiled on every command, which is said.
pub(super) fn open() -> Option<CompiledCache> {
    // Without a home directory there is no place to keep anything.
    let directory = choose_base_strategy().ok()?.cache_dir().join(DIRECTORY);
    match open_at(&directory) {
        Ok(cache) => Some(cache),
        Err(reason) => {
            eprintln!("note: compiled plugins are not kept, so every command compiles again: {reason}");
            None
        }
    }
}

fn open_at(directory: &Path) -> Result<CompiledCache, String> {
    if let Some(parent) = directory.parent() {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(parent);
        created.map_err(|error| format!("cannot create {}: {error}", parent.display()))?;
    }
    // What is in it would be run: the cache refuses a directory of another user, or that others can write.
    CompiledCache::open(directory, CompiledCache::MAX_BYTES).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_directory_that_others_can_write_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let cache = directory.path().join("a/b/compiled-plugins");
        open_at(&cache).unwrap();
        assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
        let reason = open_at(&cache).unwrap_err();
        assert!(reason.contains("can be written by others (mode 777)"), "{reason}");
    }
}
