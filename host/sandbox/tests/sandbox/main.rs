//! The sandbox against real components: the bundled hostile plugin, and ones made up on the spot.
//!
//! One binary for all of it, because every one of them would link wasmtime again.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails, in its helpers too")]

mod abi;
mod answers;
mod calls;
mod compiled;
mod directory;
mod forge;
mod frozen;
mod imports;
mod limits;
mod options;
mod refusals;
mod schemes;
mod spaces;
mod start;
mod straight;
mod twin;
mod wasi;
mod yielding;

use std::{path::Path, sync::LazyLock, time::Duration};

use bytestring::ByteString;
use inlet_core::contract::{Body, Request};
use inlet_sandbox::{EngineConfig, Limits, Plugin, Sandbox};

/// One engine for the whole binary, as in the server.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(EngineConfig::default()).unwrap());

static HOSTILE: LazyLock<Plugin> = LazyLock::new(|| SANDBOX.load(&test_plugin("inlet__hostile")).unwrap());

/// A bundled plugin, as `make plugins` builds it.
fn bundled(name: &str) -> Vec<u8> {
    built("plugins", name)
}

/// A plugin made for tests, as `make test-plugins` builds it.
fn test_plugin(name: &str) -> Vec<u8> {
    built("test-plugins", name)
}

fn built(directory: &str, name: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").join(directory).join(format!("{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms test-plugins`", file.display()))
}

/// A request to the hostile plugin: the path names its misbehaviour.
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

/// What makes a twin misbehave.
fn bytes() -> Request {
    Request { body: Body::Bytes(bytes::Bytes::from_static(b"\xff")), ..request("/", "") }
}

/// A twin, ready to be called.
fn load(twin: twin::Twin) -> Plugin {
    SANDBOX.load(&twin.wasm()).unwrap()
}

/// The defaults but for time, which a busy machine runs out of where the test is about something else.
fn patient() -> Limits {
    Limits { time: Duration::from_secs(60), ..Limits::default() }
}
