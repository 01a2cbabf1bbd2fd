//! Tests of the sandbox with real components: the hostile plugin, and components built by the tests.
//!
//! All tests but those of hostile bodies are in one binary, because each binary would link wasmtime again.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails, in its helpers too")]

mod abi;
mod answers;
mod calls;
mod compiled_cache;
mod forge;
mod host_call_sequences;
mod imports;
mod index_spaces;
mod limits;
mod load_errors;
mod long_calls;
mod manifest_version_2;
mod options;
mod platform_manifests;
mod plugin_directory;
mod raw_plugin;
mod released_contract;
mod start_functions;
mod verification_schemes;
mod wasi;
mod wiping;

use std::{
    path::Path,
    sync::LazyLock,
    time::{Duration, Instant},
};

use bytestring::ByteString;
use inlet_core::contract::{Body, Request};
use inlet_sandbox::{EngineConfig, Fault, Limits, Plugin, Sandbox};

/// The one engine of the process, as in the server.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(EngineConfig::default()).unwrap());

static HOSTILE: LazyLock<Plugin> = LazyLock::new(|| SANDBOX.load(&test_plugin("inlet__hostile")).unwrap());

/// Reads a bundled plugin, built by `make plugins`.
fn bundled(name: &str) -> Vec<u8> {
    built("plugins", name)
}

/// Reads a plugin made for tests, built by `make test-plugins`.
fn test_plugin(name: &str) -> Vec<u8> {
    built("test-plugins", name)
}

fn built(directory: &str, name: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").join(directory).join(format!("{name}.wasm"));
    std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms test-plugins`", file.display()))
}

/// Returns a request to the hostile plugin. The path selects its misbehaviour.
fn request(path: &str, body: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: vec![],
        headers: vec![],
        body: Body::Text(ByteString::from(body)),
        received_at_ms: 1_700_000_000_000,
        options: "{}".to_owned(),
        facts: vec![],
    }
}

/// Returns the request that makes a raw plugin misbehave.
fn bytes() -> Request {
    Request { body: Body::Bytes(bytes::Bytes::from_static(b"\xff")), ..request("/", "") }
}

/// Loads a raw plugin.
fn load(plugin: raw_plugin::RawPlugin) -> Plugin {
    SANDBOX.load(&plugin.wasm()).unwrap()
}

/// Returns the default limits with more time, so that a busy machine does not fail tests of other limits.
fn relaxed_limits() -> Limits {
    Limits { time: Duration::from_secs(60), ..Limits::default() }
}

/// Repeats a call that ends at its time limit until it has run for that long. On a busy machine, where the loops of other
/// tests take turns with it, a call may be stopped before because it waited too long.
async fn until_it_ran(mut call: impl AsyncFnMut() -> Fault) -> Fault {
    let start = Instant::now();
    loop {
        let fault = call().await;
        if !matches!(fault, Fault::Waited { .. }) || start.elapsed() > Duration::from_secs(60) {
            return fault;
        }
    }
}
