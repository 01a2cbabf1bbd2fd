//! Plugins without code: they keep the laws, and no bytes in the place of their rules make them fault.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{fs, ops::Range, path::Path, sync::LazyLock, time::Duration};

use inlet_conformance::suite::{self, Level, Options};
use inlet_core::contract::{Body, Request};
use inlet_rules::section::SECTION;
use inlet_sandbox::{EngineConfig, Limits, Sandbox};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    Sandbox::new(EngineConfig { max_instances: 8, count_instructions: true, ..EngineConfig::default() }).unwrap()
});

/// Reads a plugin of `plugins/declarative/twins`.
fn twin(name: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("../test-plugins/inlet__{name}-rules.wasm"));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `make test-plugins`", file.display()))
}

/// Returns where the content of a component's custom section is.
fn section(wasm: &[u8], name: &str) -> Range<usize> {
    let mut found = wasmparser::Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
        wasmparser::Payload::CustomSection(section) if section.name() == name => {
            let end = section.range().end as usize;
            Some(end - section.data().len()..end)
        }
        _ => None,
    });
    found.next().unwrap()
}

/// Returns a component whose section of rules has another name of the same length.
fn with_name(wasm: &[u8], name: &[u8]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    let content = section(&wasm, SECTION);
    wasm[content.start - name.len()..content.start].copy_from_slice(name);
    wasm
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
    let rules = section(&wasm, SECTION);
    // Of the same length, so that the section stays where it is.
    let with = |change: &dyn Fn(&mut [u8])| {
        let mut wasm = wasm.clone();
        change(&mut wasm[rules.clone()]);
        wasm
    };
    let mut damaged = vec![with(&|rules| rules.fill(0xff)), with(&|rules| rules.fill(1)), with(&|rules| rules[0] = 0)];
    for seed in [3, 7, 11, 31] {
        damaged.push(with(&|rules| (0..rules.len()).step_by(seed * 5).for_each(|at| rules[at] ^= seed as u8)));
    }
    // Another section, so that the component finds no rules.
    let renamed = with_name(&wasm, b"inlet:rulez");
    damaged.push(renamed.clone());
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
            if wasm == renamed {
                assert_eq!(result.unwrap().unwrap_err().code, "no_rules");
            }
        }
    }
}
