//! Runs a plugin's cases natively, for its own `#[test]`.
//!
//! A case is a folder of plain data: `request.json` and a `body` file of any extension say what comes in,
//! `expected.json` says what the plugin must make of it. The conformance runner reads the same folders and runs them in
//! the real sandbox; this is the fast way, with a debugger at hand.

mod case;
mod expected;

use std::fs;
use std::path::Path;

use crate::Plugin;

/// Runs every case under `directory`.
///
/// # Panics
///
/// When there is no case, a case cannot be read, or a translation differs: then with every difference.
pub fn run_cases<P: Plugin>(directory: impl AsRef<Path>) {
    let directory = directory.as_ref();
    let mut cases: Vec<_> = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display())).path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case in {}", directory.display());
    let differences: Vec<String> = cases.iter().filter_map(|case| difference::<P>(case)).collect();
    assert!(
        differences.is_empty(),
        "{} of {} cases differ\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
}

/// What is different in one case.
fn difference<P: Plugin>(path: &Path) -> Option<String> {
    let case = case::Case::read(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    let found = expected::describe(P::translate(&case.request), &case.expected);
    let expected = expected::plain(case.expected);
    (found != expected).then(|| format!("{}\n  expected {expected:#}\n  found {found:#}", path.display()))
}
