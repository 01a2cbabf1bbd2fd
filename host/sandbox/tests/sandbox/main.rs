//! The sandbox against real components: the bundled hostile plugin, and ones made up on the spot.
//!
//! One binary for all of it, because every one of them would link wasmtime again.

mod answers;
mod calls;
mod directory;
mod forge;
mod limits;
mod options;
mod refusals;
mod yielding;

use std::{path::PathBuf, sync::LazyLock};

use bytestring::ByteString;
use inlet_core::contract::{Body, Request};
use inlet_sandbox::{EngineConfig, Plugin, Sandbox};

/// One engine for the whole binary, as in the server.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(EngineConfig::default()).unwrap());

static HOSTILE: LazyLock<Plugin> = LazyLock::new(|| SANDBOX.load(&bundled("inlet__hostile")).unwrap());

/// A plugin as `make plugins` leaves it.
fn bundled(name: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins").join(format!("{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `make plugins`", file.display()))
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
