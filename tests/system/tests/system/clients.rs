//! Programs of others that are run against the real server (`tests/system/clients`), installed by `make toolchains`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::toolchains::{is_there, skipped};

/// The longest time that a client may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the tests run. A package that an older install lacks counts as missing.
const PROGRAMS: [&str; 5] = [
    "node_modules/svix",
    "node_modules/@knocklabs/mgmt",
    "node_modules/@knocklabs/node",
    ".venv/bin/python",
    ".venv/bin/schemathesis",
];

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Returns false, and says so, if the packages are not installed.
pub fn is_installed() -> bool {
    let are_there = is_there("node") && PROGRAMS.iter().all(|program| clients().join(program).exists());
    if !are_there {
        skipped("tests/system/clients", "node, its packages and a Python environment are not all there");
    }
    are_there
}

/// Runs a client script to its end, and returns its output.
pub fn run(script: &str, arguments: &[&str]) -> String {
    let mut command = match script.ends_with(".py") {
        true => Command::new(clients().join(".venv/bin/python")),
        false => Command::new("node"),
    };
    command.current_dir(clients()).arg(script).args(arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let printed = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{script} {arguments:?}: {status}: {printed}{}", String::from_utf8_lossy(&stderr));
    printed
}
