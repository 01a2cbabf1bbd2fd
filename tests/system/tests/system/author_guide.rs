//! The author's tool as the guide describes it: from `inlet plugin new` to a plugin whose cases pass in the sandbox.

use std::{
    path::Path,
    process::{Command, Output},
};

use inlet_system_tests::{binary, bundled_plugin};

fn inlet(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.current_dir(directory).args(["plugin"]).args(arguments);
    // A persistent directory, so that the SDK's dependencies are built once, without flags of the tests' own build.
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("author"));
    command.output().unwrap()
}

/// Runs the tool, expects success, and returns its output.
fn printed(directory: &Path, arguments: &[&str]) -> String {
    let output = inlet(directory, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "inlet plugin {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the tool, expects failure, and returns the sentence.
fn refused(directory: &Path, arguments: &[&str]) -> String {
    let output = inlet(directory, arguments);
    assert!(!output.status.success(), "inlet plugin {arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap().trim_end().to_owned()
}

#[test]
fn from_new_to_cases_that_pass() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    assert!(printed(here, &["new", "acme/orders"]).starts_with("acme/orders is in ./orders."));
    let project = here.join("orders");
    let built = printed(&project, &["build"]);
    assert!(built.starts_with("./orders.wasm: acme/orders 0.1.0, "), "{built}");

    let checked = printed(&project, &["check", "orders.wasm"]);
    assert!(
        checked.starts_with("acme/orders 0.1.0 is a plugin that Inlet loads (contract 0.1.0).\nsha256:"),
        "{checked}"
    );
    let tested = printed(&project, &["test", "orders.wasm"]);
    assert!(tested.contains("acme/orders: must 24 passed, 0 failed"), "{tested}");

    let request = ["run", "orders.wasm", "--request", "cases/v0.1/must/order-created/body.json"];
    let run = printed(&project, &request);
    let (items, used) = run.split_once("\nused ").unwrap();
    insta::assert_snapshot!(items, @r#"
    0: event "order.created"
       user_id         "u_42" (at "/customer")
       data            {"total":39.50} (at "/order")
       idempotency_key "evt_1" (at "/id")
       occurred_at     1767323045 (at "/created")
    "#);
    assert!(used.contains(" of 1000 ms, ") && used.ends_with("for a body of 101 bytes\n"), "{used}");

    // Instruction counts are reproducible.
    let instructions = || {
        let text = printed(&project, &[&request[..], &["--json"]].concat());
        assert!(text.contains(r#""found":{"total":39.50}"#), "every digit as it came: {text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["used"]["instructions"].as_u64().unwrap()
    };
    let counted = instructions();
    assert!(counted > 1000, "{counted}");
    assert_eq!(instructions(), counted);

    let shown = printed(&project, &["inspect", "orders.wasm"]);
    assert!(shown.contains("key               acme/orders\n"), "{shown}");
    let again = refused(here, &["new", "acme/orders"]);
    insta::assert_snapshot!(again, @"inlet: orders is there already; choose another name or remove it");
}

/// Runs the commands at the start of the author's guide, and compares the output of the last one.
#[test]
fn the_guides_first_commands_do_what_it_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/README.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, start) = guide.split_once("## Five minutes").unwrap();
    let (start, _) = start.split_once("\n## ").unwrap();
    // Text and fenced blocks alternate.
    let mut blocks = start.split("```").skip(1).step_by(2);
    let commands = blocks.next().unwrap().strip_prefix("sh\n").unwrap();
    let shown = blocks.next().unwrap().trim();
    assert!(commands.contains("inlet plugin new") && shown.contains("user_id"), "{start}");

    let directory = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-ec", commands])
        .current_dir(directory.path())
        .env("PATH", format!("{}:{path}", binary().parent().unwrap().display()))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("author"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(shown), "the guide shows\n{shown}\nfound\n{said}");
}

#[test]
fn a_case_that_fails_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let case = directory.path().join("cases/v0.1/must/one");
    std::fs::create_dir_all(&case).unwrap();
    std::fs::write(case.join("body.json"), r#"{"type":"track","event":"x"}"#).unwrap();
    std::fs::write(case.join("expected.json"), r#"{"items":[]}"#).unwrap();
    let plugin = bundled_plugin("http.wasm");
    let output = inlet(directory.path(), &["test", plugin.to_str().unwrap()]);
    assert!(!output.status.success());
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("items[0]: expected nothing"), "{report}");
}

#[test]
fn what_is_no_plugin_is_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::fs::write(here.join("page.wasm"), "<html>").unwrap();
    std::fs::write(here.join("core.wasm"), b"\0asm\x01\0\0\0").unwrap();
    std::fs::write(here.join("plugin.toml"), "key = ").unwrap();
    for (file, said) in [("page.wasm", "is not WebAssembly"), ("core.wasm", "is a core WebAssembly module")] {
        let sentence = refused(here, &["check", file]);
        assert!(sentence.starts_with(&format!("inlet: {file}: the file ")) && sentence.contains(said), "{sentence}");
    }
    let missing = refused(here, &["check", "none.wasm"]);
    assert!(missing.starts_with("inlet: cannot read none.wasm: "), "{missing}");
    let toml = refused(here, &["build"]);
    assert!(toml.starts_with("inlet: plugin.toml is not TOML: "), "{toml}");
    let name = refused(here, &["new", "../x"]);
    insta::assert_snapshot!(name, @r#"inlet: "../x" is no name for a plugin; expected lower-case words joined by dashes, for example acme/orders"#);
}
