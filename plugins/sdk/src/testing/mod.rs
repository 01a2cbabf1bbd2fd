//! Runs a plugin's cases natively, for its own `#[test]`.
//!
//! A case is a folder `v0.2/must/NAME` or `v0.2/should/NAME`; the folder `v0.1` of older plugins is read too. `request.json` and a file `body` with any extension are
//! the input, `expected.json` is the expected translation. `inlet plugin test` runs the same folders in the real
//! sandbox; this runner is faster and works with a debugger.

mod case;
mod expected;

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Plugin, Request};

/// The folders of cases: those of this contract version and of the older ones. Failures in `should` are printed and do not fail
/// the test.
const LEVELS: [(&str, bool); 4] =
    [("v0.1/must", true), ("v0.1/should", false), ("v0.2/must", true), ("v0.2/should", false)];

/// Runs every case under `directory`.
///
/// # Panics
///
/// Panics with all differences if a translation of a case in a `must` differs, and if there is no case or a case
/// cannot be read.
pub fn run_cases<P: Plugin>(directory: impl AsRef<Path>) {
    let directory = directory.as_ref();
    let mut count = 0;
    for (level, is_must) in LEVELS {
        let cases = folders(&directory.join(level));
        count += cases.len();
        let differences: Vec<String> = cases.iter().filter_map(|case| difference::<P>(case)).collect();
        let said =
            format!("{} of {} cases in {level} differ\n{}", differences.len(), cases.len(), differences.join("\n"));
        assert!(differences.is_empty() || !is_must, "{said}");
        if !differences.is_empty() {
            eprintln!("{said}");
        }
    }
    assert!(count > 0, "no case in {}: expected folders v0.2/must/NAME", directory.display());
    for folder in folders(directory) {
        assert!(is_version(&folder), "{}: a case lies in v0.2/must/NAME or v0.2/should/NAME", folder.display());
    }
}

/// Returns the requests of all cases under `directory`, with their names, for tests that compare two plugins.
///
/// # Panics
///
/// Panics if there is no case, and if a case cannot be read.
pub fn requests(directory: impl AsRef<Path>) -> Vec<(String, Request)> {
    let directory = directory.as_ref();
    let cases = LEVELS.into_iter().flat_map(|(level, _)| folders(&directory.join(level)));
    let request = |path: PathBuf| {
        let case = case::Case::read(&path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
        (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), case.request)
    };
    let requests: Vec<_> = cases.map(request).collect();
    assert!(!requests.is_empty(), "no case in {}: expected folders v0.2/must/NAME", directory.display());
    requests
}

/// Returns true for the folder of a contract version. Those of other versions are for other runners.
fn is_version(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Returns the folders in a directory in order; nothing if the directory does not exist.
fn folders(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display())).path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Returns the differences of one case, or `None`.
fn difference<P: Plugin>(path: &Path) -> Option<String> {
    let case = case::Case::read(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    let found = expected::describe(P::translate(&case.request), &case.expected);
    let expected = expected::plain(case.expected);
    (found != expected).then(|| format!("{}\n  expected {expected:#}\n  found {found:#}", path.display()))
}
