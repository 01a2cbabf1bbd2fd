//! Everything outside that a plugin may wish for: refused when it is loaded, by the name of the wish.

use crate::{
    HOSTILE, SANDBOX,
    forge::{component, manifest, with_manifest},
    patient, request,
};

fn refused(world: &str) -> String {
    let curious = component(&format!("{world} export translator;"), str::to_owned);
    SANDBOX.load(&with_manifest(curious, &manifest().to_string())).expect_err("it should be refused").to_string()
}

#[tokio::test]
async fn each_is_refused_and_the_others_go_on() {
    let sentences: Vec<String> = [
        "import wasi:filesystem/preopens@0.2.6;",
        "import wasi:sockets/instance-network@0.2.6;",
        "import wasi:http/outgoing-handler@0.2.6;",
        "import wasi:clocks/wall-clock@0.2.6;",
        "import wasi:random/random@0.2.6;",
        "import wasi:cli/environment@0.2.6;",
        "import wasi:cli/stderr@0.2.6;",
        "import outside:things/clock@0.1.0;",
        "import inlet:source/log@0.3.0;",
        "import exec: func(command: string) -> string;",
        "import log; import wasi:clocks/wall-clock@0.2.6;",
    ]
    .map(refused)
    .to_vec();
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the component imports "wasi:filesystem/preopens@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:sockets/instance-network@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:http/outgoing-handler@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:clocks/wall-clock@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:random/random@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:cli/environment@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:cli/stderr@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "outside:things/clock@0.1.0"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "inlet:source/log@0.3.0"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "exec"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    the component imports "wasi:clocks/wall-clock@0.2.6"; a plugin may import inlet:source/log only; build it without WASI (Rust: for wasm32-unknown-unknown)
    "#);
    assert!(HOSTILE.translate(&request("/ok", "{}"), &patient()).await.result.is_ok());
}
