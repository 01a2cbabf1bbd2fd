//! Runs a plugin's cases natively, for its own `#[test]`.
//!
//! A case is a folder of plain data, `v0.1/must/NAME` or `v0.1/should/NAME`: `request.json` and a `body` file of any extension say what comes in,
//! `expected.json` says what the plugin must make of it. The conformance runner reads the same folders and runs them in
//! the real sandbox; this is the fast way, with a debugger at hand.

mod case;
mod expected;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Plugin;

/// Where the cases of this contract's version lie; those that a plugin should pass are told of and no more.
const LEVELS: [(&str, bool); 2] = [("v0.1/must", true), ("v0.1/should", false)];

/// Runs every case under `directory`.
///
/// # Panics
///
/// When there is no case, a case cannot be read, or a translation of one in `v0.1/must` differs: then with every difference.
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
    assert!(count > 0, "no case in {}: expected folders v0.1/must/NAME", directory.display());
    for folder in folders(directory) {
        assert!(folder.ends_with("v0.1"), "{}: a case lies in v0.1/must/NAME or v0.1/should/NAME", folder.display());
    }
}

/// The folders in a directory, in order; none where there is no such directory.
fn folders(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display())).path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// What is different in one case.
fn difference<P: Plugin>(path: &Path) -> Option<String> {
    let case = case::Case::read(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    let found = expected::describe(P::translate(&case.request), &case.expected);
    let expected = expected::plain(case.expected);
    (found != expected).then(|| format!("{}\n  expected {expected:#}\n  found {found:#}", path.display()))
}
