//! The Makefile: every target that the documents name can be made.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Returns the Markdown files in the repository's folders, without those of dependencies.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                found.extend(documents(&path));
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// Returns the targets of `make TARGET` at the beginning of a line, or of code within a line.
fn targets(text: &str) -> BTreeSet<String> {
    let code = text.lines().flat_map(|line| line.split('`'));
    let named = code.filter_map(|code| code.strip_prefix("make ")?.split_whitespace().next());
    named.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')).map(str::to_owned).collect()
}

#[test]
fn every_target_that_a_document_names_can_be_made() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = BTreeSet::new();
    for document in documents(&root) {
        named.extend(targets(&fs::read_to_string(&document).unwrap()));
    }
    assert!(named.contains("run") && named.contains("test") && named.contains("bench"), "{named:?}");
    for target in named {
        let mut make = Command::new("make");
        // The tests may have been started by make, whose options are not meant for this one.
        make.args(["--dry-run", &target]).current_dir(&root).env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        let output = make.output().unwrap();
        assert!(output.status.success(), "make {target}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
