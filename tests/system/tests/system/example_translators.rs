//! The example translator in four languages (`examples/translators`). Each is built as its README says, and passes the
//! same cases and laws.
//!
//! Rust always runs. Another language runs if its toolchain is installed; otherwise the test prints that it was
//! skipped.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use inlet_system_tests::binary;

use super::toolchains::{self, is_there, path};

fn translators() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/translators").canonicalize().unwrap()
}

fn skipped(language: &str, missing: &str) {
    toolchains::skipped(&format!("examples/translators/{language}"), missing);
}

fn run(command: &mut Command, directory: &Path) -> String {
    // A persistent directory, without flags of the tests' own build.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("author");
    let caches = Path::new(env!("CARGO_TARGET_TMPDIR")).join("caches");
    command.current_dir(directory).env("CARGO_TARGET_DIR", target).env("XDG_CACHE_HOME", caches);
    let output = command.env("INLET", binary()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// Starts a project, then builds and tests it with the author's two commands.
fn starts(language: &str, path: &OsStr, prepare: impl Fn(&Path)) {
    let directory = tempfile::tempdir().unwrap();
    let inlet = |arguments: &[&str], place: &Path| {
        run(Command::new(binary()).arg("plugin").args(arguments).env("PATH", path), place)
    };
    let said = inlet(&["new", "acme/big-orders", "--lang", language], directory.path());
    assert!(said.starts_with("acme/big-orders is in ./big-orders."), "{said}");
    let project = directory.path().join("big-orders");
    prepare(&project);
    let built = inlet(&["build"], &project);
    assert!(built.contains("big-orders.wasm: acme/big-orders 0.1.0, "), "{built}");
    let report = inlet(&["test", "big-orders.wasm"], &project);
    assert!(report.contains("case:order-created") && report.contains("acme/big-orders: must "), "{report}");
}

/// Builds a language's example and runs the shared cases.
fn passes(language: &str, build: &mut Command) {
    let directory = translators().join(language);
    run(build, &directory);
    let report = run(Command::new(binary()).args(["plugin", "test", "orders.wasm", "--cases", "../cases"]), &directory);
    assert!(report.contains("acme/orders: must "), "{report}");
    // Checks that all cases ran: a missing folder would leave only the laws.
    for case in fs::read_dir(translators().join("cases/v0.2/must")).unwrap() {
        let name = case.unwrap().file_name().into_string().unwrap();
        assert!(report.contains(&format!("case:{name}")), "{name}: {report}");
    }
}

#[test]
fn rust() {
    passes("rust", &mut Command::new("./build.sh"));
}

#[test]
fn c() {
    if !is_there("clang") || !is_there("wasm-ld") || !Path::new("/usr/include/wasm32-wasi").is_dir() {
        return skipped("c", "clang, its wasm linker and wasi-libc are not all there (Debian: clang, lld, wasi-libc)");
    }
    passes("c", &mut Command::new("./build.sh"));
    starts("c", &path(), |_| {});
}

#[test]
fn javascript() {
    if !is_there("node") || !translators().join("javascript/node_modules/componentize-qjs").is_dir() {
        return skipped("javascript", "node and componentize-qjs are not both there (npm install)");
    }
    passes("javascript", Command::new("node").arg("build.mjs"));
    // `npm install` has been run.
    let modules = translators().join("javascript/node_modules");
    starts("javascript", &path(), |project| symlink(&modules, project.join("node_modules")).unwrap());
}

#[test]
fn python() {
    let own = translators().join("python/.venv/bin");
    if !is_there("componentize-py") && !own.join("componentize-py").is_file() {
        return skipped("python", "componentize-py is not there (pip install -r requirements.txt)");
    }
    let path = env::join_paths(std::iter::once(own).chain(env::split_paths(&path()))).unwrap();
    passes("python", Command::new("./build.sh").env("PATH", &path));
    starts("python", &path, |_| {});
}
