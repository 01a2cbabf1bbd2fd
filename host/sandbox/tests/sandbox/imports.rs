//! Forbidden imports: a component that imports one is refused when it is loaded, and the error names the import.

use crate::{
    HOSTILE, SANDBOX,
    forge::{component, manifest, with_manifest},
    relaxed_limits, request,
};

fn refused(world: &str) -> String {
    let curious = component(&format!("{world} export translator;"), str::to_owned);
    SANDBOX.load(&with_manifest(curious, &manifest().to_string())).expect_err("it should be refused").to_string()
}

#[tokio::test]
async fn each_is_refused_and_other_plugins_keep_working() {
    let sentences: Vec<String> = [
        "import wasi:sockets/instance-network@0.2.6;",
        "import wasi:http/outgoing-handler@0.2.6;",
        "import wasi:clocks/timezone@0.2.6;",
        "import wasi:clocks/wall-clock@0.3.0;",
        "import outside:things/clock@0.1.0;",
        "import inlet:source/log@0.3.0;",
        "import exec: func(command: string) -> string;",
        "import log; import wasi:clocks/wall-clock@0.2.6; import wasi:sockets/instance-network@0.2.6;",
    ]
    .map(refused)
    .to_vec();
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the component imports "wasi:sockets/instance-network@0.2.6"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "wasi:http/outgoing-handler@0.2.6"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "wasi:clocks/timezone@0.2.6"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "wasi:clocks/wall-clock@0.3.0"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "outside:things/clock@0.1.0"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "inlet:source/log@0.3.0"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "exec"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    the component imports "wasi:sockets/instance-network@0.2.6"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)
    "#);
    assert!(HOSTILE.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
}

/// The name of an interface is not enough: its functions must have the types that WASI defines.
#[tokio::test]
async fn an_interface_of_another_shape_is_refused() {
    let sentences =
        ["import wasi:random/random@0.2.6;", "import wasi:filesystem/preopens@0.2.6;"].map(refused).to_vec();
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the component's imports are not what contract 0.1 and WASI 0.2 say: component imports instance `wasi:random/random@0.2.6`, but a matching implementation was not found in the linker: instance export `get-random-u64` has the wrong type: type mismatch with results: expected `u64` found `string`; build it against wit/v0.1
    the component's imports are not what contract 0.1 and WASI 0.2 say: component imports instance `wasi:filesystem/preopens@0.2.6`, but a matching implementation was not found in the linker: instance export `get-directories` has the wrong type: type mismatch with results: expected `tuple` found `string`; build it against wit/v0.1
    "#);
}

#[test]
fn a_very_long_name_is_cut() {
    let sentence = refused(&format!("import {}: func();", "a".repeat(50_000)));
    insta::assert_snapshot!(sentence.replace(&"a".repeat(300), "(300 of it)"), @r#"the component imports "(300 of it)…"; a plugin may import inlet:source/log and the frozen WASI only: no network, no HTTP; build it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)"#);
}
