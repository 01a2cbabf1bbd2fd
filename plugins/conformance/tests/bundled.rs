//! Cases and laws of the bundled plugins, on the files that are shipped.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use cap_std::{ambient_authority, fs::Dir};
use inlet_conformance::{Case, laws, run_cases};
use inlet_sandbox::{EngineConfig, Limits, Plugin, Sandbox};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(EngineConfig::default()).unwrap());

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn plugin(name: &str) -> Plugin {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../plugins").join(format!("{name}.wasm"));
    let wasm = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `make plugins`", file.display()));
    SANDBOX.load(&wasm).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn cases(name: &str) -> Vec<Case> {
    let directory = root().join("plugins").join(name).join("cases/v0.1/must");
    let directory = Dir::open_ambient_dir(directory, ambient_authority()).unwrap();
    Case::read_all(&directory).unwrap_or_else(|error| panic!("plugin {name}: {error}"))
}

async fn conforms(name: &str) {
    // A busy machine must not fail the test.
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let (plugin, cases) = (plugin(name), cases(name));
    let report = run_cases(&plugin, &cases, &limits).await;
    assert!(report.passed(), "{report}");
    laws::same_input_same_output(&plugin, &cases, &limits).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    laws::no_body_faults(&plugin, &cases, &limits, 7, 100).await.unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[tokio::test]
async fn segment() {
    conforms("segment").await;
}

#[tokio::test]
async fn rudderstack() {
    conforms("rudderstack").await;
}

#[tokio::test]
async fn hightouch() {
    conforms("hightouch").await;
}

#[tokio::test]
async fn census() {
    conforms("census").await;
}

#[tokio::test]
async fn http() {
    conforms("http").await;
}

#[tokio::test]
async fn script() {
    conforms("script").await;
}

#[test]
fn the_sdk_and_the_host_take_the_same_number_of_items() {
    assert_eq!(inlet_plugin::MAX_ITEMS, Limits::default().items);
}
