//! Plugins without code: they keep the laws, and no bytes in the place of their rules make them fault.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{fs, path::Path, sync::LazyLock, time::Duration};

use inlet_conformance::suite::{self, Level, Options};
use inlet_core::contract::{Body, Request};
use inlet_rules::region::{CAPACITY, MARKER, SIZE};
use inlet_sandbox::{EngineConfig, Limits, Sandbox};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    Sandbox::new(EngineConfig { max_instances: 8, count_instructions: true, ..EngineConfig::default() }).unwrap()
});

/// Reads a plugin of `plugins/declarative/twins`.
fn twin(name: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("../test-plugins/inlet__{name}-rules.wasm"));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `make test-plugins`", file.display()))
}

/// Limits that a busy machine does not reach.
fn limits() -> Limits {
    Limits { time: Duration::from_secs(60), ..Limits::default() }
}

#[tokio::test]
async fn plugins_without_code_keep_the_laws() {
    for name in ["segment", "stripe"] {
        let plugin = SANDBOX.load(&twin(name)).unwrap();
        assert!(plugin.manifest().rules.is_some() && plugin.manifest().unknown_members.is_empty());
        let options = Options { limits: limits(), ..Options::default() };
        let report = suite::run(&plugin, None, &options).await.unwrap();
        assert!(report.conforms() && report.count(Level::Should).1 == 0, "{report}");
    }
}

/// The same damage to rules in native code is a property test of the component; here the sandbox's stack and memory count.
#[tokio::test]
async fn no_bytes_in_the_place_of_the_rules_make_a_plugin_fault() {
    let wasm = twin("segment");
    let region = wasm.windows(MARKER.len()).position(|window| window == MARKER).unwrap();
    let rules = region + MARKER.len() + 4;
    let length = usize::try_from(u32::from_le_bytes(*wasm[rules - 4..].first_chunk().unwrap())).unwrap();
    let with = |change: &dyn Fn(&mut [u8])| {
        let mut wasm = wasm.clone();
        change(&mut wasm[region + MARKER.len()..region + SIZE]);
        wasm
    };
    let most = u32::try_from(CAPACITY).unwrap().to_le_bytes();
    let mut damaged = vec![
        with(&|region| region.fill(0xff)),
        with(&|region| region.fill(1)),
        with(&|region| region[..4].copy_from_slice(&most)),
    ];
    for seed in [3, 7, 11, 31] {
        damaged.push(with(&|region| (4..4 + length).step_by(seed * 5).for_each(|at| region[at] ^= seed as u8)));
    }
    for wasm in damaged {
        let plugin = SANDBOX.load(&wasm).unwrap();
        for example in plugin.manifest().examples.clone() {
            let body = example.body.as_str().unwrap().to_owned();
            let request = Request {
                method: "POST".to_owned(),
                path: String::new(),
                query: vec![],
                headers: vec![],
                body: Body::Text(body.into()),
                received_at_ms: 0,
                options: "{}".to_owned(),
                facts: vec![],
            };
            let result = plugin.translate(&request, &limits()).await.result;
            assert!(result.is_ok(), "{result:?}");
        }
    }
}
